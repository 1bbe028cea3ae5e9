"""Who is blocked, and what those who moderate do about it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from discord import Interaction
from discord.ui import LayoutView

from bot.domain.blocks import Block
from bot.domain.errors import BadOption
from bot.domain.messages import Phrase
from bot.domain.moderation import EventQuery
from bot.ui.asking import place_of
from bot.ui.forms import ask_in_form, text_field, written_in
from bot.ui.host import ModerationHost
from bot.ui.modlog import modlog_panel
from bot.ui.panels import button, panel, show, small
from bot.ui.replies import tell
from bot.ui.text import shown
from bot.ui.words import say

A_DAY: Final = timedelta(days=1)
REASON: Final = 200
"""Characters of a reason."""

MOST_DAYS: Final = 365
_DIGITS: Final = 6
_SHOWN: Final = 10
_UNITS: Final[Mapping[str, timedelta]] = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def lasting(text: str) -> timedelta | None:
    """Return how long *text* says, such as ``3h`` or ``7d``; None for ``forever``.

    Raises:
        BadOption: it says nothing of the kind, or more than a year.
    """
    written = text.strip().lower()
    if written == "forever":
        return None
    number, unit = written[:-1].strip(), _UNITS.get(written[-1:])
    whole = number.isascii() and number.isdigit() and len(number) <= _DIGITS
    lasts = unit * int(number) if unit and whole else None
    if lasts is None or not timedelta(0) < lasts <= timedelta(days=MOST_DAYS):
        problem = Phrase("write 30m, 3h, 7d, 2w or forever; at most a year")
        raise BadOption(option="duration", problem=problem)
    return lasts


async def block_member(
    interaction: Interaction[Any], user_id: int, duration: str, reason: str
) -> None:
    """Block a member and say so, to the moderator alone. Raises BadOption: it cannot be."""
    host: ModerationHost = interaction.client
    lasts = lasting(duration)
    if user_id == interaction.user.id:
        raise BadOption(option="member", problem=Phrase("you cannot block yourself"))
    block = await host.conduct.block(
        place_of(interaction).guild_id,
        user_id,
        by=interaction.user.id,
        lasts=lasts,
        reason=reason.strip()[:REASON],
    )
    await _say(interaction, block)


async def unblock_member(interaction: Interaction[Any], user_id: int) -> None:
    """Lift a member's block and say so, to the moderator alone."""
    host: ModerationHost = interaction.client
    guild_id = place_of(interaction).guild_id
    lifted = await host.conduct.unblock(guild_id, user_id, by=interaction.user.id)
    locale, member = interaction.locale.value, f"<@{user_id}>"
    if lifted:
        text = say(locale, "{member} can ask for pictures again.", member=member)
    else:
        text = say(locale, "{member} is not blocked.", member=member)
    await tell(interaction, text)


async def show_blocked(interaction: Interaction[Any], user_id: int | None) -> None:
    """Show who is blocked, or whether one member is, to the one who asks alone."""
    host: ModerationHost = interaction.client
    blocks = await host.conduct.blocked(place_of(interaction).guild_id)
    meant = [each for each in blocks if user_id in {None, each.user_id}]
    await show(interaction, blocks_panel(interaction.locale.value, meant))


def blocks_panel(locale: str, blocks: Iterable[Block]) -> LayoutView:
    """Return who is blocked, the newest first."""
    listed = list(blocks)
    rows = [block_line(locale, each) for each in listed[:_SHOWN]]
    if more := len(listed) - len(rows):
        rows.append(small([say(locale, "and {count} more", count=more)]))
    nobody = say(locale, "Nobody is blocked here.")
    lift = say(locale, "`/unblock` lifts a block.")
    return panel(say(locale, "Blocked members"), [*rows, small([lift])] if rows else [nobody])


def block_line(locale: str, block: Block) -> str:
    """Return who is blocked, until when, by whom and why."""
    by = say(locale, "by strikes") if block.blocked_by is None else f"<@{block.blocked_by}>"
    until = (
        say(locale, "until somebody lifts it")
        if block.until is None
        else say(locale, "until {moment}", moment=block.until)
    )
    why = f" · “{shown(block.reason, REASON)}”" if block.reason else ""
    return f"<@{block.user_id}> · {until} · {by}{why}"


async def answer_mod(interaction: Interaction[Any], parts: list[str]) -> None:
    """Do what a moderator pressed below what a member did."""
    verb, user_id = parts
    await _VERBS[verb](interaction, int(user_id))


async def _block_for_a_day(interaction: Interaction[Any], user_id: int) -> None:
    await block_member(interaction, user_id, "1d", "")


async def _ask(interaction: Interaction[Any], user_id: int) -> None:
    locale = interaction.locale.value
    fields = {
        say(locale, "How long"): text_field("duration", usual="7d", hint="30m, 3h, 7d, forever"),
        say(locale, "Why; the member reads this"): text_field("reason", most=REASON, needed=False),
    }
    await ask_in_form(interaction, f"mod:asked:{user_id}", say(locale, "Block"), fields)


async def _asked(interaction: Interaction[Any], user_id: int) -> None:
    written = written_in(interaction)
    await block_member(interaction, user_id, written.get("duration", ""), written.get("reason", ""))


async def _show_log(interaction: Interaction[Any], user_id: int) -> None:
    host: ModerationHost = interaction.client
    query = EventQuery(guild_id=place_of(interaction).guild_id, member=user_id)
    page = await host.services.moderation.page(query)
    await show(interaction, modlog_panel(interaction.locale.value, query, page))


async def _say(interaction: Interaction[Any], block: Block) -> None:
    locale = interaction.locale.value
    heading = say(locale, "{member} cannot ask for pictures now.", member=f"<@{block.user_id}>")
    lift = [button(say(locale, "Unblock"), f"mod:unblock:{block.user_id}")]
    view = panel(say(locale, "Blocked"), [heading, block_line(locale, block)], lift)
    await show(interaction, view)


_VERBS: Final[Mapping[str, Callable[[Interaction[Any], int], Awaitable[None]]]] = {
    "day": _block_for_a_day,
    "ask": _ask,
    "asked": _asked,
    "unblock": unblock_member,
    "log": _show_log,
}
