"""SQLite: one writer on a thread of its own, and readers that cannot write.

Two connections that checkpoint can damage the file with SQLite before 3.51.3, and writers that
share a pool wait for one another; so exactly one connection of exactly one process writes.
"""

import asyncio
import sqlite3
from asyncio import Future
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from bot.storage.address import SqliteFile
from bot.storage.lane import PASSING, EngineLane, Lane, raise_when_busy
from bot.storage.migrate import upgrade_file
from bot.storage.sqlite_file import BUSY_SECONDS, claimed, driver, writing_engine

T = TypeVar("T")

_READERS = 4
_POOL_SECONDS = 10
_READ_ONLY = {"mode": "ro", "uri": "true"}


@asynccontextmanager
async def open_sqlite(file: SqliteFile) -> AsyncGenerator[tuple[Lane, Lane]]:
    """Claim, check and migrate *file*, then give the lanes for writing and for reading.

    Raises:
        SetupError: it cannot be used; the text says why and what to do.
    """
    with claimed(file):
        await asyncio.to_thread(upgrade_file, file)
        async with _writer(file.path) as writes, _readers(file.path) as reads:
            yield writes, reads


class WriterThread:
    """Runs units of work one after another on the one connection that writes.

    A caller waits at most `BUSY_SECONDS` for the units before it and for locks of other programs
    together: when a lock stays, everyone in the queue is told at once.
    """

    def __init__(self, path: Path) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="easel-writer")
        self._engine = writing_engine(path)

    async def open(self) -> None:
        """Connect, on the thread that will write. Raises SetupError."""
        self._connection = await self._hop(self._engine.connect)

    async def close(self) -> None:
        """Finish the units of work that were handed over, then disconnect."""
        await self._hop(self._connection.close)
        self._thread.shutdown()

    def run(self, work: Callable[[Connection], T]) -> Future[T]:
        """Run *work* in a transaction of its own, as `Lane` promises."""
        return self._hop(partial(self._unit, work, perf_counter() + BUSY_SECONDS))

    def _hop(self, function: Callable[[], T]) -> Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._thread, function)

    def _unit(self, work: Callable[[Connection], T], deadline: float) -> T:
        connection = self._connection
        patience = max(0, int((deadline - perf_counter()) * 1000))
        try:
            driver(connection).execute(f"PRAGMA busy_timeout={patience}")
            with connection.begin():
                return work(connection)
        except DBAPIError as error:
            raise_when_busy(error, PASSING | {sqlite3.SQLITE_READONLY})
            raise


@asynccontextmanager
async def _writer(path: Path) -> AsyncGenerator[Lane]:
    writer = WriterThread(path)
    await writer.open()
    try:
        yield writer
    finally:
        await writer.close()


@asynccontextmanager
async def _readers(path: Path) -> AsyncGenerator[Lane]:
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=f"file:{quote(str(path))}", query=_READ_ONLY),
        connect_args={"isolation_level": None, "timeout": BUSY_SECONDS},
        pool_size=_READERS,
        max_overflow=0,
        pool_timeout=_POOL_SECONDS,
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "begin", _begin)
    try:
        yield EngineLane(engine)
    finally:
        await engine.dispose()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
