"""One seam to the database: a unit of work goes in whole, and an answer comes out.

Everything that is stored is written by a plain synchronous function over a `Connection`::

    booking = await database.write(partial(book, claim))

which is one transaction and one hop, and is never half done.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeVar

from sqlalchemy import Connection

from bot.storage.address import SqliteFile, parse
from bot.storage.lane import Lane, Scrubbed
from bot.storage.postgresql import open_postgresql
from bot.storage.sqlite import open_sqlite
from bot.storage.writer import WriterThread

__all__ = ["SMALL", "Connection", "Database", "Scrubbed", "open_database"]

T = TypeVar("T")

SMALL: Final = 64_000_000
"""Bytes of a SQLite file that are written anew in passing: measured, in 0.6 seconds."""


class Database:
    """The database of one running Easel; made by `open_database`."""

    def __init__(self, writes: Lane, reads: Lane) -> None:
        self._writes = writes
        self._reads = reads

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run *work* in one transaction: commit when it returns, roll back when it raises.

        Once begun, the unit of work ends one way or the other even when the caller is cancelled;
        the cancellation is delivered after that.

        Raises:
            StorageBusy: nothing was written: the database is locked, full or out of reach.
        """
        return await _to_its_end(self._writes.run(work))

    async def read(self, question: Callable[[Connection], T]) -> T:
        """Answer *question* from one consistent snapshot; writing is refused.

        Raises:
            StorageBusy: the database is out of reach.
        """
        return await _to_its_end(self._reads.run(question))  # pools mind being cancelled

    async def scrub(self, most: int | None = SMALL) -> Scrubbed:
        """Make sure that what was erased is not left in unused parts of the database's files.

        A file of more than *most* bytes is not written anew, which keeps everybody from writing
        for a second for each 100 MB; its log is emptied all the same. On a PostgreSQL server that
        is autovacuum's work.

        Raises:
            StorageBusy: the database is locked, full or out of reach.
        """
        if isinstance(self._writes, WriterThread):
            return await _to_its_end(self._writes.scrub(most))
        return Scrubbed.DONE


@asynccontextmanager
async def open_database(url: str) -> AsyncGenerator[Database]:
    """Open the database at *url*, migrated to this version of Easel, and close it again.

    Raises:
        SetupError: it cannot be used; the text says why and what to do.
    """
    address = parse(url)
    lanes = open_sqlite(address) if isinstance(address, SqliteFile) else open_postgresql(address)
    async with lanes as (writes, reads):
        yield Database(writes, reads)


async def _to_its_end(unit: Awaitable[T]) -> T:
    running = asyncio.ensure_future(unit)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        while not running.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({running})
        running.exception()  # seen, so that it is not reported as forgotten
        raise
