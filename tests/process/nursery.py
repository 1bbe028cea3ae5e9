"""Many lives of the bot without its imports each time: one process imports, and forks each life.

Each life is a process of its own with its own session, folder, environment and log, as one that
was started in a shell; only what `import` does is shared. As a process: `-m tests.process.nursery`.
"""

import asyncio
import json
import os
import select
import signal
import sys
import traceback
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, NoReturn, Self

import cogs
from tests.fakes.discord_api import FakeDiscord
from tests.process.dying_bot import main as live
from tests.process.processes import ROOT, BotProcess, clean_environment

NURSERY = ("-m", "tests.process.nursery")
NEEDED = (
    "aiosqlite",
    "alembic.command",
    "bot.providers.openai_images",
    "bot.running",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    *(f"cogs.{each.name}" for each in iter_modules(cogs.__path__)),
)


class Nursery:
    """Starts lives; made by `open_nursery`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._born: asyncio.Queue[int] = asyncio.Queue()
        self._ends: dict[int, asyncio.Future[int]] = {}
        self._one = asyncio.Lock()

    async def listen(self) -> None:
        """Hear of births and deaths until there is nothing more to hear."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            told = json.loads(line)
            if "code" in told:
                end = self._ends[told["pid"]]
                if not end.done():
                    end.set_result(told["code"])
                continue
            self._ends[told["pid"]] = asyncio.get_running_loop().create_future()
            self._born.put_nowait(told["pid"])

    async def bear(
        self, folder: Path, environment: dict[str, str]
    ) -> tuple[int, asyncio.Future[int]]:
        """Start one life and return its process id, and its exit code once there is one."""
        assert self._process.stdin is not None
        async with self._one:
            told = json.dumps({"folder": str(folder), "environment": environment})
            self._process.stdin.write(told.encode() + b"\n")
            pid = await self._born.get()
        return pid, self._ends[pid]


@asynccontextmanager
async def open_nursery() -> AsyncGenerator[Nursery]:
    """Start the process that forks, and end it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *NURSERY,
        cwd=ROOT,
        env=clean_environment(ROOT, {}),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    nursery = Nursery(process)
    listening = asyncio.create_task(nursery.listen())
    try:
        yield nursery
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await listening
        await process.wait()


class BornBot(BotProcess):
    """A bot that was forked instead of started."""

    def __init__(
        self, nursery: Nursery, discord: FakeDiscord, folder: Path, settings: dict[str, str]
    ) -> None:
        super().__init__(discord, folder, settings=settings)
        self._nursery = nursery
        self._pid = 0
        self._end: asyncio.Future[int] | None = None

    @property
    def pid(self) -> int:
        return self._pid

    @property
    def running(self) -> bool:
        return self._end is not None and not self._end.done()

    async def start(self) -> Self:
        environment = clean_environment(self.folder, self.settings)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._pid, self._end = await self._nursery.bear(self.folder, environment)
        return self

    async def ended(self, *, within: float = 40.0) -> int:
        assert self._end is not None
        try:
            return await asyncio.wait_for(asyncio.shield(self._end), within)
        except TimeoutError:
            raise TimeoutError(f"it still runs after {within} s:\n{self.log}") from None

    async def stop(self, number: signal.Signals = signal.SIGTERM, *, within: float = 40.0) -> int:
        if self.running:
            os.kill(self._pid, number)
        return await self.ended(within=within)

    async def kill(self) -> None:
        if self.running:
            with suppress(ProcessLookupError):
                os.killpg(self._pid, signal.SIGKILL)
            await self.ended()


def _live(told: dict[str, Any]) -> NoReturn:
    """Be one life, in the child."""
    code = 1
    try:
        os.setsid()
        os.chdir(told["folder"])
        log = os.open("log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        for number, end in ((0, null), (1, log), (2, log)):
            os.dup2(end, number)
        os.environ.clear()
        os.environ.update(told["environment"])
        live()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - a child never goes on as its parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _tell(**told: int) -> None:
    os.write(1, json.dumps(told).encode() + b"\n")


def main() -> None:
    """Import what a life needs, then fork one for each line that is read."""
    for name in NEEDED:
        import_module(name)
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, _heard)
    _listen(woken)


def _heard(number: int, frame: object) -> None:
    """Let the death of a child wake this process; `_bury` does the rest."""


def _listen(woken: int) -> None:
    waiting, children = b"", set[int]()
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _bury(children)
        if 0 in ready:
            data = os.read(0, 1 << 16)
            if not data:
                return
            waiting += data
            *lines, waiting = waiting.split(b"\n")
            for line in lines:
                _bear(line, children)


def _bear(line: bytes, children: set[int]) -> None:
    pid = os.fork()
    if not pid:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _live(json.loads(line))
    children.add(pid)
    _tell(pid=pid)


def _bury(children: set[int]) -> None:
    for pid in list(children):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            children.discard(pid)
            _tell(pid=pid, code=os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
