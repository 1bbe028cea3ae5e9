"""The one connection that writes to SQLite, on a thread of its own.

Units of work that wait are committed together, each behind a savepoint: one that raises is undone
alone, and the disk is waited for once.
"""

import asyncio
import sqlite3
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from time import perf_counter
from traceback import clear_frames
from typing import Any, Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from bot.domain.errors import StorageBusy
from bot.storage.lane import PASSING, Scrubbed, raise_when_busy
from bot.storage.sqlite_file import BUSY_SECONDS, driver, writing_engine

T = TypeVar("T")

_TOGETHER: Final = 64
"""How many units are committed together at most."""

_SIZES: Final = ("count", "size")
_REFUSING = PASSING | {sqlite3.SQLITE_READONLY}


@dataclass(slots=True)
class _Unit:
    """Work that waits for its turn, and what became of it."""

    work: Callable[[Connection], Any]
    future: Future[Any]
    deadline: float
    is_apart: bool = False
    result: Any = None
    error: BaseException | None = None


class WriterThread:
    """Runs units of work one after another on the one connection that writes.

    A caller waits at most `BUSY_SECONDS` for the units before it and for locks of other programs
    together: when a lock stays, everyone in the queue is told at once.
    """

    def __init__(self, path: Path) -> None:
        self._engine = writing_engine(path)
        self._units = SimpleQueue[_Unit | None]()
        self._thread = Thread(target=self._serve, name="easel-writer", daemon=True)

    async def open(self) -> None:
        """Connect, on the thread that will write. Raises SetupError."""
        self._loop = asyncio.get_running_loop()
        self._opened: Future[None] = self._loop.create_future()
        self._closed: Future[None] = self._loop.create_future()
        self._thread.start()
        await self._opened

    async def close(self) -> None:
        """Finish the units of work that were handed over, then disconnect."""
        self._units.put(None)
        await self._closed
        self._thread.join()

    def run(self, work: Callable[[Connection], T]) -> Future[T]:
        """Run *work* in a transaction of its own, as `Lane` promises."""
        return self._hand_over(work)

    def scrub(self, most: int | None) -> Future[Scrubbed]:
        """Write the file anew where it has at most *most* bytes, and empty its log.

        Nobody writes meanwhile: about a second for each 100 MB.
        """
        return self._hand_over(partial(_scrub, most=most), is_apart=True)

    def _hand_over(self, work: Callable[[Connection], T], *, is_apart: bool = False) -> Future[T]:
        future: Future[T] = self._loop.create_future()
        self._units.put(_Unit(work, future, perf_counter() + BUSY_SECONDS, is_apart))
        return future

    def _serve(self) -> None:
        try:
            connection = self._engine.connect()
        except BaseException as error:  # noqa: BLE001 - it is raised where it was waited for
            _tell_one(self._loop, self._opened, error)
            return
        _tell_one(self._loop, self._opened, None)
        while units := self._next():
            self._together(connection, units)
            _tell(self._loop, units)
        connection.close()
        _tell_one(self._loop, self._closed, None)

    def _next(self) -> list[_Unit]:
        """Return the units that wait, once there is one; none when it is time to end."""
        first = self._units.get()
        units = [] if first is None else [first]
        with suppress(Empty):
            while units and len(units) < _TOGETHER:
                more = self._units.get_nowait()
                if more is None:
                    self._units.put(None)
                    break
                units.append(more)
        return units

    def _together(self, connection: Connection, units: Sequence[_Unit]) -> None:
        """Run *units* in one transaction; what is lost with it is told so, the rest goes on."""
        while units:
            units = units[_batch(connection, units) :]


def _batch(connection: Connection, units: Sequence[_Unit]) -> int:
    """Run as many of *units* as one transaction takes; return how many came to their end."""
    alone = next((i for i, unit in enumerate(units) if unit.is_apart), None)
    if alone == 0:
        _apart(connection, units[0])
        return 1
    units = units[:alone]
    try:
        plain = driver(connection)
        plain.execute(f"PRAGMA busy_timeout={_patience(units[0])}")
        with connection.begin() as transaction:
            for ran, unit in enumerate(units):
                _one(connection, plain, unit)
                if not plain.in_transaction:  # SQLite gave all of it up
                    transaction.rollback()
                    _refuse(units[:ran], StorageBusy())
                    return ran + 1
    except BaseException as error:  # noqa: BLE001 - it is raised where it was waited for
        _refuse(units, _in_our_words(error))
    return len(units)


def _one(connection: Connection, plain: sqlite3.Connection, unit: _Unit) -> None:
    plain.execute("SAVEPOINT unit")
    try:
        unit.result = unit.work(connection)
    except BaseException as error:  # noqa: BLE001 - it is raised where it was waited for
        unit.error = _in_our_words(error)
        clear_frames(error.__traceback__)  # a cursor that is kept there would bar what comes next
        if plain.in_transaction:
            plain.execute("ROLLBACK TO unit")
    if plain.in_transaction:
        plain.execute("RELEASE unit")


def _apart(connection: Connection, unit: _Unit) -> None:
    """Run what cannot be done within a transaction."""
    try:
        driver(connection).execute(f"PRAGMA busy_timeout={_patience(unit)}")
        unit.result = unit.work(connection)
    except BaseException as error:  # noqa: BLE001 - it is raised where it was waited for
        unit.error = _in_our_words(error)


def _scrub(connection: Connection, most: int | None) -> Scrubbed:
    """Do what `WriterThread.scrub` says.

    SQLite overwrites what is deleted, but not copies that a page keeps between its cells when half
    of them move to another page; only pages that are written anew have none.
    """
    plain = driver(connection)
    ((pages,), (size,)) = (plain.execute(f"PRAGMA page_{each}").fetchone() for each in _SIZES)
    is_small = most is None or pages * size <= most
    if is_small:
        plain.execute("VACUUM")
    busy, *_ = plain.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        return Scrubbed.READ
    return Scrubbed.DONE if is_small else Scrubbed.LARGE


def _refuse(units: Sequence[_Unit], error: BaseException) -> None:
    """Let what was done for *units* be undone: nothing of it is stored."""
    for unit in units:
        if unit.error is None:
            unit.error = StorageBusy() if isinstance(error, StorageBusy) else error
            unit.error.__cause__ = error.__cause__


def _in_our_words(error: BaseException) -> BaseException:
    """Return StorageBusy where the database, not our statement, is what failed."""
    if isinstance(error, (DBAPIError, sqlite3.Error)):
        try:
            raise_when_busy(error, _REFUSING)
        except StorageBusy as busy:
            return busy
    return error


def _patience(unit: _Unit) -> int:
    return max(0, int((unit.deadline - perf_counter()) * 1000))


def _tell(loop: AbstractEventLoop, units: Sequence[_Unit]) -> None:
    def told() -> None:
        for unit in units:
            if unit.future.done():
                continue
            if unit.error is not None:
                unit.future.set_exception(unit.error)
            else:
                unit.future.set_result(unit.result)

    with suppress(RuntimeError):  # the loop has ended, and nobody waits
        loop.call_soon_threadsafe(told)


def _tell_one(loop: AbstractEventLoop, future: Future[None], error: BaseException | None) -> None:
    def told() -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(None)

    with suppress(RuntimeError):
        loop.call_soon_threadsafe(told)
