"""What reaches those who moderate a server: declined requests and what members ask them to see."""

from typing import Any, Final

import structlog
from discord import Interaction
from discord.ui import View

from bot.domain.cases import Case, CaseKind
from bot.domain.errors import ContentRefused, NoLogChannel
from bot.domain.jobs import Job
from bot.domain.messages import N_
from bot.services.cases import Plea
from bot.ui.asking import place_of
from bot.ui.case_cards import case_card
from bot.ui.forms import written_in
from bot.ui.host import ModerationHost
from bot.ui.log_channel import put_card, server_locale
from bot.ui.panels import button
from bot.ui.reasons import declined, reasons
from bot.ui.replies import tell
from bot.ui.words import say

log = structlog.get_logger(__name__)

MOST_WRITTEN: Final = 500
"""Characters of what a member writes to those who moderate."""

_TOLD: Final = {
    CaseKind.REPORT: N_("Thank you. The people who moderate this server see it now."),
    CaseKind.APPEAL: N_("The people who moderate this server see it now; they may write to you."),
}


async def note_refusal(interaction: Interaction[Any], error: ContentRefused) -> None:
    """Tell the server's log channel, if it has one, that a request was declined.

    Nothing is raised: the asker has been answered.
    """
    host: ModerationHost = interaction.client
    try:
        choices = await host.guild_choices.choices(interaction.guild_id or 0)
    except Exception as failed:  # noqa: BLE001 - a busy database
        log.warning("notice_failed", guild=interaction.guild_id, reason=type(failed).__name__)
        return
    if choices.log_channel is not None:
        locale, member = server_locale(interaction), interaction.user.id
        is_blocked = error.strikes is not None and error.strikes.block is not None
        buttons = member_buttons(locale, member, is_blocked=is_blocked)
        text = _refusal(locale, interaction, error)
        await host.notices.post(choices.log_channel, text, buttons)


async def put_case(interaction: Interaction[Any], kind: CaseKind, about: Job) -> None:
    """Put what a member wrote into a form before those who moderate, once.

    Raises:
        NoLogChannel: nobody can be reached; nothing is left open.
    """
    host: ModerationHost = interaction.client
    plea = Plea(
        kind=kind,
        about=about,
        user_id=interaction.user.id,
        locale=interaction.locale.value,
        text=written_in(interaction).get("text", "").strip()[:MOST_WRITTEN],
        channel_id=place_of(interaction).channel_id,
    )
    await interaction.response.defer(ephemeral=True, thinking=True)
    case, is_new = await host.cases.open(plea)
    if not is_new and case.card_message_id is not None:
        said = say(plea.locale, "The people who moderate this server have this already.")
        await tell(interaction, said)
        return
    if not await _post(interaction, host, case, plea):
        await host.cases.unposted(case)
        raise NoLogChannel
    await tell(interaction, say(plea.locale, _TOLD[plea.kind]))


def member_buttons(locale: str, user_id: int, *, is_blocked: bool) -> View:
    """Return what can be done about a member, below what they did."""
    view = View(timeout=None)
    if is_blocked:
        view.add_item(button(say(locale, "Unblock"), f"mod:unblock:{user_id}"))
    else:
        view.add_item(button(say(locale, "Block for a day"), f"mod:day:{user_id}"))
        view.add_item(button(say(locale, "Block…"), f"mod:ask:{user_id}"))
    view.add_item(button(say(locale, "What was declined"), f"mod:log:{user_id}"))
    view.stop()
    return view


async def _post(
    interaction: Interaction[Any], host: ModerationHost, case: Case, plea: Plea
) -> bool:
    """Post the card in the log channel; return whether it stands there."""
    place = await put_card(interaction, lambda locale: case_card(locale, case, plea.about))
    if place is None:
        return False
    await host.cases.posted(case, *place)
    return True


def _refusal(locale: str, interaction: Interaction[Any], error: ContentRefused) -> str:
    why = reasons(locale, error.categories, error.scores)
    by = declined(locale, error.source, error.stage)
    who = say(
        locale,
        "{member} in {channel}",
        member=interaction.user.mention,
        channel=f"<#{interaction.channel_id}>",
    )
    text = f"**{why}** — {by} · {who} · #{error.code}"
    if error.strikes is None or error.strikes.block is None:
        return text
    until = say(locale, "They are blocked until {moment}.", moment=error.strikes.block.until)
    return f"{text}\n-# {until}"
