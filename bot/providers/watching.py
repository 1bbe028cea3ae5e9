"""Keeps whoever watches a request from holding it up or breaking it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import structlog

from bot.providers.base import Watch

log = structlog.get_logger(__name__)

PATIENCE = 5.0
"""Seconds that a watcher may take for one message."""

_GOODBYE = 1.0


class Careful:
    """A `Watch` that passes on to another one, bounded in time, and never raises."""

    def __init__(self, watch: Watch, seconds: float = PATIENCE) -> None:
        self._watch = watch
        self._seconds = seconds

    async def waiting(self, seconds: float) -> None:
        """Pass the wait on."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._watch.waiting(seconds)
        except Exception as error:  # noqa: BLE001 - the pictures matter, not who looks on
            log.warning("watcher_failed", reason=type(error).__name__)

    async def partial(self, picture: bytes) -> None:
        """Pass a picture in the making on."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._watch.partial(picture)
        except Exception as error:  # noqa: BLE001 - as above
            log.warning("watcher_failed", reason=type(error).__name__)


@asynccontextmanager
async def partials_for(watch: Watch) -> AsyncGenerator[Callable[[bytes], None]]:
    """Give a function that hands pictures to *watch* in the background and returns at once.

    A watcher that is slower than the pictures sees the latest; at the end it is let go at once.
    """
    latest: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1)

    def offer(picture: bytes) -> None:
        if latest.full():
            latest.get_nowait()
        latest.put_nowait(picture)

    async def hand_on() -> None:
        while True:
            await watch.partial(await latest.get())

    task = asyncio.create_task(hand_on())
    try:
        yield offer
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=_GOODBYE)
