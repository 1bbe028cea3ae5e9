"""Telling those who wait where they stand, no more often than Discord and people can take it."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.domain.clock import Clock, Park
from bot.domain.queue import Expected, Standing
from bot.services.queue import FairQueue

BETWEEN: Final = 3.0
"""Seconds from one time that a request is told to the next, at least."""

_LOOK = 1.0  # seconds between two looks at the queue; what begins sooner is told nothing
_AT_ONCE = 20  # who is told at one look: each is a request to Discord, and hundreds may wait
_MOVED = timedelta(seconds=10)  # an expected start that moves by less is not worth telling

Tell = Callable[[Expected], bool]
"""Tells one request where it stands, without waiting; False where that came too early."""


@dataclass(slots=True, eq=False)
class _Listener:
    tell: Tell
    not_before: float
    told: Expected | None = None


class Places:
    """Looks at the queue while anybody waits, and tells those whose place has changed."""

    def __init__(self, queue: FairQueue, clock: Clock, park: Park) -> None:
        self._queue = queue
        self._clock = clock
        self._park = park
        self._listeners: dict[str, _Listener] = {}
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def told(self, code: str, tell: Tell) -> Generator[None]:
        """Let *tell* be called with the places of *code* while the body waits for its turn."""
        before = asyncio.get_running_loop().time() + _LOOK / 2
        self._listeners[code] = _Listener(tell, before)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_on(), name="places")
        try:
            yield
        finally:
            del self._listeners[code]
            self._rest()

    @contextmanager
    def saying(self, tell: Callable[[], bool], *, after: float = 0) -> Generator[None]:
        """Call *tell*, *after* seconds and again until it could, while the body lasts."""
        if not after and tell():
            yield
            return
        task = asyncio.create_task(self._say(tell, after or _LOOK), name="saying")
        try:
            yield
        finally:
            task.cancel()

    async def _say(self, tell: Callable[[], bool], after: float) -> None:
        await self._park(asyncio.sleep(after), "the work to last")
        while not tell():
            await self._park(asyncio.sleep(_LOOK), "the next edit to be allowed")

    def _rest(self) -> None:
        if not self._listeners and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look_on(self) -> None:
        while True:
            await self._park(asyncio.sleep(_LOOK), "the queue to move")
            self._look()

    def _look(self) -> None:
        now, standings = asyncio.get_running_loop().time(), self._queue.standings()
        due = [code for code, each in self._listeners.items() if each.not_before <= now]
        news = (code for code in due if code in standings and self._is_new(code, standings[code]))
        for code in sorted(news, key=lambda each: self._listeners[each].not_before)[:_AT_ONCE]:
            listener, expected = self._listeners[code], self._expected(standings[code])
            if listener.tell(expected):
                listener.told, listener.not_before = expected, now + BETWEEN

    def _is_new(self, code: str, standing: Standing) -> bool:
        before, now = self._listeners[code].told, self._expected(standing)
        if before is None or before.place != now.place:
            return True
        if before.starts_at is None or now.starts_at is None:
            return before.starts_at is not now.starts_at
        return abs(before.starts_at - now.starts_at) >= _MOVED

    def _expected(self, standing: Standing) -> Expected:
        after = standing.starts_in
        starts_at = None if after is None else self._clock.now() + timedelta(seconds=after)
        return Expected(place=standing.ahead + 1, starts_at=starts_at)
