"""What to start with, for three kinds of servers: rules, and a few settings."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from bot.domain.money import MICROS_PER_DOLLAR
from bot.domain.quota import QuotaDefaults, Rule, Scope, Unit
from bot.domain.windows import Window


class Preset(StrEnum):
    """What kind of a server it is."""

    FRIENDS = "friends"
    COMMUNITY = "community"
    PUBLIC = "public"


PRESET_SCOPES: Final = frozenset({Scope.SERVER, Scope.EVERYONE})
"""Whose rules a preset replaces; those for channels, roles and single members stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The rules and, by their names in `GuildChoices`, the settings that a preset brings."""

    rules: tuple[Rule, ...]
    settings: Mapping[str, object]


def _each(window: Window, pictures: int) -> Rule:
    return Rule(scope=Scope.EVERYONE, unit=Unit.PICTURES, window=window, amount=pictures)


def _server(window: Window, dollars: int) -> Rule:
    micros = dollars * MICROS_PER_DOLLAR
    return Rule(scope=Scope.SERVER, unit=Unit.DOLLARS, window=window, amount=micros)


PRESETS: Final[Mapping[Preset, Start]] = {
    Preset.FRIENDS: Start(
        rules=(_each(Window.DAY, 50), _server(Window.MONTH, 30)),
        settings={"gifts": True, "economy": None, "ask_above": None},
    ),
    Preset.COMMUNITY: Start(
        rules=(
            _each(Window.DAY, 10),
            _each(Window.WEEK, 40),
            _server(Window.DAY, 5),
            _server(Window.MONTH, 30),
        ),
        settings={"gifts": False, "economy": 80, "ask_above": None},
    ),
    Preset.PUBLIC: Start(
        rules=(
            Rule(scope=Scope.EVERYONE, unit=Unit.JOBS, amount=1),
            _each(Window.DAY, 3),
            _each(Window.WEEK, 10),
            _server(Window.DAY, 1),
            _server(Window.MONTH, 10),
        ),
        settings={"gifts": False, "economy": 60, "ask_above": MICROS_PER_DOLLAR // 4},
    ),
}


def rules_of(preset: Preset, defaults: QuotaDefaults) -> tuple[Rule, ...]:
    """Return the rules of *preset*; none of them allows more money than the operator's default.

    A preset is chosen in a moment, and it is the operator who pays.
    """
    most = defaults.server_micros_per_month
    return tuple(
        replace(rule, amount=min(rule.amount, most)) if rule.unit is Unit.DOLLARS else rule
        for rule in PRESETS[preset].rules
    )
