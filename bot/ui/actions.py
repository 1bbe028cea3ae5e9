"""What the buttons under an answer do: again, vary, details, delete, cancel."""

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Self

from discord import Interaction, NotFound
from discord.ui import Button, DynamicItem, Item

from bot.domain.asks import Command, recall
from bot.domain.errors import DownloadFailed, NoSuchJob, NotYours
from bot.domain.jobs import Job
from bot.ui.asking import ask_and_show, ask_of, asker_of, origin_of, place_of, source_of
from bot.ui.buttons import BUTTON_ID
from bot.ui.details import show_details
from bot.ui.failures import answer_failure
from bot.ui.host import Host
from bot.ui.policy import is_manager


class ResultAction(DynamicItem[Button[Any]], template=BUTTON_ID):
    """A pressed button of a result, found by its id; alive as long as its message."""

    def __init__(self, item: Button[Any], verb: str, code: str, position: int) -> None:
        super().__init__(item)
        self._verb, self._code, self._position = verb, code, position

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction[Any], item: Item[Any], match: re.Match[str], /
    ) -> Self:
        """Read the id of a pressed button."""
        del interaction
        if not isinstance(item, Button):
            raise TypeError(item)
        return cls(item, match["verb"], match["code"], int(match["position"]))

    async def callback(self, interaction: Interaction[Any]) -> None:
        """Do what the button says, if the presser may."""
        host: Host = interaction.client
        try:
            guild_id = place_of(interaction).guild_id
            job = await host.studio.books.find(guild_id, self._code, f"/{Command.IMAGINE}")
            if self._verb in _OF_RESULTS:
                _require_its_message(interaction, job)
            await _VERBS[self._verb](interaction, host, job, self._position)
        except Exception as error:  # noqa: BLE001 - nobody above a button answers
            await answer_failure(interaction, error)


async def _again(interaction: Interaction[Any], host: Host, job: Job, position: int) -> None:
    del position
    _require_owner(interaction, job)
    if job.prompt is None:
        raise NoSuchJob(code=f"#{job.code}", command=f"/{job.command}")
    ask = recall(
        job.options,
        command=job.command,
        prompt=job.prompt,
        origin=origin_of(interaction),
        asker=asker_of(interaction),
        place=place_of(interaction),
        parent=job.code,
    )
    await ask_and_show(interaction, host.studio, ask)


async def _vary(interaction: Interaction[Any], host: Host, job: Job, position: int) -> None:
    _require_owner(interaction, job)
    attachments = interaction.message.attachments if interaction.message else []
    if position >= len(attachments):
        raise DownloadFailed(what="picture")
    ask = ask_of(
        interaction,
        Command.VARY,
        source=source_of(attachments[position]),
        private=job.private,
        parent=job.code,
    )
    await ask_and_show(interaction, host.studio, ask)


async def _details(interaction: Interaction[Any], host: Host, job: Job, position: int) -> None:
    del position
    await show_details(interaction, host, job)


async def _delete(interaction: Interaction[Any], host: Host, job: Job, position: int) -> None:
    del position
    if not asker_of(interaction).moderates:
        _require_owner(interaction, job)
    await interaction.response.defer()
    with suppress(NotFound):  # pressed twice, or deleted by hand
        await interaction.delete_original_response()
    await host.studio.books.deleted(job, interaction.user.id)


async def _cancel(interaction: Interaction[Any], host: Host, job: Job, position: int) -> None:
    del position
    manages = is_manager(interaction)
    if not manages:
        _require_owner(interaction, job)
    await interaction.response.defer()
    await host.queue.cancel(job.guild_id, job.code, by=interaction.user.id, manages=manages)


def _require_its_message(interaction: Interaction[Any], job: Job) -> None:
    """Raise NoSuchJob where the button's id names another request than its message shows."""
    if interaction.message is None or interaction.message.id != job.message_id:
        raise NoSuchJob(code=f"#{job.code}", command=f"/{job.command}")


def _require_owner(interaction: Interaction[Any], job: Job) -> None:
    if interaction.user.id != job.user_id:
        raise NotYours(command=f"/{job.command}")


_VERBS: Mapping[str, Callable[[Interaction[Any], Host, Job, int], Awaitable[None]]] = {
    "again": _again,
    "vary": _vary,
    "details": _details,
    "delete": _delete,
    "cancel": _cancel,
}
_OF_RESULTS = {"again", "vary", "details", "delete"}
