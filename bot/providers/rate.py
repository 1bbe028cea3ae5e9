"""Keeps picture makers below what they allow: so many pictures a minute, in the order asked.

What was started in the last minute is remembered; the next pictures start when they fit beside
it. That never exceeds a server that counts in windows, nor one with a bucket that refills.
"""

import asyncio
import math
import re
from bisect import insort
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import Any

from bot.domain.errors import ProviderBusy
from bot.providers.waiting import Sleep, duration

WINDOW = 61.0
"""Seconds in which the pictures of "a minute" are counted; the extra is for the way there."""

SURE = 8
"""Pictures a minute that are tried at once before anything is known of the server."""

SPACING = 0.1
"""Seconds between starts that go beyond what has worked, so that one refusal comes in time.

Where a limit allows more than ten a second, they come as close as that limit has it.
"""

PAUSE = 2.0
"""Seconds without a start after a refusal that does not say how long to wait."""

LONGEST = 3600.0
"""The longest pause that a server can ask for; after it we ask again."""

NAP = 5.0
"""Seconds after which who is first in line looks again, because the rate may have changed."""

UNDONE = 10.0
"""Seconds in which a shared start can be undone: by then a server that is not there was noticed."""

CUT = 0.5
"""What a refusal leaves of the rate."""

GROWTH_EVERY = 60.0
"""Seconds between two steps up, each of one picture a minute."""

EDGE_EVERY = 600.0
"""Seconds before the step that leads back to where the last refusal came."""


_MOMENT = 1e-6
"""Seconds that are no wait: less than what adding up times loses."""

_DIGITS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Leave to start *pictures* at the moment *at*, by the limiter's clock; *key* is its own."""

    at: float
    pictures: int
    key: str = field(default_factory=lambda: token_hex(8))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """Pictures that count for one `WINDOW` from *at*; *start* is None for somebody else's."""

    at: float
    pictures: int
    start: str | None = None


@dataclass(slots=True, kw_only=True)
class _Minute:
    """What counts now, and when the next pictures fit; a copy of it looks into the future."""

    entries: list[_Entry]
    limit: int | None
    sure: int = SURE
    not_before: float = -math.inf
    last: float = -math.inf

    def used(self) -> int:
        """Return the pictures that count."""
        return sum(entry.pictures for entry in self.entries)

    def forget(self, now: float) -> None:
        """Drop what does not count any more."""
        self.entries = [entry for entry in self.entries if entry.at + WINDOW > now]

    def earliest(self, now: float, pictures: int) -> float:
        """Return when *pictures* may start; more than the limit need a minute of their own."""
        at, used = max(now, self.not_before), self.used()
        for entry in self.entries:
            fits = self.limit is None or used + pictures <= self.limit
            if fits and entry.at + WINDOW > at:
                break
            at = max(at, entry.at + WINDOW)
            used -= entry.pictures
        return max(at, self.last + self._spacing()) if used + pictures > self.sure else at

    def _spacing(self) -> float:
        return SPACING if self.limit is None else min(SPACING, 60 / self.limit)

    def add(self, start: Start) -> None:
        """Count *start*; what exceeds the limit counts in the minutes after it."""
        self.forget(start.at)
        self.last = start.at
        if self.limit is None or self.used() + start.pictures <= self.limit:
            self.sure = max(self.sure, self.used() + start.pictures)
        at, left = start.at, start.pictures
        while left > 0:
            share = left if self.limit is None else min(left, self.limit)
            self.insert(_Entry(at=at, pictures=share, start=start.key))
            at, left = at + WINDOW, left - share

    def insert(self, entry: _Entry) -> None:
        """Count *entry*, in the order of time."""
        insort(self.entries, entry, key=lambda each: each.at)


