"""The unmodified bot, told from outside at which moment the power goes: `Moment` says which.

As a process (`python -m tests.process.dying_bot`) it puts a trap around one method of the bot
before it runs, in this process only; the product knows nothing of it. It also sets the bot's clock
ahead, so that a long pause between two lives takes no time.
"""

import asyncio
import functools
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Literal

from bot.__main__ import main as bot
from bot.domain.clock import SystemClock
from bot.storage.database import Database

VARIABLE = "CRASH_AT"
AHEAD = "CRASH_SECONDS_AHEAD"
DURING = 0.02  # seconds for what was begun to be under way

When = Literal["before", "within", "during", "after"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When it dies: at the *number*th time of *what*.

    Attributes:
        what: a unit of work by where it is written (``Books.calling``, ``*`` is any), or a method
            by its module (``bot.services.prechecks:Prechecks.look``).
        when: before it, after it (a unit of work: committed), within it (a unit of work: all
            written and not committed), or during it (a method: begun).
    """

    what: str
    when: When
    number: int = 1

    @property
    def settings(self) -> dict[str, str]:
        return {VARIABLE: json.dumps(asdict(self))}


def die() -> None:
    """End this process and its workers at once, as a power cut would."""
    os.killpg(os.getpgrp(), signal.SIGKILL)


class _Trap:
    def __init__(self, moment: Moment) -> None:
        self.moment = moment
        self._seen = 0

    def set(self) -> None:
        module, _, path = self.moment.what.partition(":")
        if path:
            holder, _, name = path.rpartition(".")
            owner = getattr(import_module(module), holder)
            setattr(owner, name, self._around(getattr(owner, name)))
            return
        setattr(Database, "write", self._writing(Database.write))  # noqa: B010 - a trap

    def _now(self) -> bool:
        self._seen += 1
        return self._seen == self.moment.number

    def _around(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        async def trapped(*args: Any, **values: Any) -> Any:
            now, when = self._now(), self.moment.when
            if now and when == "before":
                die()
            if now and when == "during":
                asyncio.get_running_loop().call_later(DURING, die)
            result = await method(*args, **values)
            if now:
                die()
            return result

        return trapped

    def _writing(self, write: Callable[..., Any]) -> Callable[..., Any]:
        async def trapped(database: Any, work: Callable[[Any], Any]) -> Any:
            named = self.moment.what in {"*", _name(work)}
            now, when = named and self._now(), self.moment.when
            if now and when == "before":
                die()
            result = await write(database, _then_die(work) if now and when == "within" else work)
            if now:
                die()
            return result

        return trapped


def _name(work: object) -> str:
    return getattr(work, "__qualname__", "").partition(".<locals>")[0]


def _then_die(work: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def to_its_end(connection: Any) -> None:
        work(connection)
        die()

    return to_its_end


def _set_ahead(seconds: float) -> None:
    now = SystemClock.now

    def later(clock: SystemClock) -> datetime:
        return now(clock) + timedelta(seconds=seconds)

    setattr(SystemClock, "now", later)  # noqa: B010 - a trap


def main() -> None:
    """Run the bot with what the environment says."""
    if ahead := float(os.environ.get(AHEAD) or 0):
        _set_ahead(ahead)
    if told := os.environ.get(VARIABLE):
        _Trap(Moment(**json.loads(told))).set()
    sys.argv[1:] = ["run"]
    bot()


if __name__ == "__main__":
    main()
