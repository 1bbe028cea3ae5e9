"""Image workers that go from test to test, as in the bot from request to request: each starts once.

A worker that was killed, that did its share, or that is at work when its crew ends is not kept.
"""

import atexit
import threading
from collections import defaultdict

from bot.imaging.crew import Crew
from bot.imaging.process import Worker
from bot.imaging.values import Limits

_lock = threading.Lock()
_kept: defaultdict[Limits, list[Worker]] = defaultdict(list)


class KeptCrew(Crew):
    """A crew that takes over the idle workers of those before it, and leaves its own."""

    def take(self) -> Worker:
        with self._lock, _lock:
            if not (self._closing or self._idle) and _kept[self._limits]:
                worker = _kept[self._limits].pop()
                self._idle.append(worker)
                self._all.add(worker)
        return super().take()

    def stop(self) -> None:
        with self._lock, _lock:
            _kept[self._limits] += self._idle
            self._all.difference_update(self._idle)
            self._idle.clear()
        super().stop()


@atexit.register
def _end() -> None:
    for workers in _kept.values():
        for worker in workers:
            worker.close()
