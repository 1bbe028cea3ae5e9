"""Processes of the bot without its imports each time: one process imports, and forks each life.

Each life is a process of its own with its own session, folder, environment and files, as one that
was started in a shell; only what `import` does is shared. `nursery_process` is the one that forks.
"""

import asyncio
import atexit
import json
import socket
import subprocess
import sys
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from itertools import count
from threading import Thread

from tests.process.processes import ROOT, Child, Start, clean_environment

NURSERY = ("-m", "tests.process.nursery_process")


@dataclass(frozen=True, slots=True)
class Born:
    """One life, known by the process id that it told."""

    pid: int
    end: "Future[int]"

    @property
    def returncode(self) -> int | None:
        return self.end.result() if self.end.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(asyncio.wrap_future(self.end))


class Nursery:
    """Starts lives for every event loop of this process; ends with it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, *NURSERY],
                cwd=ROOT,
                env=clean_environment(ROOT, {}),
                stdin=theirs.fileno(),
                start_new_session=True,
            )
        self._ours = ours
        self._numbers = count()
        self._births: dict[int, Future[int]] = {}
        self._ends: dict[int, Future[int]] = {}
        self._listener = Thread(target=self._listen, name="nursery", daemon=True)
        self._listener.start()

    async def bear(self, start: Start) -> Child:
        """Begin one life, whose arguments are those of `python -m`."""
        option, *words = start.arguments
        assert option == "-m", start.arguments
        number = next(self._numbers)
        birth = self._births[number] = Future[int]()
        end = self._ends[number] = Future[int]()
        told = {
            "number": number,
            "words": words,
            "folder": str(start.folder),
            "environment": dict(start.environment),
        }
        socket.send_fds(self._ours, [json.dumps(told).encode() + b"\n"], [start.out, start.err])
        return Born(await asyncio.shield(asyncio.wrap_future(birth)), end)

    def close(self) -> None:
        """End the process that forks; no life may be left."""
        self._ours.shutdown(socket.SHUT_WR)
        self._process.wait()
        self._listener.join()
        self._ours.close()

    def _listen(self) -> None:
        """Hear of births and ends until there is nothing more to hear."""
        with self._ours.makefile("rb") as heard:
            for line in heard:
                told = json.loads(line)
                if "pid" in told:
                    self._births.pop(told["number"]).set_result(told["pid"])
                else:
                    self._ends.pop(told["number"]).set_result(told["code"])
        for lost in (*self._births.values(), *self._ends.values()):
            lost.set_exception(ChildProcessError("the nursery ended before this life"))


@cache
def _nursery() -> Nursery:
    nursery = Nursery()
    atexit.register(nursery.close)
    return nursery


async def born(start: Start) -> Child:
    """Begin a process as `processes.started` does, for about a quarter of the processor time."""
    return await _nursery().bear(start)
