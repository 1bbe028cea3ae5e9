"""How a server's settings look."""

from collections.abc import Sequence
from typing import Any

from discord.ui import Item, LayoutView

from bot.domain.guild import GuildChoices
from bot.domain.messages import Slash
from bot.services.guild_edits import Models
from bot.ui.panels import panel, small
from bot.ui.setting_table import SETTINGS, Setting, settable
from bot.ui.words import say

_DEFAULTS = GuildChoices()


def settings_panel(
    locale: str,
    choices: GuildChoices,
    models: Models,
    *,
    precheck: bool = True,
    notes: Sequence[str] = (),
    menus: Sequence[Item[Any]] = (),
) -> LayoutView:
    """Return everything that a server chose, and what holds where it chose nothing.

    What no model has is left out, as is what hangs on the pre-check where there is no *precheck*.
    *notes* say first what has just happened; *menus* change something.
    """
    rows = [
        _row(locale, each, choices, models) for each in settable(choices, models, precheck=precheck)
    ]
    tips = [] if menus else _tips(locale, precheck=precheck)
    sections = [*notes, "\n".join(rows), small(tips)]
    return panel(say(locale, "Settings of this server"), sections, menus=menus)


def _row(locale: str, setting: Setting, choices: GuildChoices, models: Models) -> str:
    """Return what a setting is called, and what holds."""
    return f"**{say(locale, setting.label)}**: {setting.shown(locale, choices, models)}"


def changes_panel(
    locale: str, before: GuildChoices, after: GuildChoices, models: Models
) -> LayoutView:
    """Return what a change did: each value before and after."""
    rows = change_rows(locale, before, after, models)
    if not rows:
        return panel(say(locale, "Nothing changed"), [say(locale, "It was like this before.")])
    notes = change_notes(locale, before, after, models)
    return panel(say(locale, "Settings changed"), ["\n".join(rows), small(notes)])


def change_rows(
    locale: str, before: GuildChoices, after: GuildChoices, models: Models
) -> list[str]:
    """Return a line for each value that differs: before and after."""
    return [
        f"{_row(locale, each, before, models)} → {each.shown(locale, after, models)}"
        for each in _changed(locale, before, after, models)
    ]


def change_notes(
    locale: str, before: GuildChoices, after: GuildChoices, models: Models
) -> list[str]:
    """Return what else to know of the values that differ, where they are not as usual now."""
    return [
        say(locale, each.note)
        for each in _changed(locale, before, after, models)
        if each.note and getattr(after, each.name) != getattr(_DEFAULTS, each.name)
    ]


def _changed(
    locale: str, before: GuildChoices, after: GuildChoices, models: Models
) -> list[Setting]:
    """Return what people see differ: a new model may bring another quality of its own."""
    return [
        each
        for each in SETTINGS
        if each.shown(locale, before, models) != each.shown(locale, after, models)
    ]


def _tips(locale: str, *, precheck: bool) -> list[str]:
    tip = say(
        locale,
        "Change them with `{panel}`, `{set}`, `{channels}` and `{roles}`; "
        "take a change back with `{reset}`.",
        panel=Slash("settings panel"),
        set=Slash("settings set"),
        channels=Slash("settings channels"),
        roles=Slash("settings roles"),
        reset=Slash("settings reset"),
    )
    if not precheck:
        return [tip]
    command = Slash("settings threshold")
    return [
        tip,
        say(locale, "Choose what the pre-check declines with `{command}`.", command=command),
    ]
