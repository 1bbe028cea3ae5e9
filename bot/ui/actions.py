"""What the buttons under an answer do: again, vary, details, delete, cancel."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from discord import Interaction, NotFound

from bot.domain.asks import Command, recall
from bot.domain.errors import DownloadFailed, NoSuchJob, NotYours
from bot.domain.jobs import Job
from bot.domain.messages import Slash
from bot.ui.asking import ask_and_show, ask_of, asker_of, origin_of, place_of, source_of
from bot.ui.details import show_details
from bot.ui.host import Host
from bot.ui.policy import is_manager


async def answer_result(interaction: Interaction[Any], parts: list[str]) -> None:
    """Do what the button of a result says, if the presser may."""
    verb, code, position = parts
    host: Host = interaction.client
    guild_id = place_of(interaction).guild_id
    job = await host.studio.books.find(guild_id, code, Slash(Command.IMAGINE))
    if verb in _OF_RESULTS:
        _require_its_message(interaction, job)
    await _VERBS[verb](interaction, host, job, int(position))


async def _again(interaction: Interaction[Any], host: Host, job: Job, position: int) -> None:
    del position
    _require_owner(interaction, job)
    if job.prompt is None:
        raise NoSuchJob(code=f"#{job.code}", command=Slash(job.command))
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
        raise NoSuchJob(code=f"#{job.code}", command=Slash(job.command))


def _require_owner(interaction: Interaction[Any], job: Job) -> None:
    if interaction.user.id != job.user_id:
        raise NotYours(command=Slash(job.command))


_VERBS: Mapping[str, Callable[[Interaction[Any], Host, Job, int], Awaitable[None]]] = {
    "again": _again,
    "vary": _vary,
    "details": _details,
    "delete": _delete,
    "cancel": _cancel,
}
_OF_RESULTS = {"again", "vary", "details", "delete"}
