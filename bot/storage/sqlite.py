"""SQLite: one writer on a thread of its own, and readers that cannot write.

Two connections that checkpoint can damage the file with SQLite before 3.51.3, and writers that
share a pool wait for one another; so exactly one connection of exactly one process writes.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import create_async_engine

from bot.storage.address import SqliteFile
from bot.storage.lane import EngineLane, Lane
from bot.storage.migrate import upgrade_file
from bot.storage.sqlite_file import BUSY_SECONDS, claimed
from bot.storage.writer import WriterThread

_READERS = 4
_POOL_SECONDS = 10
_LINGERS = 1.0  # seconds that what a killed process had just begun may outlive it, lock and all
_READ_ONLY = {"mode": "ro", "uri": "true"}


@asynccontextmanager
async def open_sqlite(file: SqliteFile) -> AsyncGenerator[tuple[Lane, Lane]]:
    """Claim, check and migrate *file*, then give the lanes for writing and for reading.

    Raises:
        SetupError: it cannot be used; the text says why and what to do.
    """
    with claimed(file, wait=_LINGERS):
        await asyncio.to_thread(upgrade_file, file)
        async with _writer(file.path) as writes, _readers(file.path) as reads:
            yield writes, reads


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
