"""The rate of a picture service as its calls see it: this process's alone, or shared by several."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import structlog

from bot.domain.errors import ProviderBusy, StorageBusy
from bot.providers.rate import NAP, RateLimiter, Start
from bot.providers.waiting import Sleep

log = structlog.get_logger(__name__)

T = TypeVar("T")
State = dict[str, Any]


class SharedStates(Protocol):
    """Remembers states by name for several processes; one at a time changes one."""

    async def change(
        self, name: str, work: "Callable[[State | None, float], tuple[State, T]]"
    ) -> T:
        """Change the state *name* by *work*, which gets it and the seconds of everybody's clock.

        Raises:
            StorageBusy: nothing was changed.
        """
        ...


class Rate(Protocol):
    """Lets pictures start as fast as the server takes them; see `RateLimiter`."""

    async def delay(self, pictures: int) -> float:
        """Return how many seconds *pictures* would wait now; an estimate."""
        ...

    async def take(self, pictures: int, within: float) -> Start:
        """Wait until *pictures* may start, and count them.

        Raises:
            ProviderBusy: that would take longer than *within* seconds; nothing is counted.
        """
        ...

    async def undo(self, start: Start) -> None:
        """Count *start* no more. Raises nothing, as the others do not that come after a call."""
        ...

    async def answered(self, headers: Mapping[str, str], start: Start) -> None:
        """Learn from a call that ended well."""
        ...

    async def refused(self, headers: Mapping[str, str], after: float, start: Start) -> None:
        """Slow down: there were too many; nothing starts for *after* seconds."""
        ...


class OwnRate:
    """The rate of a process that has the server's allowance for itself."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter

    async def delay(self, pictures: int) -> float:
        """Return what `RateLimiter` estimates."""
        return self._limiter.delay(pictures)

    async def take(self, pictures: int, within: float) -> Start:
        """Wait in the line of this process."""
        return await self._limiter.take(pictures, within=within)

    async def undo(self, start: Start) -> None:
        """Count *start* no more."""
        self._limiter.undo(start)

    async def answered(self, headers: Mapping[str, str], start: Start) -> None:
        """Learn from a call that ended well."""
        _answered(self._limiter, headers, start)

    async def refused(self, headers: Mapping[str, str], after: float, start: Start) -> None:
        """Slow down."""
        _refused(self._limiter, headers, after, start)


class SharedRate:
    """The rate of several processes that share one allowance.

    What is known of the server is one state for all. Within a process it is first come first
    served; between processes whoever looks first when there is room. *clock* gives this process's
    monotonic seconds.
    """

    def __init__(
        self,
        states: SharedStates,
        name: str,
        images_per_minute: int | None,
        *,
        clock: Callable[[], float],
        sleep: Sleep,
    ) -> None:
        self._states = states
        self._name = name
        self._images_per_minute = images_per_minute
        self._clock = clock
        self._sleep = sleep
        self._first = asyncio.Lock()
        self._line: dict[object, int] = {}

    async def delay(self, pictures: int) -> float:
        """Return what `RateLimiter` estimates, behind this process's line; 0 where nobody knows."""
        try:
            return await self._delay(pictures)
        except StorageBusy:
            return 0.0

    async def take(self, pictures: int, within: float) -> Start:
        """Wait in the line of this process, then for room.

        Raises:
            ProviderBusy: there is none in time, or the database is busy; nothing was asked for.
        """
        deadline = self._clock() + within
        try:
            if self._line:  # who is first learns it from the attempt
                self._admit(await self._delay(pictures), deadline)
            return await self._in_line(pictures, deadline)
        except StorageBusy as error:
            raise ProviderBusy(retry_after=1.0) from error

    async def undo(self, start: Start) -> None:
        """Count *start* no more."""
        await self._tell(lambda limiter: limiter.undo(start))

    async def answered(self, headers: Mapping[str, str], start: Start) -> None:
        """Let all processes learn from a call that ended well."""
        await self._tell(lambda limiter: _answered(limiter, headers, start))

    async def refused(self, headers: Mapping[str, str], after: float, start: Start) -> None:
        """Let all processes slow down."""
        await self._tell(lambda limiter: _refused(limiter, headers, after, start))

    async def _delay(self, pictures: int) -> float:
        ahead = tuple(self._line.values())
        return await self._change(lambda limiter: limiter.delay(pictures, ahead))

    async def _in_line(self, pictures: int, deadline: float) -> Start:
        place = object()
        self._line[place] = pictures
        try:
            async with self._first:
                while True:
                    begun = await self._change(lambda limiter: limiter.begin(pictures))
                    if isinstance(begun, Start):
                        return begun
                    self._admit(begun, deadline)
                    await self._sleep(min(begun, NAP))
        finally:
            del self._line[place]

    def _admit(self, wait: float, deadline: float) -> None:
        if self._clock() + wait > deadline:
            raise ProviderBusy(retry_after=wait)

    async def _tell(self, news: Callable[[RateLimiter], None]) -> None:
        """Let all know *news*; where the database is busy they are lost, and no more."""
        try:
            await self._change(news)
        except StorageBusy:
            log.warning("rate_not_told")

    async def _change(self, work: Callable[[RateLimiter], T]) -> T:
        def changed(state: State | None, now: float) -> tuple[State, T]:
            limiter = RateLimiter(self._images_per_minute, lambda: now, self._sleep)
            if state:
                limiter.load(state)
            result = work(limiter)
            return limiter.saved(), result

        return await self._states.change(self._name, changed)


def _answered(limiter: RateLimiter, headers: Mapping[str, str], start: Start) -> None:
    limiter.learn(headers, start)
    limiter.succeeded()


def _refused(limiter: RateLimiter, headers: Mapping[str, str], after: float, start: Start) -> None:
    limiter.learn(headers, start)
    limiter.limited(after, start)
