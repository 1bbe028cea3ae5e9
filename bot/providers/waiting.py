"""When to ask again: how long the vendor wants us to wait, and how often we ask at all."""

import math
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TypeVar

from bot.domain.errors import ProviderBusy, ProviderError, ProviderFailed, ProviderUnreachable

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = r"(\d+(?:\.\d+)?)\s*(ms|milliseconds?|s|sec(?:ond)?s?|m|min(?:ute)?s?|h|hours?|d|days?)\b"
_PARTS = re.compile(_PART.replace(r"\b", r"(?![a-z])"), re.IGNORECASE)
_TEXT = re.compile(
    r"(?:try again|retry|wait)\s+(?:in|after|for)?\s*((?:\d+(?:\.\d+)?\s*[a-z]+\s*)+)",
    re.IGNORECASE,
)
_RESETS = (("images", "x-ratelimit-reset-images"), ("requests", "x-ratelimit-reset-requests"))


def retry_after(headers: Mapping[str, str], message: str = "") -> float | None:
    """Return how many seconds the server asks us to wait, or None where it does not say.

    Headers first (``retry-after-ms``, ``retry-after`` as seconds or date, the reset of an
    exhausted rate), then the text of the message.
    """
    named = _number(headers.get("retry-after-ms"))
    if named is not None:
        return named / 1000
    after = headers.get("retry-after")
    if after is not None:
        seconds = _number(after)
        return seconds if seconds is not None else _until(after, headers.get("date"))
    for unit, header in _RESETS:
        if headers.get(f"x-ratelimit-remaining-{unit}") == "0":
            return duration(headers.get(header, ""))
    found = _TEXT.search(message)
    return duration(found.group(1)) if found else None


def duration(text: str) -> float | None:
    """Return the seconds in ``12``, ``1.5s``, ``6m0s``, ``20ms`` or ``51.84 seconds``."""
    plain = _number(text)
    if plain is not None:
        return plain
    parts = _PARTS.findall(text)
    return sum(float(number) * _unit(name) for number, name in parts) if parts else None


def _unit(name: str) -> float:
    lowered = name.lower()
    return _UNITS["ms" if lowered.startswith(("ms", "milli")) else lowered[0]]


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return max(0.0, value) if math.isfinite(value) else None


def _until(date: str, now: str | None) -> float | None:
    try:
        wait = parsedate_to_datetime(date) - parsedate_to_datetime(now or "")
    except (TypeError, ValueError):
        return None
    return max(0.0, wait.total_seconds())


@dataclass(slots=True)
class Budget:
    """How many seconds one request may still wait; several waits draw on it."""

    left: float

    def spend(self, seconds: float) -> None:
        """Take *seconds* off."""
        self.left -= seconds


async def _unnoticed(seconds: float) -> None:
    """Tell nobody."""
    del seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often one call is asked again where it surely did not run the time before.

    Attributes:
        sleep: waits; tests pass one that does not.
        jitter: a factor of about 1 for each wait, so that many callers do not come back at once.
        wait_seconds: the longest that one request waits in all, its calls not counted.
        connects, failures, busies: the most repeats after no connection, a failure, a busy answer.
    """

    sleep: Sleep
    jitter: Callable[[], float] = field(default=lambda: random.uniform(1.0, 1.25))  # noqa: S311
    wait_seconds: float = 120
    connects: int = 2
    failures: int = 1
    busies: int = 6

    async def call(
        self,
        ask: Callable[[], Awaitable[T]],
        budget: Budget | None = None,
        waiting: Sleep = _unnoticed,
    ) -> T:
        """Return what *ask* returns. Raises its last error when asking again is over.

        *budget* is what *ask* draws on too, `wait_seconds` where there is none. *waiting* is told
        the seconds of each wait before it begins.
        """
        budget = budget or Budget(self.wait_seconds)
        tries: dict[type[ProviderError], int] = {}
        while True:
            try:
                return await ask()
            except (ProviderBusy, ProviderUnreachable, ProviderFailed) as error:
                before = tries.get(type(error), 0)
                tries[type(error)] = before + 1
                wait = self._wait(error, before)
                if before >= self._most(error) or wait > budget.left:
                    raise
                budget.spend(wait)
            await waiting(wait)
            await self.sleep(wait)

    def _most(self, error: ProviderError) -> int:
        if isinstance(error, ProviderBusy):
            return self.busies
        return self.connects if isinstance(error, ProviderUnreachable) else self.failures

    def _wait(self, error: ProviderError, before: int) -> float:
        asked = error.retry_after if isinstance(error, ProviderBusy) else None
        return (asked if asked is not None else 2.0**before) * self.jitter()
