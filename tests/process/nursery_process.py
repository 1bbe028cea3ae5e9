"""The process that forks: `-m tests.process.nursery_process`, its standard input a socket.

Each line that it reads is a life to begin, with two open files: where that writes to. Each life
tells its birth, and this process its end.
"""

import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, NoReturn

import cogs

NEEDED = (
    "aiosqlite",
    "alembic.command",
    "bot.errands",
    "bot.logs",
    "bot.providers.openai_images",
    "bot.running",
    "bot.storage.backup",
    "bot.storage.check_ledger",
    "click",
    "dotenv",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    *(f"cogs.{each.name}" for each in iter_modules(cogs.__path__)),
)
"""All but `bot.__main__`, which every life runs anew."""


class Parent:
    """Forks for each line of *asked*, and buries."""

    def __init__(self, asked: socket.socket) -> None:
        self._asked = asked
        self._woken, self._waker = os.pipe()
        self._lives: dict[int, int] = {}
        self._waiting = b""
        self._files: list[int] = []

    def listen(self) -> None:
        """Return when nobody asks any more."""
        os.set_blocking(self._waker, False)
        signal.set_wakeup_fd(self._waker)
        signal.signal(signal.SIGCHLD, _heard)
        while True:
            ready, _, _ = select.select([self._asked, self._woken], [], [])
            if self._woken in ready:
                os.read(self._woken, 4096)
                self._bury()
            if self._asked in ready and not self._hear():
                return

    def end_all(self) -> None:
        """End what still lives, with its workers: nobody waits for it any more."""
        for pid in self._lives:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def _hear(self) -> bool:
        data, files, _, _ = socket.recv_fds(self._asked, 1 << 16, 8)
        self._files += files
        self._waiting += data
        *lines, self._waiting = self._waiting.split(b"\n")
        for line in lines:
            self._bear(json.loads(line))
        return bool(data)

    def _bear(self, told: dict[str, Any]) -> None:
        out, err = self._files[:2]
        del self._files[:2]
        pid = os.fork()
        if not pid:
            self._leave()
            _live(told, self._asked, out, err)
        self._lives[pid] = told["number"]
        os.close(out)
        os.close(err)

    def _leave(self) -> None:
        """Forget, in the child, what is the parent's."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for each in (self._woken, self._waker, *self._files):
            os.close(each)

    def _bury(self) -> None:
        for pid in list(self._lives):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                number = self._lives.pop(pid)
                _tell(self._asked, number=number, code=os.waitstatus_to_exitcode(status))


def _heard(number: int, frame: object) -> None:
    """Let the death of a child wake this process; `Parent` does the rest."""


def _tell(asked: socket.socket, **told: int) -> None:
    asked.sendall(json.dumps(told).encode() + b"\n")


def _live(told: dict[str, Any], asked: socket.socket, out: int, err: int) -> NoReturn:
    """Be one life, in the child, as a process that Python was started for."""
    code = 1
    try:
        os.setsid()  # before its birth is known, so that it can be killed with its workers
        os.chdir(told["folder"])
        _tell(asked, number=told["number"], pid=os.getpid())
        asked.close()
        null = os.open(os.devnull, os.O_RDONLY)
        for number, end in ((0, null), (1, out), (2, err)):
            os.dup2(end, number)
        for each in (null, out, err):
            os.close(each)
        os.environ.clear()
        os.environ.update(told["environment"])
        time.tzset()
        _run(*told["arguments"])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - a child never goes on as its parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run(option: str, what: str, *words: str) -> None:
    """Run *what* as Python runs it with the option ``-m`` or ``-c``."""
    sys.argv[:] = [option, *words]
    if option == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 - a test's


def main() -> None:
    """Import what a life needs, then fork one for each line that is read."""
    for name in NEEDED:
        import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a life copies none of it
    with socket.socket(fileno=os.dup(0)) as asked:
        parent = Parent(asked)
        try:
            parent.listen()
        finally:
            parent.end_all()


if __name__ == "__main__":
    main()
