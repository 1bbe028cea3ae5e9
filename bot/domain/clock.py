"""The time, injected so that tests of time are exact."""

from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Protocol, TypeVar

T = TypeVar("T")


class Clock(Protocol):
    """Tells the time: real, or a test's own."""

    def now(self) -> datetime:
        """Return the present instant, aware and in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant, aware and in UTC."""
        return datetime.now(UTC)


class Park(Protocol):
    """Awaits something that ends outside the event loop: a lock, a queue, a provider.

    One seam for all such waits, so that a simulator can tell waiting from working.
    """

    async def __call__(self, awaitable: Awaitable[T], reason: str) -> T:
        """Await *awaitable* and return its result; *reason* is shown when it never ends."""
        ...


async def park(awaitable: Awaitable[T], reason: str) -> T:
    """Wait plainly: what `Park` is outside a simulator."""
    del reason
    return await awaitable
