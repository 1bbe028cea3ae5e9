"""Which tasks are at work on requests, and how Easel's own end reaches each of them."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import structlog

log = structlog.get_logger(__name__)

ENDING: Final = 3.0
"""Seconds that cancelled requests have to tell their askers when Easel ends."""


class Parked(Exception):  # noqa: N818 - nothing went wrong: the next start goes on with it
    """Easel ends, and the request is where another process can take it up."""


class TakenUp(Parked):
    """Another process went on with the request already; nothing of it is told or booked here."""


class Attendance:
    """The tasks that are at work, those of them that only wait, and the jobs that they do."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[object]] = set()
        self._waiting: set[asyncio.Task[object]] = set()
        self._jobs: set[int] = set()
        self.is_closing = False

    def is_at_work_on(self, job_id: int) -> bool:
        """Whether a task of this process is at work on the job."""
        return job_id in self._jobs

    def require_open(self) -> None:
        """Raise Parked where nothing is begun any more."""
        if self.is_closing:
            raise Parked

    @contextmanager
    def at_work(self, job_id: int) -> Generator[None]:
        """Let `close` know of this task until its end.

        After its work a task may still be telling the asker how it failed.
        """
        task = _this_task()
        if task not in self._running:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        self._jobs.add(job_id)
        try:
            yield
        finally:
            self._jobs.discard(job_id)

    @contextmanager
    def waits(self) -> Generator[None]:
        """Let `close` end the wait of this task. Raises Parked: nothing is begun any more."""
        self.require_open()
        task = _this_task()
        self._waiting.add(task)
        try:
            yield
        except asyncio.CancelledError as error:
            if self.is_closing:
                raise Parked from error
            raise
        finally:
            self._waiting.discard(task)
        self.require_open()

    async def close(self, seconds: float) -> None:
        """Begin nothing more, let those who work end within *seconds*, then cancel them."""
        self.is_closing = True
        log.info("studio_draining", running=len(self._jobs))
        for task in self._waiting:
            task.cancel()
        await self._ended_within(seconds)
        for task in self._others():
            task.cancel()
        if left := await self._ended_within(ENDING):  # as safe as after a power cut
            log.warning("studio_left_open", jobs=len(left))

    async def _ended_within(self, seconds: float) -> set[asyncio.Task[object]]:
        """Return what did not end."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        while (others := self._others()) and (left := deadline - clock()) > 0:
            await asyncio.wait(others, timeout=left)
        return others

    def _others(self) -> set[asyncio.Task[object]]:
        """Return the tasks that are at work, but for the one that asks."""
        return {task for task in self._running if task is not asyncio.current_task()}


def _this_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - coroutines run in tasks
    return task
