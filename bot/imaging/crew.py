"""The worker processes together: lent for one job, taken back, replaced, and ended.

Everything here blocks and runs on the pool's threads, except `Errand.abandon` and `Crew.close`.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Generic, TypeVar

from bot.domain.errors import Closing, DamagedPicture, PictureTooHeavy, TooBusy
from bot.imaging import replies
from bot.imaging.process import Worker, WorkerLostError
from bot.imaging.values import Limits
from bot.imaging.wire import BrokenFrameError, Frame

T = TypeVar("T")
_log = logging.getLogger(__name__)
_TRY_AGAIN_SECONDS = 5.0  # for how long a job is begun anew when its worker is killed from outside


@dataclass(slots=True)
class CrewFigures:
    """How many workers live, and how many ended which way."""

    alive: int = 0
    killed: int = 0
    retired: int = 0


class Crew:
    """Owns the worker processes. Workers start when they are first needed."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()
        self._figures = CrewFigures()
        self._closing = False

    @property
    def figures(self) -> CrewFigures:
        """The figures now."""
        with self._lock:
            return CrewFigures(len(self._all), self._figures.killed, self._figures.retired)

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers that live."""
        with self._lock:
            return [worker.pid for worker in self._all]

    def take(self) -> Worker:
        """Return a worker for one job. Raises Closing, or TooBusy where no process can start."""
        with self._lock:
            self._check_open()
            if self._idle:
                return self._idle.pop()
            try:
                worker = Worker(self._limits)
            except OSError as error:
                _log.exception("no picture worker could be started")
                raise TooBusy from error
            self._all.add(worker)
            return worker

    def give_back(self, worker: Worker, *, last: bool) -> None:
        """Take back a worker that answered well; one that did its share is replaced.

        So is one that was killed because nobody waited for its answer any more, just as it came.
        """
        done = last or worker.killed or worker.jobs >= self._limits.jobs
        with self._lock:
            if not (done or self._closing):
                self._idle.append(worker)
                return
            self._all.discard(worker)
            self._figures.retired += 1
        worker.close()

    def drop(self, worker: Worker, why: str) -> None:
        """End a worker that is not to be trusted any more."""
        with self._lock:
            self._all.discard(worker)
            self._figures.killed += 1
            closing = self._closing
        worker.close()
        if not closing:
            _log.warning("picture worker %d replaced: %s", worker.pid, why)

    def check_open(self) -> None:
        """Raise Closing once `stop` was called."""
        with self._lock:
            self._check_open()

    def _check_open(self) -> None:
        if self._closing:
            raise Closing

    def stop(self) -> None:
        """End every worker, so that running jobs end at once; `close` must follow."""
        with self._lock:
            self._closing = True
            for worker in self._all:
                worker.kill()

    def close(self) -> None:
        """Give back what is left after the last job has ended."""
        with self._lock:
            left, self._all = self._all, set()
        for worker in left:
            worker.close()


class Errand(Generic[T]):
    """One job on its way through a worker; may be abandoned from another thread at any moment."""

    def __init__(self, crew: Crew, frame: Frame, read: Callable[[Frame], T], *, what: str) -> None:
        self._crew = crew
        self._frame = frame
        self._read = read
        self._what = what
        self._lock = threading.Lock()
        self._worker: Worker | None = None
        self._abandoned = False

    def run(self) -> T:
        """Do the job; when someone else killed its worker, do it again with another.

        Raises:
            PictureError: the worker refused, or a limit ended it, or it broke.
            Closing, TooBusy: there is no worker.
        """
        start = perf_counter()
        while True:
            try:
                return self._once()
            except WorkerLostError as lost:
                self._crew.check_open()
                late = self._abandoned or perf_counter() - start > _TRY_AGAIN_SECONDS
                if not lost.outside or late:
                    refusal = DamagedPicture if lost.broken else PictureTooHeavy
                    raise refusal(what=self._what) from lost

    def abandon(self) -> None:
        """End the job, and its worker with it."""
        with self._lock:
            self._abandoned = True
            if self._worker is not None:
                self._worker.kill()

    def _once(self) -> T:
        worker = self._crew.take()
        try:
            self._hold(worker)
            reply = worker.ask(self._frame)
            refusal = replies.refusal(reply.head)
            made = None if refusal else self._read(reply)
        except BrokenFrameError as error:
            self._release()
            self._crew.drop(worker, f"its answer does not hold: {error}")
            raise WorkerLostError(str(error)) from error
        except WorkerLostError as lost:
            self._release()
            self._crew.drop(worker, lost.why)
            raise
        self._release()
        self._crew.give_back(worker, last=bool(reply.head.get("last")))
        if made is None:
            raise refusal or AssertionError
        return made

    def _hold(self, worker: Worker) -> None:
        with self._lock:
            self._worker = worker
            if self._abandoned:
                worker.kill()

    def _release(self) -> None:
        with self._lock:
            self._worker = None
