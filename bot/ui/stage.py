"""The deferred reply of a request, edited while it is made and when it is done."""

import asyncio
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, Self

import structlog
from discord import Interaction

from bot.domain.queue import Expected, Usual
from bot.imaging.values import Finished
from bot.services.admission import Ticket
from bot.services.books import Shown
from bot.services.stages import Result
from bot.ui.delivery import Courier
from bot.ui.results import drawing_reply, glimpse_reply, preparing_reply, waiting_reply
from bot.ui.words import say

log = structlog.get_logger(__name__)

_BETWEEN = 3.0  # seconds from one edit to the next before the pictures are there
_PATIENCE = 15.0  # seconds for such an edit: the pictures may have to wait for it


class _News(Enum):
    """What is told before the pictures are there."""

    PLACE = auto()
    USUAL = auto()
    BUSY = auto()
    GLIMPSE = auto()


_PAUSES = {_News.BUSY: 10.0}  # seconds from one of a kind to the next, where more than `_BETWEEN`


class ReplyStage:
    """Shows a request by editing the interaction's deferred reply, which is idempotent.

    What is told before the pictures are there is edited in beside the work and left out where it
    comes too early. `show`, and the end of the ``async with`` that holds the stage, wait for such
    an edit that is under way and allow no other, so none can come after the last word.
    """

    def __init__(self, interaction: Interaction[Any], reply: Shown | None = None) -> None:
        self.reply = reply
        self._interaction = interaction
        self._locale = interaction.locale.value
        self._edit: asyncio.Task[None] | None = None
        self._next = 0.0  # no edit before, in the event loop's seconds
        self._not_before: dict[_News, float] = {}
        self._over = False
        self._cancels = False
        self._glimpsed = False

    async def __aenter__(self) -> Self:
        """Return the stage."""
        return self

    async def __aexit__(self, *failure: object) -> None:
        """Wait until nothing is edited any more; what is over cannot be cancelled."""
        await self._quiet()
        if self._cancels:
            await self._try({"view": None})

    async def show(self, result: Result) -> Shown:
        """Edit the reply, or go where `Courier.show` goes, and raise what it raises."""
        await self._quiet()
        self._cancels = False
        courier: Courier = self._interaction.client.courier
        edit = self._interaction.edit_original_response
        return await courier.show(self._locale, result, edit, self.reply)

    async def parked(self, ticket: Ticket) -> None:
        """Say that the request goes on after a restart."""
        del ticket
        await self._quiet()
        text = say(
            self._locale, "Easel is being restarted and goes on with this as soon as it is back."
        )
        self._cancels = False
        await self._try({"content": text, "attachments": [], "view": None})

    def queued(self, ticket: Ticket, expected: Expected) -> bool:
        """Say where the request stands, with a button that cancels it."""
        may = self._may(_News.PLACE)
        if may:
            self._cancels = True
            self._begin(waiting_reply(self._locale, ticket.code, expected))
        return may

    def begun(self, ticket: Ticket) -> bool:
        """Say that the request is being prepared, with a button that cancels it."""
        may = self._may(_News.PLACE)
        if may:
            self._cancels = True
            self._begin(preparing_reply(self._locale, ticket.code))
        return may

    def calling(self, ticket: Ticket, usual: Usual | None) -> bool:
        """Say what it usually takes, and take away the button, which does nothing any more."""
        del ticket
        if self._glimpsed or (usual is None and not self._cancels):
            return True
        may = self._may(_News.USUAL)
        if may:
            self._cancels = False
            self._begin(drawing_reply(self._locale, usual))
        return may or not self._cancels

    async def waiting(self, ticket: Ticket, seconds: float) -> None:
        """Say that the picture service is busy, unless that was said just now."""
        del ticket
        text = say(
            self._locale,
            "Waiting for the picture service; Easel asks again in about {seconds} s.",
            seconds=max(1, round(seconds)),
        )
        if self._may(_News.BUSY):
            self._begin({"content": text})

    async def glimpse(self, ticket: Ticket, picture: Finished) -> None:
        """Show a picture in the making, unless another was shown just now."""
        if self._may(_News.GLIMPSE):
            self._cancels, self._glimpsed = False, True
            self._begin({**glimpse_reply(self._locale, ticket, picture), "view": None})

    def _may(self, news: _News) -> bool:
        """Whether *news* may be edited in now; if so, what comes too soon after it may not."""
        now = asyncio.get_running_loop().time()
        editing = self._edit is not None and not self._edit.done()
        too_soon = now < max(self._next, self._not_before.get(news, now))
        if self._over or editing or too_soon:
            return False
        self._not_before[news] = now + _PAUSES.get(news, _BETWEEN)
        return True

    def _begin(self, reply: Mapping[str, Any]) -> None:
        self._next = asyncio.get_running_loop().time() + _BETWEEN
        self._edit = asyncio.create_task(self._after(self._edit, reply))

    async def _after(self, edit: asyncio.Task[None] | None, reply: Mapping[str, Any]) -> None:
        if edit is not None:
            await asyncio.wait({edit})
        await self._try(reply)

    async def _try(self, reply: Mapping[str, Any]) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._interaction.edit_original_response(**reply)
        except Exception as error:  # noqa: BLE001 - the pictures matter, not the news of them
            log.info("news_not_shown", reason=type(error).__name__)

    async def _quiet(self) -> None:
        self._over = True
        if self._edit is not None:
            await asyncio.wait({self._edit})
