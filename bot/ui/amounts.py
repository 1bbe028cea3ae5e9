"""Pictures, money, requests and windows in words."""

from collections import defaultdict
from collections.abc import Mapping

from bot.domain.leftover import Left
from bot.domain.messages import N_
from bot.domain.money import dollars
from bot.domain.quota import NOUNS, Scope, Unit, spoken
from bot.domain.usage import Tally
from bot.domain.windows import Period, Rolling, Window
from bot.ui.words import say, say_many

_LIMITS: Mapping[Window | None, str] = {
    Window.HOUR: N_("{amount} an hour"),
    Window.DAY: N_("{amount} a day"),
    Window.WEEK: N_("{amount} a week"),
    Window.MONTH: N_("{amount} a month"),
    Window.LIFETIME: N_("{amount} in all"),
    None: N_("{amount} at once"),
}

_LEFT: Mapping[tuple[Scope, Period], str] = {
    (Scope.MEMBER, Window.HOUR): N_("{amount} left this hour"),
    (Scope.MEMBER, Window.DAY): N_("{amount} left today"),
    (Scope.MEMBER, Window.WEEK): N_("{amount} left this week"),
    (Scope.MEMBER, Window.MONTH): N_("{amount} left this month"),
    (Scope.SERVER, Window.HOUR): N_("{amount} left for this server this hour"),
    (Scope.SERVER, Window.DAY): N_("{amount} left for this server today"),
    (Scope.SERVER, Window.WEEK): N_("{amount} left for this server this week"),
    (Scope.SERVER, Window.MONTH): N_("{amount} left for this server this month"),
}
_LEFT_SOMEHOW: Mapping[Scope, str] = defaultdict(
    lambda: N_("{amount} left here"), {Scope.MEMBER: N_("{amount} left")}
)


def amount_of(locale: str, unit: Unit, amount: int) -> str:
    """Return *amount* pictures, requests or micro-dollars: ``20 pictures``, ``$1.50``."""
    if unit is Unit.DOLLARS:
        return dollars(amount)
    return say_many(locale, *NOUNS[unit], amount)


def number_of(unit: Unit, amount: int) -> str:
    """Return *amount* without saying of what, where that is clear: ``20``, ``$1.50``."""
    return dollars(amount) if unit is Unit.DOLLARS else f"{amount:,}"


def limit_of(locale: str, unit: Unit, amount: int, window: Period) -> str:
    """Return a limit in words: ``20 pictures a day``."""
    much = amount_of(locale, unit, amount)
    if isinstance(window, Rolling):
        return say_many(
            locale,
            "{amount} in any {count} hour",
            "{amount} in any {count} hours",
            window.hours,
            amount=much,
        )
    return say(locale, _LIMITS[window], amount=much)


def window_of(locale: str, window: Period) -> str:
    """Return a window in words: ``a day``, ``in any 24 hours``, ``at once``."""
    return say(locale, "{window}", window=spoken(window))


def left_of(locale: str, left: Left) -> str:
    """Return what is left of a limit: ``17 pictures left today``."""
    message = _LEFT.get((left.holder, left.window), _LEFT_SOMEHOW[left.holder])
    return say(locale, message, amount=amount_of(locale, left.unit, left.amount))


def tally_of(locale: str, tally: Tally) -> str:
    """Return what was made and spent: ``3 pictures in 2 requests · $0.12``."""
    parts = [
        say(
            locale,
            "{pictures} in {requests}",
            pictures=amount_of(locale, Unit.PICTURES, tally.pictures),
            requests=amount_of(locale, Unit.JOBS, tally.requests),
        ),
        dollars(tally.micros),
    ]
    if tally.unsure_micros:
        parts.append(say(locale, "of it {amount} estimated", amount=dollars(tally.unsure_micros)))
    return " · ".join(parts)
