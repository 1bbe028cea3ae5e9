"""Jobs take their turn: a bounded queue before the workers, and what became of every job.

There are no background tasks: a thread of the pool talks to a worker for each job that runs.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from bot.domain.clock import Park
from bot.domain.errors import Closing, PictureError, TooBusy
from bot.imaging.crew import Crew, Errand
from bot.imaging.values import PoolHealth
from bot.imaging.wire import Frame

T = TypeVar("T")


class Turns:
    """Runs jobs in their turn, on as many workers as there may be at once."""

    def __init__(self, crew: Crew, *, workers: int, park: Park, queue_limit: int) -> None:
        self._crew = crew
        self._park = park
        self._queue_limit = queue_limit
        self._slots = asyncio.Semaphore(workers)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="imaging")
        self._closing = False
        self._busy = self._waiting = self._done = self._refused = 0

    async def do(self, frame: Frame, read: Callable[[Frame], T], *, what: str = "picture") -> T:
        """Run one job and *read* its answer; *what* names the file in refusals.

        Raises:
            PictureError: the job was refused, or a limit ended it.
            TooBusy: too many jobs wait already.
            Closing: the room is being closed.
        """
        await self._take_turn()
        try:
            made = await self._run(Errand(self._crew, frame, read, what=what))
        except PictureError:
            self._refused += 1
            raise
        finally:
            self._busy -= 1
            self._slots.release()
        self._done += 1
        return made

    def health(self) -> PoolHealth:
        """Return the figures so far."""
        crew = self._crew.figures
        return PoolHealth(
            workers=crew.alive,
            busy=self._busy,
            waiting=self._waiting,
            done=self._done,
            refused=self._refused,
            killed=crew.killed,
            retired=crew.retired,
        )

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers that live."""
        return self._crew.pids

    def close(self) -> None:
        """End every worker; jobs that run end as `Closing`."""
        self._closing = True
        self._crew.stop()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._crew.close()

    async def _take_turn(self) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
        elif self._waiting >= self._queue_limit:
            raise TooBusy
        else:
            self._waiting += 1
            try:
                await self._park(self._slots.acquire(), "a free picture worker")
            finally:
                self._waiting -= 1
        self._busy += 1

    async def _run(self, errand: Errand[T]) -> T:
        if self._closing:
            raise Closing
        running = asyncio.get_running_loop().run_in_executor(self._threads, errand.run)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            errand.abandon()
            running.add_done_callback(_forget)
            raise


def _forget(running: "asyncio.Future[T]") -> None:
    """Take note of how an abandoned job ended, which asyncio asks of someone."""
    if not running.cancelled():
        running.exception()
