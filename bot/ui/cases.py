"""What the buttons of a case do: delete, block, answer, close; each closes it, once."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import discord
from discord import Interaction

from bot.domain.cases import Case, CaseKind, Outcome
from bot.domain.errors import BadOption, CannotChange, NotOurs
from bot.domain.messages import Phrase
from bot.ui.asking import place_of
from bot.ui.blocks import A_DAY
from bot.ui.buttons import code_in
from bot.ui.case_cards import cases_panel, closed_card
from bot.ui.forms import ask_in_form, long_field, written_in
from bot.ui.host import ModerationHost
from bot.ui.log_channel import server_locale
from bot.ui.moderators import MOST_WRITTEN, put_case
from bot.ui.panels import replace, show
from bot.ui.text import shown
from bot.ui.words import say

_SHOWN: Final = 8


async def ask_to_report(interaction: Interaction[Any], message: discord.Message) -> None:
    """Open the form of a report about the result that *message* is. Raises NotOurs: it is none."""
    code = code_in(message)
    if code is None:
        raise NotOurs
    locale = interaction.locale.value
    field = long_field("text", hint=say(locale, "What is wrong with it?"), most=MOST_WRITTEN)
    title, label = say(locale, "Report this picture"), say(locale, "What moderators should know")
    await ask_in_form(interaction, f"report:{code}:{message.id}", title, {label: field})


async def answer_report(interaction: Interaction[Any], parts: list[str]) -> None:
    """Put the report before those who moderate. Raises NotOurs: the message is another's."""
    code, message_id = parts
    host: ModerationHost = interaction.client
    job = await host.studio.books.find(place_of(interaction).guild_id, code)
    if job.message_id != int(message_id):  # somebody else's, with a copied button; or deleted
        raise NotOurs
    await put_case(interaction, CaseKind.REPORT, job)


async def show_cases(interaction: Interaction[Any], about: int | None) -> None:
    """Show the newest cases, the open ones first, to the one who asks alone."""
    host: ModerationHost = interaction.client
    guild_id = place_of(interaction).guild_id
    found = await host.cases.newest(guild_id, most=_SHOWN, about=about)
    await show(interaction, cases_panel(interaction.locale.value, found))


async def answer_case(interaction: Interaction[Any], parts: list[str]) -> None:
    """Do what a moderator pressed, or wrote, on the card of an open case."""
    verb, case_id = parts
    host: ModerationHost = interaction.client
    case = await host.cases.find(place_of(interaction).guild_id, int(case_id))
    await _VERBS[verb](interaction, host, case)


async def _delete(interaction: Interaction[Any], host: ModerationHost, case: Case) -> None:
    await interaction.response.defer()
    channel = interaction.client.get_partial_messageable(case.channel_id)
    try:
        with suppress(discord.NotFound):  # deleted by hand
            await channel.get_partial_message(case.message_id).delete()
    except discord.Forbidden as error:
        raise CannotChange from error
    job = await host.studio.books.find(case.guild_id, case.job_code)
    await host.studio.books.deleted(job, interaction.user.id)
    await _close(interaction, host, case, Outcome.DELETED)


async def _block(interaction: Interaction[Any], host: ModerationHost, case: Case) -> None:
    await host.conduct.block(case.guild_id, case.about_id, by=interaction.user.id, lasts=A_DAY)
    await _close(interaction, host, case, Outcome.BLOCKED)


async def _dismiss(interaction: Interaction[Any], host: ModerationHost, case: Case) -> None:
    await _close(interaction, host, case, Outcome.DISMISSED)


async def _ask_answer(interaction: Interaction[Any], host: ModerationHost, case: Case) -> None:
    del host
    locale = interaction.locale.value
    field = long_field("text", hint=say(locale, "The member reads this."), most=MOST_WRITTEN)
    title, label = say(locale, "Answer"), say(locale, "Your answer")
    await ask_in_form(interaction, f"case:answered:{case.id}", title, {label: field})


async def _answered(interaction: Interaction[Any], host: ModerationHost, case: Case) -> None:
    """Write to the member. Raises BadOption: Discord does not let Easel do that."""
    text = shown(written_in(interaction).get("text", ""), MOST_WRITTEN)
    server = shown(interaction.guild.name if interaction.guild else "?", 100)
    said = say(
        case.locale,
        "The people who moderate **{server}** looked at your request {code} again: “{text}”",
        server=server,
        code=f"#{case.job_code}",
        text=text,
    )
    await interaction.response.defer()
    try:
        channel = await interaction.client.create_dm(discord.Object(case.user_id))
        await channel.send(said)
    except discord.Forbidden as error:
        problem = Phrase("the member does not take direct messages, so tell them yourself")
        raise BadOption(option="answer", problem=problem) from error
    await _close(interaction, host, case, Outcome.ANSWERED)


async def _close(
    interaction: Interaction[Any], host: ModerationHost, case: Case, outcome: Outcome
) -> None:
    closed = await host.cases.close(case, outcome, interaction.user.id)
    await replace(interaction, closed_card(server_locale(interaction), closed))


_VERBS: Final[Mapping[str, Callable[[Interaction[Any], ModerationHost, Case], Awaitable[None]]]] = {
    "delete": _delete,
    "block": _block,
    "close": _dismiss,
    "answer": _ask_answer,
    "answered": _answered,
}
