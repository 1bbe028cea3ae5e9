"""Starts unmodified processes of the bot against the loopback world, and ends them."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

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


class Process:
    """One process: its folder (also its working directory), its output, its end."""

    def __init__(
        self, folder: Path, arguments: tuple[str, ...], settings: Mapping[str, str]
    ) -> None:
        self.folder = folder
        self.arguments = arguments
        self.settings = settings
        self.started = 0.0
        self._log = folder / "log.txt"
        self._child: asyncio.subprocess.Process | None = None

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
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                *self.arguments,
                cwd=self.folder,
                env=clean_environment(self.folder, self.settings),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
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
        if self.running:
            self._child.send_signal(number)
        return await self.ended(within=within)

    async def kill(self) -> None:
        """End it at once, with its workers, as a power cut would; safe when it has ended."""
        if self._child is None:
            return
        with contextlib.suppress(ProcessLookupError):
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
    ) -> None:
        super().__init__(folder, arguments, {**discord.environment, **(settings or {})})
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
