"""Processes of the bot without its imports each time: one process imports, and forks each life.

Each life is a process of its own with its own session, folder, environment and files, as one that
was started in a shell; only what `import` does is shared. `nursery_process` is the one that forks.
"""

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from itertools import count
from tempfile import TemporaryFile
from threading import Thread
from typing import IO

from tests.process.processes import ROOT, Child, Start, clean_environment

PATIENCE = 60.0  # seconds for what ends by itself
NURSERY = ("-m", "tests.process.nursery_process")


@dataclass(frozen=True, slots=True)
class Born:
    """One life, known by the process id that it told."""

    pid: int
    end: "Future[int]"

    @property
    def returncode(self) -> int | None:
        return self.end.result() if self.end.done() else None

    def kill(self) -> None:
        with suppress(ProcessLookupError):  # it has just ended
            os.kill(self.pid, signal.SIGKILL)

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

    def bear(self, start: Start) -> "tuple[Future[int], Future[int]]":
        """Begin one life; return its process id and its exit code, once there are any."""
        number = next(self._numbers)
        birth = self._births[number] = Future[int]()
        end = self._ends[number] = Future[int]()
        told = {
            "number": number,
            "arguments": start.arguments,
            "folder": str(start.folder),
            "environment": dict(start.environment),
        }
        socket.send_fds(self._ours, [json.dumps(told).encode() + b"\n"], [start.out, start.err])
        return birth, end

    def close(self) -> None:
        """End the process that forks, and with it the lives that are left."""
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
    """Begin a process as `processes.started` does, for about a tenth of the processor time."""
    birth, end = _nursery().bear(start)
    return Born(await asyncio.shield(asyncio.wrap_future(birth)), end)


@contextmanager
def living(*arguments: str) -> Generator[tuple[Born, IO[str]]]:
    """Begin a process of Python's *arguments*; yield it and what it prints. It is ended with it."""
    reads, writes = os.pipe()
    birth, end = _nursery().bear(_plain(arguments, out=writes, err=2))
    os.close(writes)
    child = Born(birth.result(PATIENCE), end)
    with open(reads, encoding="utf-8") as lines:  # noqa: PTH123 - a pipe has no path
        try:
            yield child, lines
        finally:
            child.kill()
            end.result(PATIENCE)


def ran(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a process of Python's *arguments* to its end, as `subprocess.run` does."""
    with TemporaryFile("w+", encoding="utf-8") as out, TemporaryFile("w+", encoding="utf-8") as err:
        _, end = _nursery().bear(_plain(arguments, out=out.fileno(), err=err.fileno()))
        code = end.result(PATIENCE)
        said = [file.read() for file in (out, err) if not file.seek(0)]
    return subprocess.CompletedProcess(arguments, code, *said)


def _plain(arguments: tuple[str, ...], *, out: int, err: int) -> Start:
    environment = clean_environment(ROOT, {})
    return Start(arguments=arguments, folder=ROOT, environment=environment, out=out, err=err)
