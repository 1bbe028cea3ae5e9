"""The file of a SQLite database: claimed by one process, looked at, never overwritten."""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from bot.domain.errors import DatabaseInUse, SetupError
from bot.storage.address import SqliteFile
from bot.storage.lane import primary_code

BUSY_SECONDS = 1.2
"""How long a write waits, queue and locks together, before it is refused."""

_OWNER_ONLY = 0o600  # it holds prompts
_MAGIC = b"SQLite format 3\0"
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL")


@contextmanager
def claimed(file: SqliteFile, wait: float = 0) -> Generator[None]:
    """Hold the file for this process alone, its directory made and its bytes looked at.

    Args:
        file: the database.
        wait: seconds to wait for another process to let go of it.

    Raises:
        SetupError: another process uses it, or it cannot be used; the text says what to do.
    """
    _make_directory(file.path.parent)
    lock = FileLock(file.lock, thread_local=False)
    try:
        lock.acquire(timeout=wait)
    except Timeout:
        raise DatabaseInUse(
            f"Another Easel already uses {file.path}; stop it first, or name another file in "
            "DATABASE_URL."
        ) from None
    except OSError as error:
        raise _unwritable(file.path.parent, error) from None
    try:
        _look_at(file.path)
        yield
    finally:
        lock.release()


def connect(path: Path, *, foreign_keys: bool = True) -> sqlite3.Connection:
    """Open the file for writing; transactions are begun explicitly.

    Raises:
        SetupError: SQLite cannot use it.
    """
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        for pragma in (*_PRAGMAS, f"foreign_keys={'ON' if foreign_keys else 'OFF'}"):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error as error:
        connection.close()
        raise _unusable(path, error) from None
    return connection


def writing_engine(path: Path, *, foreign_keys: bool = True) -> Engine:
    """Return an engine whose transactions take the write lock when they begin."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: connect(path, foreign_keys=foreign_keys),
        poolclass=NullPool,
        hide_parameters=True,
    )
    event.listen(engine, "begin", _begin_immediate)
    return engine


def driver(connection: Connection) -> sqlite3.Connection:
    """Return SQLite's own connection under *connection*."""
    return cast("sqlite3.Connection", connection.connection.driver_connection)


def check_whole(path: Path) -> None:
    """Read the whole file and compare it with itself.

    Raises:
        SetupError: it is damaged.
    """
    try:
        with closing(connect(path)) as connection:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise _unusable(path, error) from None
    if answer != "ok":
        raise _damaged(path)


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(directory, error) from None


def _look_at(path: Path) -> None:
    try:
        if not path.exists():
            path.touch(mode=_OWNER_ONLY)  # SQLite's own files beside it follow
        with path.open("r+b") as file:
            start = file.read(len(_MAGIC))
    except IsADirectoryError:
        raise SetupError(f"{path} is a directory; DATABASE_URL must name a file in it.") from None
    except OSError as error:
        raise SetupError(
            f"{path} cannot be written ({error.strerror}); give the user that runs Easel write "
            "access to it, or set DATABASE_URL to another file."
        ) from None
    if start and start != _MAGIC:
        raise SetupError(
            f"{path} is not a SQLite database and was left as it is; restore a backup over it, or "
            "set DATABASE_URL to another file."
        )


def _unwritable(directory: Path, error: OSError) -> SetupError:
    return SetupError(
        f"The directory {directory} cannot be written ({error.strerror}); give the user that runs "
        "Easel write access to it, or set DATABASE_URL to a file elsewhere."
    )


def _unusable(path: Path, error: sqlite3.Error) -> SetupError:
    match primary_code(error):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return SetupError(f"Another program has locked {path}; close it and start again.")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return _damaged(path)
        case _:
            return SetupError(
                f"{path} cannot be used ({error}); check the disk's free space and that the user "
                "that runs Easel may write to the file, its directory and the files beside it."
            )


def _damaged(path: Path) -> SetupError:
    return SetupError(
        f"The database {path} is damaged and was left as it is; restore your last backup over it "
        "and start again."
    )
