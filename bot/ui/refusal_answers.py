"""What the buttons of a refusal do: ask with other words, or ask a moderator to look at it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from discord import Interaction

from bot.domain.cases import CaseKind
from bot.domain.errors import NoSuchJob
from bot.domain.jobs import Job
from bot.domain.messages import Slash
from bot.ui.asking import ask_and_show, asked_again, place_of
from bot.ui.forms import ask_in_form, long_field, written_in
from bot.ui.host import Host
from bot.ui.moderators import MOST_WRITTEN, put_case
from bot.ui.policy import CONTROLS, require_for
from bot.ui.words import say

MOST_PROMPT: Final = 4000
"""Characters that a field of a form takes; a command takes 6,000."""


async def answer_refused(interaction: Interaction[Any], parts: list[str]) -> None:
    """Do what was pressed, or what the form says, for the asker alone."""
    verb, code = parts
    host: Host = interaction.client
    job = await host.studio.books.find(place_of(interaction).guild_id, code)
    require_for(interaction, CONTROLS["refused"], job)
    await _VERBS[verb](interaction, job)


async def _edit(interaction: Interaction[Any], job: Job) -> None:
    locale = interaction.locale.value
    field = long_field("prompt", usual=job.prompt or "", most=MOST_PROMPT)
    title, label = say(locale, "Edit your prompt"), say(locale, "What to draw")
    await ask_in_form(interaction, f"refused:again:{job.code}", title, {label: field})


async def _again(interaction: Interaction[Any], job: Job) -> None:
    """Ask for the same with other words."""
    host: Host = interaction.client
    if not job.options:
        raise NoSuchJob(code=f"#{job.code}", command=Slash(job.command))
    ask = asked_again(
        interaction,
        job.options,
        command=job.command,
        prompt=written_in(interaction).get("prompt", ""),
        parent=job.parent,
    )
    await ask_and_show(interaction, host.studio, ask)


async def _ask(interaction: Interaction[Any], job: Job) -> None:
    locale = interaction.locale.value
    hint = say(locale, "Your words are shown to the moderators along with this.")
    field = long_field("text", hint=hint, most=MOST_WRITTEN)
    label = say(locale, "Why you think it was a mistake")
    title = say(locale, "Ask a moderator")
    await ask_in_form(interaction, f"refused:send:{job.code}", title, {label: field})


async def _send(interaction: Interaction[Any], job: Job) -> None:
    await put_case(interaction, CaseKind.APPEAL, job)


_VERBS: Final[Mapping[str, Callable[[Interaction[Any], Job], Awaitable[None]]]] = {
    "edit": _edit,
    "again": _again,
    "ask": _ask,
    "send": _send,
}
