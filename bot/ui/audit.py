"""How the record of changes looks, and its Older and Newer buttons."""

import re
from collections.abc import Mapping
from typing import Any, cast

from discord import ButtonStyle, Interaction
from discord.ui import Button, LayoutView

from bot.domain.audit import AuditEntry, AuditPage
from bot.domain.messages import CHOICE, N_
from bot.domain.money import dollars
from bot.domain.quota import Scope, Unit
from bot.domain.windows import Window
from bot.ui.host import Host
from bot.ui.panels import at, panel, small
from bot.ui.setting_table import SETTINGS
from bot.ui.text import shown
from bot.ui.words import name_in, say

_LONGEST = 120  # characters of a value
_ACTIONS: Mapping[str, str] = {
    "quota.set": N_("Rule set"),
    "quota.clear": N_("Rule cleared"),
    "quota.grant": N_("Grant given"),
    "quota.revoke": N_("Grant taken back"),
    "quota.gift": N_("Grant given on"),
    "wish.ask": N_("Asked for more"),
    "wish.approved": N_("More allowed"),
    "wish.denied": N_("Not allowed more"),
    "wish.expired": N_("Nobody answered"),
    "wish.unposted": N_("Nobody answered"),
    "settings": N_("Setting changed"),
    "picture deleted": N_("Picture deleted"),
    "member blocked": N_("Member blocked"),
    "member unblocked": N_("Block lifted"),
    "words": N_("Word list changed"),
    "report closed": N_("Report closed"),
    "appeal closed": N_("Second look closed"),
    "request cancelled": N_("Request cancelled"),
    "data deleted": N_("Somebody deleted their data"),
}
_WHOM = re.compile(r"(member|role|channel):(\d+)")
_CHOICES: Mapping[str, str] = {
    **{word: word for word in (Scope.SERVER, Scope.EVERYONE, "everything", *Window)},
    **{unit: unit for unit in Unit if unit is not Unit.JOBS},
    **{each.name: each.command_name for each in SETTINGS},
}
"""Words of what was changed that commands offer as choices, too."""
_MENTIONS = {"member": "<@{}>", "role": "<@&{}>", "channel": "<#{}>"}


async def turn_audit(interaction: Interaction[Any], parts: list[str]) -> None:
    """Show another page in place of the one before, if the presser still may."""
    turn, entry_id = parts
    host: Host = interaction.client
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
    target = " ".join(_word(locale, each) for each in entry.target.split())
    return f"{who}\n**{shown(action)}**: {target}\n{small(told)}".rstrip()


def _word(locale: str, word: str) -> str:
    """Return a word of what was changed; a mention in place of a number."""
    if found := _WHOM.fullmatch(word):
        return _MENTIONS[found[1]].format(found[2])
    return shown(name_in(locale, CHOICE, _CHOICES[word]) if word in _CHOICES else word)


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
    return entry.action.startswith(("quota.", "wish.")) and "dollars" in entry.target.split()


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
