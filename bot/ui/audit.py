"""How the record of changes looks, and its Older and Newer buttons."""

import re
from collections.abc import Mapping
from typing import Any, Protocol, cast

from discord import ButtonStyle, Interaction
from discord.ui import Button, LayoutView

from bot.domain.audit import AuditEntry, AuditPage
from bot.domain.messages import N_
from bot.domain.money import dollars
from bot.services.auditing import AuditLog
from bot.ui.panels import at, panel, small
from bot.ui.text import shown
from bot.ui.words import say

_LONGEST = 120  # characters of a value
_ACTIONS: Mapping[str, str] = {
    "quota.set": N_("Rule set"),
    "quota.clear": N_("Rule cleared"),
    "quota.grant": N_("Grant given"),
    "quota.revoke": N_("Grant taken back"),
    "quota.gift": N_("Grant given on"),
    "settings": N_("Setting changed"),
    "picture deleted": N_("Picture deleted"),
    "member blocked": N_("Member blocked"),
    "member unblocked": N_("Block lifted"),
    "words": N_("Word list changed"),
}
_WHOM = re.compile(r"\b(member|role|channel):(\d+)")
_MENTIONS = {"member": "<@{}>", "role": "<@&{}>", "channel": "<#{}>"}


class AuditServices(Protocol):
    """The client's services, as far as these buttons know them."""

    @property
    def audit(self) -> AuditLog:
        """The record that is paged through."""
        ...


class AuditHost(Protocol):
    """The client, as far as these buttons know it."""

    @property
    def services(self) -> AuditServices:
        """What the bot does."""
        ...


async def turn_audit(interaction: Interaction[Any], parts: list[str]) -> None:
    """Show another page in place of the one before, if the presser still may."""
    turn, entry_id = parts
    host: AuditHost = interaction.client
    page = await host.services.audit.page(
        interaction.guild_id or 0,
        before_id=int(entry_id) if turn == "older" else None,
        after_id=int(entry_id) if turn == "newer" else None,
    )
    await interaction.response.edit_message(view=audit_panel(interaction.locale.value, page))


def audit_panel(locale: str, page: AuditPage) -> LayoutView:
    """Return *page* of the record, with buttons to the pages around it."""
    entries = [_entry(locale, each) for each in page.entries]
    nothing = say(locale, "Nothing was changed here yet.")
    return panel(say(locale, "What managers changed"), entries or [nothing], _turns(locale, page))


def _entry(locale: str, entry: AuditEntry) -> str:
    by = f"<@{entry.user_id}>" if entry.user_id else "Easel"
    who = f"{at(entry.at)} · {by}"
    action = say(locale, _ACTIONS[entry.action]) if entry.action in _ACTIONS else entry.action
    before, after = _value(locale, entry, entry.before), _value(locale, entry, entry.after)
    change = say(locale, "{before} → {after}", before=before, after=after)
    told = [change] if (entry.before, entry.after) != (None, None) else []
    return f"{who}\n**{shown(action)}**: {_target(entry.target)}\n{small(told)}".rstrip()


def _target(target: str) -> str:
    """Return what was changed, with mentions in place of numbers."""
    rest, parts = target, list[str]()
    while found := _WHOM.search(rest):
        parts += [shown(rest[: found.start()]), _MENTIONS[found[1]].format(found[2])]
        rest = rest[found.end() :]
    return " ".join(part for part in (*parts, shown(rest)) if part)


def _value(locale: str, entry: AuditEntry, value: object) -> str:
    """Return a value in words; money, which is kept in micro-dollars, in dollars."""
    match value:
        case None | [] | "":
            return "—"
        case bool():
            return say(locale, "on") if value else say(locale, "off")
        case int() if _is_money(entry):
            return dollars(value)
        case dict():
            named = cast("dict[str, object]", value).items()
            parts = (
                f"{name}: {_value(locale, entry, each)}" for name, each in named if each is not None
            )
            return ", ".join(parts) or "—"
        case list():
            return ", ".join(str(each) for each in cast("list[object]", value))[:_LONGEST]
        case _:
            return shown(str(value), _LONGEST)


def _is_money(entry: AuditEntry) -> bool:
    return entry.action.startswith("quota.") and "dollars" in entry.target.split()


def _turns(locale: str, page: AuditPage) -> list[Button[Any]]:
    if not page.entries or not (page.has_newer or page.has_older):
        return []
    first, last = page.entries[0].id, page.entries[-1].id
    return [
        _turn("newer", say(locale, "Newer"), first, there=page.has_newer),
        _turn("older", say(locale, "Older"), last, there=page.has_older),
    ]


def _turn(turn: str, label: str, entry_id: int, *, there: bool) -> Button[Any]:
    return Button(
        style=ButtonStyle.secondary,
        label=label,
        disabled=not there,
        custom_id=f"audit:{turn}:{entry_id}",
    )
