"""What the buttons under an answer do: again, edit, vary, details, delete, share, cancel."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from discord import Interaction, NotFound

from bot.domain.asks import Command
from bot.domain.errors import AlreadyAnswered, NoSuchJob
from bot.domain.jobs import Job
from bot.domain.messages import Slash
from bot.ui.asking import ask_the_same, place_of
from bot.ui.details import show_details
from bot.ui.drafting import draft_message, open_draft
from bot.ui.host import Host
from bot.ui.own import offer_own
from bot.ui.policy import CONTROLS, is_for, is_manager, require_for
from bot.ui.sharing import share_result


async def answer_result(interaction: Interaction[Any], parts: list[str]) -> None:
    """Do what the button of a result says, if the presser may."""
    verb, code, position = parts
    host: Host = interaction.client
    guild_id = place_of(interaction).guild_id
    job = await host.studio.books.find(guild_id, code)
    if verb in _OF_RESULTS:
        _require_its_message(interaction, job)
    who = CONTROLS[f"easel:{verb}"]
    if verb in _OFFERING and not is_for(interaction, who, job.user_id):
        await offer_own(interaction, host, job)
        return
    require_for(interaction, who, job)
    await VERBS[verb](interaction, host, job, int(position))


async def _again(interaction: Interaction[Any], host: Host, job: Job, position: int) -> None:
    del host, position
    await ask_the_same(interaction, job)


async def _edit(interaction: Interaction[Any], host: Host, job: Job, position: int) -> None:
    del host, job, position
    await _begin(interaction, Command.EDIT)


async def _vary(interaction: Interaction[Any], host: Host, job: Job, position: int) -> None:
    del host, job, position
    await _begin(interaction, Command.VARY)


async def _begin(interaction: Interaction[Any], command: Command) -> None:
    """Ask what shall become of the pictures."""
    if interaction.message is not None:
        draft = await draft_message(interaction, interaction.message, command)
        await open_draft(interaction, draft)


async def _details(interaction: Interaction[Any], host: Host, job: Job, position: int) -> None:
    del position
    await show_details(interaction, host, job)


async def _delete(interaction: Interaction[Any], host: Host, job: Job, position: int) -> None:
    del position
    await interaction.response.defer()
    with suppress(NotFound):  # pressed twice, or deleted by hand
        await interaction.delete_original_response()
    await host.studio.books.deleted(job, interaction.user.id)


async def _share(interaction: Interaction[Any], host: Host, job: Job, position: int) -> None:
    del position
    if not job.private:
        raise AlreadyAnswered
    await share_result(interaction, host, job)


async def _cancel(interaction: Interaction[Any], host: Host, job: Job, position: int) -> None:
    del position
    manages = is_manager(interaction)
    await interaction.response.defer()
    await host.queue.cancel(job.guild_id, job.code, by=interaction.user.id, manages=manages)


def _require_its_message(interaction: Interaction[Any], job: Job) -> None:
    """Raise NoSuchJob where the button's id names another request than its message shows."""
    if interaction.message is None or interaction.message.id != job.message_id:
        raise NoSuchJob(code=f"#{job.code}", command=Slash(job.command))


VERBS: Mapping[str, Callable[[Interaction[Any], Host, Job, int], Awaitable[None]]] = {
    "again": _again,
    "edit": _edit,
    "vary": _vary,
    "details": _details,
    "delete": _delete,
    "share": _share,
    "cancel": _cancel,
}
_OFFERING = {"again", "edit", "vary", "details", "delete"}
"""What offers others the same as their own."""

_OF_RESULTS = {*_OFFERING, "share"}
