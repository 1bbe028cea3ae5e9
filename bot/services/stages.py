"""Where a request's result is shown, and what is shown there: the seam to Discord."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from bot.domain.errors import ContentRefused, UserError
from bot.domain.leftover import Left
from bot.domain.queue import Expected, Usual
from bot.imaging.pool import Imaging
from bot.imaging.values import Finished, Normalised
from bot.providers.base import Price
from bot.services.admission import Ticket
from bot.services.books import Shown


class FilesTooLarge(Exception):  # noqa: N818 - not the end of it: smaller ones follow
    """Discord does not take files of this size here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What is shown: at least one picture. *seconds* is what the provider took.

    *quality* is what was asked of it, *refused* what the vendor declined beside the pictures,
    *left* what the asker can still have, where that is known.
    """

    ticket: Ticket
    pictures: tuple[Finished, ...]
    quality: str | None
    revised_prompt: str | None = field(repr=False)
    price: Price
    seconds: float
    notes: tuple[str, ...]
    refused: tuple[ContentRefused, ...] = ()
    left: Left | None = None


class Stage(Protocol):
    """Where results are shown."""

    @property
    def reply(self) -> Shown | None:
        """The message that announces the pictures, where it is known."""
        ...

    async def show(self, result: Result) -> Shown:
        """Show *result* once and return where; showing it again changes nothing.

        Raises:
            FilesTooLarge: with smaller files it may be possible.
            DeliveryFailed: not now.
        """
        ...

    async def parked(self, ticket: Ticket) -> None:
        """Say that Easel is being restarted and goes on with *ticket* then. Never raises."""
        ...

    def queued(self, ticket: Ticket, expected: Expected) -> bool:
        """Begin to say where *ticket* stands; False where it is too early. Never raises."""
        ...

    def begun(self, ticket: Ticket) -> bool:
        """Begin to say that *ticket* is prepared; False where it is too early. Never raises."""
        ...

    def calling(self, ticket: Ticket, usual: Usual | None) -> bool:
        """Begin to say that it is drawn, which takes *usual*, and not cancelled any more.

        False where it is too early for that, and needed. Never raises.
        """
        ...

    async def waiting(self, ticket: Ticket, seconds: float) -> None:
        """Say that the picture service is busy for about *seconds*. Never raises."""
        ...

    async def glimpse(self, ticket: Ticket, picture: Finished) -> None:
        """Show a picture in the making, perhaps, before `show`. Never raises."""
        ...


@dataclass(slots=True)
class Follower:
    """Shows on the stage what a `Watch` is told; once it is over, nothing more."""

    imaging: Imaging
    ticket: Ticket
    stage: Stage
    picture: Normalised | None
    over: bool = False

    async def waiting(self, seconds: float) -> None:
        """Say that the picture service is busy."""
        if not self.over:
            await self.stage.waiting(self.ticket, seconds)

    async def partial(self, picture: bytes) -> None:
        """Show a picture in the making; one that cannot be shown is left out."""
        own = self.picture if self.ticket.ask.shape is None else None
        with suppress(UserError):
            glimpse = await self.imaging.glimpse(picture, picture=own)
            if not self.over:
                await self.stage.glimpse(self.ticket, glimpse)
