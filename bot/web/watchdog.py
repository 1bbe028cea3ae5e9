"""Says in the log where the event loop is stuck, while it is.

A thread of its own looks, because nothing on the loop can. One line a blocking: the stack as file,
line and function, which holds no values and so no secret.
"""

import asyncio
import sys
import traceback
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from threading import Event, Thread, get_ident
from time import perf_counter
from types import FrameType
from typing import Final

import structlog

log = structlog.get_logger(__name__)

BLOCKED_SECONDS: Final = 1.0
"""A loop that did not come round for so long is blocked."""

_BEAT = 0.25  # seconds between two beats of the loop, and between two looks at them
_FRAMES = 12  # the innermost of the stack that are told


@asynccontextmanager
async def watched_loop(seconds: float = BLOCKED_SECONDS) -> AsyncGenerator[None]:
    """Log the stack of this thread once whenever its loop is blocked for *seconds*."""
    watchdog = _Watchdog(get_ident(), seconds)
    beating = asyncio.create_task(watchdog.beat(), name="watchdog")
    thread = Thread(target=watchdog.look, name="easel-watchdog", daemon=True)
    thread.start()
    try:
        yield
    finally:
        watchdog.stopped.set()
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
        thread.join()


class _Watchdog:
    """Two halves that meet in one number: when the loop last came round."""

    def __init__(self, thread: int, seconds: float) -> None:
        self.stopped = Event()
        self._thread = thread
        self._seconds = seconds
        self._beaten = perf_counter()

    async def beat(self) -> None:
        """Beat until cancelled; runs on the loop."""
        while True:
            self._beaten = perf_counter()
            await asyncio.sleep(_BEAT)

    def look(self) -> None:
        """Look until stopped; runs on a thread."""
        blocked_since: float | None = None
        while not self.stopped.wait(min(_BEAT, self._seconds)):
            beaten = self._beaten
            if blocked_since is not None and beaten != blocked_since:
                log.warning("loop_free_again", seconds=round(beaten - blocked_since, 1))
                blocked_since = None
            if blocked_since is None and perf_counter() - beaten - _BEAT > self._seconds:
                blocked_since = beaten
                log.error("loop_blocked", seconds=self._seconds, at=self._where())

    def _where(self) -> str:
        """Return the innermost frames, the innermost last."""
        frames: Mapping[int, FrameType] = vars(sys)["_current_frames"]()  # public by sys's own page
        calls = traceback.extract_stack(frames.get(self._thread))[-_FRAMES:]
        return " > ".join(f"{call.filename}:{call.lineno} {call.name}" for call in calls)