class RateLimiter:
    """Lets pictures start, first come first served, as fast as the server takes them.

    Everything runs on the event loop; nothing runs in the background. *clock* gives monotonic
    seconds and goes on while *sleep* waits. Without *images_per_minute* the limit is what is
    learned from the server.
    """

    def __init__(
        self, images_per_minute: int | None, clock: Callable[[], float], sleep: Sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._configured = max(1, images_per_minute) if images_per_minute is not None else None
        self._declared: int | None = None
        self._rate = float(self._configured) if self._configured is not None else math.inf
        self._changed = -math.inf
        self._cut = -math.inf
        self._edge = math.inf
        self._minute = _Minute(entries=[], limit=self._configured)
        self._first = asyncio.Lock()
        self._line: dict[object, int] = {}

    @property
    def limit(self) -> int | None:
        """The pictures a minute that may start at present; None while there is no limit."""
        return self._minute.limit

    def delay(self, pictures: int, ahead: Iterable[int] | None = None) -> float:
        """Return how many seconds *pictures* would wait now, behind everybody in line.

        *ahead* is who stands there, where this limiter does not know.

        It is an estimate: the rate may change.
        """
        now = self._clock()
        self._minute.forget(now)
        future = replace(self._minute, entries=list(self._minute.entries))
        at = now
        for each in self._line.values() if ahead is None else ahead:
            at = future.earliest(at, each)
            future.add(Start(at=at, pictures=each))
        return future.earliest(at, pictures) - now

    async def take(self, pictures: int, within: float = math.inf) -> Start:
        """Wait until *pictures* may start, and count them.

        Raises:
            ProviderBusy: that would take longer than *within* seconds; nothing is counted. It is
                looked at on entry, and again once they are first in line.
        """
        deadline = self._clock() + within
        self._admit(self.delay(pictures), deadline)
        place = object()
        self._line[place] = pictures
        try:
            async with self._first:
                while not isinstance(begun := self.begin(pictures), Start):
                    self._admit(begun, deadline)
                    await self._sleep(min(begun, NAP))
                return begun
        finally:
            del self._line[place]

    def begin(self, pictures: int) -> Start | float:
        """Count *pictures* if they may start now; else return after how many seconds to ask."""
        now = self._clock()
        self._minute.forget(now)
        wait = self._minute.earliest(now, pictures) - now
        if wait > _MOMENT:
            return wait
        start = Start(at=now, pictures=pictures)
        self._minute.add(start)
        return start

    def undo(self, start: Start) -> None:
        """Count *start* no more: the server was not asked, or did not take it."""
        entries = self._minute.entries
        self._minute.entries = [entry for entry in entries if entry.start != start.key]

    def learn(self, headers: Mapping[str, str], start: Start | None = None) -> None:
        """Learn from the ``x-ratelimit-*-images`` headers of the answer to *start*.

        A server counts when it is asked, and pictures take minutes: without *start* the headers
        are taken for news of this moment.
        """
        declared = _count(headers.get("x-ratelimit-limit-images"))
        if declared is not None:
            self._declared = max(1, declared)
            self._set(min(self._rate, self._ceiling))
        remaining = _count(headers.get("x-ratelimit-remaining-images"))
        reset = duration(headers.get("x-ratelimit-reset-images", ""))
        if remaining is not None and reset is not None:
            self._remain(remaining, min(reset, LONGEST), start)

    def limited(self, retry_after: float | None, start: Start | None = None) -> None:
        """Slow down: the server refused *start* because there were too many.

        Nothing starts for *retry_after* seconds. The rate is cut once for all that began before.
        """
        now = self._clock()
        self._minute.forget(now)
        if start is not None:
            self.undo(start)
        pause = PAUSE if retry_after is None else min(max(0.0, retry_after), LONGEST)
        self._minute.not_before = max(self._minute.not_before, now + pause)
        used = self._minute.used()
        self._minute.sure = max(1, min(self._minute.sure, used))
        if (start.at if start else now) > self._cut:
            self._cut = self._changed = now
            self._edge = used + (start.pictures if start else 1)
            known = self._rate if self._rate < math.inf else max(used, SURE)
            self._set(known * CUT)

    def succeeded(self) -> None:
        """Speed up a little, if it is time: a call ended well."""
        now = self._clock()
        if self._rate >= self._ceiling or self._rate == math.inf:
            return
        back = self._rate < self._edge <= self._rate + 1
        if now - self._changed >= (EDGE_EVERY if back else GROWTH_EVERY):
            self._changed = now
            self._set(min(self._ceiling, self._rate + 1))

    def saved(self) -> dict[str, Any]:
        """Return what is known of the server, as JSON has it: None where nothing is."""
        self._minute.forget(self._clock())
        known = {
            "rate": self._rate,
            "declared": self._declared,
            "changed": self._changed,
            "cut": self._cut,
            "edge": self._edge,
            "sure": self._minute.sure,
            "not_before": self._minute.not_before,
            "last": self._minute.last,
        }
        merged = _merged(self._minute.entries, self._clock() - UNDONE)
        counted = [[each.at, each.pictures, each.start] for each in merged]
        finite = {k: v if v is not None and math.isfinite(v) else None for k, v in known.items()}
        return {**finite, "counted": counted, "configured": self._configured}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on with what `saved` returned, unless another limit is configured now."""

        def past(name: str) -> float:
            return -math.inf if state[name] is None else state[name]

        counted = [_Entry(at=at, pictures=n, start=key) for at, n, key in state["counted"]]
        self._minute.entries = counted
        self._minute.not_before, self._minute.last = past("not_before"), past("last")
        if state["configured"] != self._configured:
            return
        self._declared, self._minute.sure = state["declared"], state["sure"]
        self._changed, self._cut = past("changed"), past("cut")
        self._edge = math.inf if state["edge"] is None else state["edge"]
        self._set(math.inf if state["rate"] is None else state["rate"])

    @property
    def _ceiling(self) -> float:
        limits = [limit for limit in (self._configured, self._declared) if limit is not None]
        return min(limits, default=math.inf)

    def _set(self, rate: float) -> None:
        self._rate = max(1.0, rate)
        self._minute.limit = int(self._rate) if self._rate < math.inf else None

    def _admit(self, wait: float, deadline: float) -> None:
        if self._clock() + wait > deadline:
            raise ProviderBusy(retry_after=wait)

    def _remain(self, remaining: int, reset: float, start: Start | None) -> None:
        """Count what others used of the same allowance, as seen when *start* was counted."""
        seen = start.at if start else self._clock()
        if self._minute.limit is None:
            if remaining == 0:
                self._minute.not_before = max(self._minute.not_before, seen + reset)
            return
        ours = sum(
            entry.pictures
            for entry in self._minute.entries
            if entry.start is None or entry.at <= seen
        )
        missing = self._minute.limit - ours - remaining
        if missing > 0:
            self._minute.insert(_Entry(at=seen + reset - WINDOW, pictures=missing))


def _merged(entries: Iterable[_Entry], before: float) -> list[_Entry]:
    """Return *entries* with those before that moment counted together, second by second."""
    old: dict[int, list[_Entry]] = {}
    young: list[_Entry] = []
    for each in entries:
        (old.setdefault(int(each.at), []) if each.at < before else young).append(each)
    return [
        _Entry(at=several[-1].at, pictures=sum(each.pictures for each in several))
        for several in old.values()
    ] + young


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and _DIGITS.fullmatch(text) else None
