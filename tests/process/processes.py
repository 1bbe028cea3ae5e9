"""Starts unmodified processes of the bot against the loopback world, and ends them.

How one begins is its `Launch`: `started` by its command line, or born ready (`nursery.born`).
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from tests.fakes.discord_api import FakeDiscord

ROOT = Path(__file__).parents[2]
RUN = ("-m", "bot", "run")
KEPT = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH")


def clean_environment(folder: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with nothing of the caller's but the path, and *settings*."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    ours = {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
    }
    return {**kept, **ours, **settings}


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a process begins with: Python's arguments, all of its environment, its open files."""

    arguments: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    out: int
    err: int


class Child(Protocol):
    """A process as its parent knows it. *returncode* is negative where a signal ended it."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    async def wait(self) -> int: ...


Launch = Callable[[Start], Awaitable[Child]]


async def started(start: Start) -> Child:
    """Start a process of its own session, as one starts it in a shell."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *start.arguments,
        cwd=start.folder,
        env=start.environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=start.out,
        stderr=start.err,
        start_new_session=True,
    )


class Process:
    """One process: its folder (also its working directory), its output, its end."""

    def __init__(
        self,
        folder: Path,
        arguments: tuple[str, ...],
        settings: Mapping[str, str],
        *,
        launch: Launch = started,
    ) -> None:
        self.folder = folder
        self.arguments = arguments
        self.settings = settings
        self.started = 0.0
        self._launch = launch
        self._log = folder / "log.txt"
        self._child: Child | None = None

    @property
    def log(self) -> str:
        """All that the process has written, to either stream."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.returncode is None

    async def start(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.started = time.perf_counter()
        with self._log.open("ab") as log:
            self._child = await self._launch(
                Start(
                    arguments=self.arguments,
                    folder=self.folder,
                    environment=clean_environment(self.folder, self.settings),
                    out=log.fileno(),
                    err=log.fileno(),
                )
            )
        return self

    async def ended(self, *, within: float = 40.0) -> int:
        """Wait for the end and return the exit code. Raises TimeoutError."""
        assert self._child is not None
        try:
            return await asyncio.wait_for(self._child.wait(), within)
        except TimeoutError:
            raise TimeoutError(
                f"{self.arguments} still runs after {within} s:\n{self.log}"
            ) from None

    async def stop(self, number: signal.Signals = signal.SIGTERM, *, within: float = 40.0) -> int:
        """Send a signal and return the exit code."""
        assert self._child is not None
        with contextlib.suppress(ProcessLookupError):  # it may just have ended
            if self.running:
                os.kill(self._child.pid, number)
        return await self.ended(within=within)

    async def kill(self) -> None:
        """End it at once, with its workers, as a power cut would; safe when it has ended."""
        if self._child is None:
            return
        with contextlib.suppress(ProcessLookupError):  # its workers may outlive it for a moment
            os.killpg(self._child.pid, signal.SIGKILL)
        await self._child.wait()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.kill()


class BotProcess(Process):
    """A bot that is connected to a loopback Discord."""

    def __init__(
        self,
        discord: FakeDiscord,
        folder: Path,
        *,
        arguments: tuple[str, ...] = RUN,
        settings: Mapping[str, str] | None = None,
        launch: Launch = started,
    ) -> None:
        told = {**discord.environment, **(settings or {})}
        super().__init__(folder, arguments, told, launch=launch)
        self.discord = discord

    async def ready(self, *, within: float = 60.0) -> float:
        """Return the seconds from the start of the process to the READY that it was sent.

        Raises:
            AssertionError: it ended instead.
            TimeoutError: neither happened.
        """
        before = set(self.discord.gateway.sessions)
        end = asyncio.ensure_future(self.ended(within=within))
        end.add_done_callback(lambda _: self.discord.notify())

        def connected() -> bool:
            fresh = set(self.discord.gateway.sessions) - before
            return end.done() or any(self.discord.gateway.sessions[key].connection for key in fresh)

        try:
            await self.discord.until(connected, within=within, what="READY")
            assert not end.done(), f"ended with {end.result()}:\n{self.log}"
            return time.perf_counter() - self.started
        finally:
            end.cancel()
