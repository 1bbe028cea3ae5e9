"""Limits as an operator writes them: ``500 pictures a day, 20 dollars a week``."""

import re
from collections.abc import Mapping
from typing import Final

from bot.domain.money import parse_dollars
from bot.domain.quota import Rule, Scope, Unit
from bot.domain.windows import MOST_ROLLING_HOURS, Period, Rolling, Window

EXAMPLE: Final = "500 pictures a day, 20 dollars a week, 100 requests in any 6 hours"

_MOST: Final = 1_000_000  # of pictures, of requests and of dollars
_ONE: Final = re.compile(
    r"(?:\$(?P<money>\d+(?:\.\d+)?)|(?P<amount>\d+(?:\.\d+)?) (?P<unit>[a-z]+)) (?P<window>.+)",
    re.ASCII,
)
_ROLLING: Final = re.compile(r"in any (?:(\d{1,3}) hours|hour)", re.ASCII)
_UNITS: Final[Mapping[str, Unit]] = {
    "picture": Unit.PICTURES,
    "request": Unit.REQUESTS,
    "dollar": Unit.DOLLARS,
}
_WINDOWS: Final[Mapping[str, Period]] = {
    "an hour": Window.HOUR,
    "a day": Window.DAY,
    "a week": Window.WEEK,
    "a month": Window.MONTH,
    "in all": Window.LIFETIME,
    "at once": None,
}


def limits_in(text: str) -> tuple[Rule, ...]:
    """Return the limits for the whole bot that *text* names, with commas between them.

    Raises:
        ValueError: it names something else, or one of them twice.
    """
    rules = tuple(_rule(" ".join(part.lower().split())) for part in text.split(",") if part.strip())
    if len({(rule.unit, rule.window) for rule in rules}) < len(rules):
        raise ValueError(text)
    return rules


def _rule(text: str) -> Rule:
    found = _ONE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    unit = Unit.DOLLARS if found["money"] else _UNITS[_singular(found["unit"])]
    window = _window(found["window"])
    if window is None:  # only requests run
        unit = {Unit.REQUESTS: Unit.JOBS}.get(unit)
    if unit is None:
        raise ValueError(text)
    amount = _amount(unit, found["money"] or found["amount"])
    return Rule(scope=Scope.BOT, unit=unit, window=window, amount=amount)


def _singular(word: str) -> str:
    word = word.removesuffix("s")
    if word not in _UNITS:
        raise ValueError(word)
    return word


def _window(text: str) -> Period:
    if text in _WINDOWS:
        return _WINDOWS[text]
    found = _ROLLING.fullmatch(text)
    hours = int(found[1] or 1) if found else 0
    if not 1 <= hours <= MOST_ROLLING_HOURS:
        raise ValueError(text)
    return Rolling(hours)


def _amount(unit: Unit, text: str) -> int:
    if unit is Unit.DOLLARS:
        return parse_dollars(text)
    number = int(text)  # no parts of pictures
    if number > _MOST or (unit is Unit.JOBS and not number):
        raise ValueError(text)
    return number
