"""The panel on which a rule is put together; `bot.ui.rule_choices` knows what goes together."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import discord
from discord import ButtonStyle, ChannelType, SelectDefaultValue, SelectOption
from discord.ui import Button, ChannelSelect, Item, LayoutView, RoleSelect, Select, UserSelect

from bot.domain.messages import N_
from bot.domain.quota import Effect, Scope, Unit
from bot.domain.windows import Period
from bot.services.quota_changes import NAMED
from bot.services.rule_plans import SCOPES
from bot.ui.amounts import window_of
from bot.ui.panels import panel
from bot.ui.quota import whom
from bot.ui.rule_choices import HOURS, LIFTED, WHATS, WINDOWS, Composed, Written
from bot.ui.text import shown
from bot.ui.words import say

LONGEST: Final = 16
"""Characters of an amount that is written."""

_WHO: Final[Mapping[Scope, str]] = {
    Scope.SERVER: N_("The whole server together"),
    Scope.EVERYONE: N_("Each member"),
    Scope.ROLE: N_("A role: each of its members"),
    Scope.CHANNEL: N_("A channel: all who use it together"),
    Scope.MEMBER: N_("One member"),
}
_ROLE: Final = discord.SelectDefaultValueType.role
_USER: Final = discord.SelectDefaultValueType.user
_CHANNEL: Final = discord.SelectDefaultValueType.channel
_PLACE_TYPES: Final = [
    ChannelType.text,
    ChannelType.news,
    ChannelType.voice,
    ChannelType.stage_voice,
    ChannelType.forum,
]
_UNITS: Final[Mapping[Unit, str]] = {
    Unit.PICTURES: N_("pictures"),
    Unit.REQUESTS: N_("requests"),
    Unit.JOBS: N_("requests"),
    Unit.DOLLARS: N_("dollars"),
}


def composer_panel(
    locale: str, guild: discord.Guild | None, chosen: Composed, written: Written | None = None
) -> LayoutView:
    """Return the panel that shows what was *chosen*, to choose the rest."""
    written = written or Written()
    sections = [_told(locale, written), _so_far(locale, chosen)]
    menus = [_who(locale, chosen), *_which(locale, guild, chosen), _what(locale, chosen)]
    if chosen.counts_in_windows:
        menus.append(_window(locale, chosen))
    return panel(
        say(locale, "A rule"), sections, [_on(locale, chosen, written), back(locale)], menus=menus
    )


def how_many(locale: str, chosen: Composed) -> str:
    """Return what a form asks, where only the amount is missing: ``How many pictures a day``."""
    unit = say(locale, _UNITS[chosen.unit or Unit.PICTURES])
    if chosen.window == HOURS:
        return say(locale, "How many {unit}", unit=unit)
    window = window_of(locale, chosen.period())
    return say(locale, "How many {unit} {window}", unit=unit, window=window)


def back(locale: str, page: int = 0) -> Button[Any]:
    """Return the button to the panel's first view."""
    label = say(locale, "Back")
    return Button(style=ButtonStyle.secondary, label=label, custom_id=f"quota:home:{page}")


def _told(locale: str, written: Written) -> str:
    if not written.problem:
        return ""
    text = " · ".join(filter(None, (written.amount, written.hours)))
    values = {"written": shown(text), "problem": written.problem}
    return say(locale, "⚠️ “{written}” cannot be: {problem}. Nothing was changed.", **values)


def _so_far(locale: str, chosen: Composed) -> str:
    parts = [_whose(locale, chosen)]
    if chosen.what in WHATS:
        parts.append(say(locale, WHATS[chosen.what].label))
    if chosen.window:
        parts.append(_window_words(locale, chosen))
    if not any(parts):
        return say(locale, "Choose whom the rule is for, what it does and in which window.")
    ends = "" if chosen.is_whole else " · …"
    return f"**{' · '.join(filter(None, parts))}**{ends}"


def _whose(locale: str, chosen: Composed) -> str:
    if chosen.scope is None:
        return ""
    if chosen.scope in NAMED:
        return whom(locale, chosen.scope, chosen.scope_id) if chosen.scope_id else ""
    return say(locale, _WHO[chosen.scope])


def _window_words(locale: str, chosen: Composed) -> str:
    if chosen.window == HOURS:
        return say(locale, "in any so many hours")
    return window_of(locale, chosen.period())


def _who(locale: str, chosen: Composed) -> Item[Any]:
    pairs = [(scope.value, say(locale, _WHO[scope])) for scope in SCOPES]
    return _select(locale, "who", chosen, pairs, chosen.scope or "", N_("For whom…"))


def _which(locale: str, guild: discord.Guild | None, chosen: Composed) -> list[Item[Any]]:
    """Return the select of the role, the channel or the member; none where none is needed."""
    custom_id = f"quota:which:{chosen}"
    chosen_id = chosen.scope_id
    match chosen.scope:
        case Scope.ROLE:
            default = [SelectDefaultValue(id=chosen_id, type=_ROLE)] if chosen_id else []
            words = say(locale, "Which role…")
            return [RoleSelect(custom_id=custom_id, placeholder=words, default_values=default)]
        case Scope.MEMBER:
            default = [SelectDefaultValue(id=chosen_id, type=_USER)] if chosen_id else []
            words = say(locale, "Which member…")
            return [UserSelect(custom_id=custom_id, placeholder=words, default_values=default)]
        case Scope.CHANNEL:
            found = guild.get_channel(chosen_id) if guild and chosen_id else None
            default = [SelectDefaultValue(id=chosen_id, type=_CHANNEL)] if found else []
            return [
                ChannelSelect(
                    custom_id=custom_id,
                    placeholder=say(locale, "Which channel…"),
                    channel_types=_PLACE_TYPES,
                    default_values=default,
                )
            ]
        case _:
            return []


def _what(locale: str, chosen: Composed) -> Item[Any]:
    pairs = [
        (key, say(locale, what.label))
        for key, what in WHATS.items()
        if what.effect is not Effect.UNLIMITED or chosen.scope is None or chosen.scope in LIFTED
    ]
    return _select(locale, "what", chosen, pairs, chosen.what, N_("What it does…"))


def _window(locale: str, chosen: Composed) -> Item[Any]:
    windows: dict[str, Period] = {**WINDOWS}
    if chosen.window not in {"", HOURS, *windows}:
        windows[chosen.window] = chosen.period()
    pairs = [(key, window_of(locale, window)) for key, window in windows.items()]
    pairs.append((HOURS, say(locale, "in any so many hours…")))
    return _select(locale, "window", chosen, pairs, chosen.window, N_("In which window…"))


def _select(
    locale: str,
    step: str,
    chosen: Composed,
    pairs: Sequence[tuple[str, str]],
    value: str,
    words: str,
) -> Item[Any]:
    options = [SelectOption(label=label, value=key, default=key == value) for key, label in pairs]
    placeholder = say(locale, words)
    return Select(custom_id=f"quota:{step}:{chosen}", placeholder=placeholder, options=options)


def _on(locale: str, chosen: Composed, written: Written) -> Button[Any]:
    """Return the button to the next step: the form, or the preview where there is no amount."""
    asks = chosen.unit is not None or not chosen.is_whole
    label = N_("See what would change")
    if asks:
        label = N_("Write it again…") if written.problem else N_("How much…")
    step, rest = ("form", f"{chosen}:{written}") if asks else ("sent", f"{chosen}")
    return Button(
        style=ButtonStyle.primary,
        label=say(locale, label),
        custom_id=f"quota:{step}:{rest}",
        disabled=not chosen.is_whole,
    )
