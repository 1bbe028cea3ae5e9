"""How a synchronous function gets a connection and a transaction of its own."""

import logging
import sqlite3
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.domain.errors import StorageBusy

T = TypeVar("T")

log = logging.getLogger(__name__)

PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
"""SQLite's primary result codes that say nothing against our statements."""


PASSING_CLASSES = frozenset({"08", "40", "53", "57", "58"})
"""The same of PostgreSQL: connection, deadlock, resources, shutdown, system."""


class Scrubbed(StrEnum):
    """Whether something that was erased may still be in unused parts of the database's files."""

    DONE = "nothing is left"
    READ = "the log is being read: try again soon"
    LARGE = "the file is too large to write it anew in passing"


class Lane(Protocol):
    """Runs synchronous functions over a connection, each in a transaction of its own."""

    def run(self, work: Callable[[Connection], T]) -> Awaitable[T]:
        """Commit what *work* did and return its result, or roll back and raise what it raised.

        Raises:
            StorageBusy: nothing was done: the database is locked, full or out of reach.
        """
        ...


class EngineLane:
    """Runs work on the connections of an async engine."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Run *work* in a transaction of its own, as `Lane` promises."""
        try:
            async with self._engine.begin() as connection:
                return await connection.run_sync(work)
        except (DBAPIError, PoolTimeoutError, OSError) as error:
            raise_when_busy(error)
            raise


def raise_when_busy(error: Exception, passing: frozenset[int] = PASSING) -> None:
    """Raise StorageBusy from *error* when the database, not our statement, is what failed."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    gone = isinstance(error, DBAPIError) and error.connection_invalidated
    if not (gone or _is_passing(cause, passing)):
        return
    log.error("The database did not answer: %s: %s", type(cause).__name__, cause)
    raise StorageBusy from error


def _is_passing(cause: BaseException | None, passing: frozenset[int]) -> bool:
    if isinstance(cause, sqlite3.Error):
        return primary_code(cause) in passing
    if sqlstate := getattr(cause, "sqlstate", None):
        return sqlstate[:2] in PASSING_CLASSES
    return isinstance(cause, (PoolTimeoutError, OSError))


def primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code, or 0 where Python and not SQLite complained."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
