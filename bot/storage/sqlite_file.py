"""The file of a SQLite database: claimed by one process, looked at, never overwritten."""

import logging
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Final, cast
from urllib.parse import quote

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from bot.domain.errors import DatabaseInUse, SetupError
from bot.storage.address import SqliteFile
from bot.storage.lane import primary_code

BUSY_SECONDS = 1.2
"""How long a write waits, queue and locks together, before it is refused."""

OWNER_ONLY: Final = 0o600
"""The mode of the database and of everything that is made of it: it holds prompts."""

log = logging.getLogger(__name__)

_LARGE = 500_000_000  # bytes; measured: half a second for each 200 MB that are in memory
_SLOW = 2.0  # seconds
_MAGIC = b"SQLite format 3\0"
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON")


class DamagedError(SetupError):
    """The file is damaged, or no SQLite database at all."""


@contextmanager
def claimed(file: SqliteFile, wait: float = 0) -> Generator[None]:
    """Hold the file for this process alone, its directory made and its bytes looked at.

    Args:
        file: the database.
        wait: seconds to wait for another process to let go of it.

    Raises:
        SetupError: another process uses it, or it cannot be used; the text says what to do.
    """
    with locked(file, wait):
        _refuse_half_of_one(file)
        _look_at(file.path)
        yield


@contextmanager
def locked(file: SqliteFile, wait: float = 0) -> Generator[None]:
    """Keep every other Easel away from *file*, without looking at it; see `claimed`.

    Raises:
        SetupError: another process uses it, or its directory cannot be written.
    """
    _make_directory(file.path.parent)
    lock = FileLock(file.lock, thread_local=False)
    try:
        lock.acquire(timeout=wait)
    except Timeout:
        raise _taken(file) from None
    except (OSError, NotImplementedError) as error:  # the latter: a disk without locks
        raise _unlockable(file, error) from None
    try:
        yield
    finally:
        lock.release()


def connect(path: Path, *, foreign_keys: bool = True) -> sqlite3.Connection:
    """Open the file for writing; transactions are begun explicitly.

    Raises:
        SetupError: SQLite cannot use it.
    """
    try:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    except sqlite3.Error as error:
        raise unusable(path, error) from None
    try:
        for pragma in (*_PRAGMAS, f"foreign_keys={'ON' if foreign_keys else 'OFF'}"):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error as error:
        connection.close()
        raise unusable(path, error) from None
    return connection


def connect_reading(path: Path, *, immutable: bool = False) -> sqlite3.Connection:
    """Open the file for reading only; nothing of it is changed, not even by closing it.

    *immutable*: nobody else has it open, so that no file is made beside it.

    Raises:
        SetupError: SQLite cannot open it.
    """
    more = "&immutable=1" if immutable else ""
    address = f"file:{quote(str(path))}?mode=ro{more}"
    try:
        return sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    except sqlite3.Error as error:
        raise unusable(path, error) from None


def reading_engine(path: Path, *, immutable: bool = False) -> Engine:
    """Return an engine that changes nothing."""
    return create_engine(
        "sqlite://",
        creator=lambda: connect_reading(path, immutable=immutable),
        poolclass=NullPool,
        hide_parameters=True,
    )


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


def check_whole(path: Path, *, immutable: bool = False) -> None:
    """Read the whole file and compare it with itself; nothing of it is changed.

    Blocks for half a second for each 200 MB, much longer where the disk is slow.

    Raises:
        SetupError: it is damaged.
    """
    size = path.stat().st_size
    if size > _LARGE:
        log.warning("Checking %s (%d MB); this takes a while.", path, size // 1_000_000)
    started = perf_counter()
    try:
        with closing(connect_reading(path, immutable=immutable)) as connection:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            (page,) = connection.execute("PRAGMA page_size").fetchone()
    except sqlite3.Error as error:
        raise unusable(path, error) from None
    cut = size % page and not _size(path.with_name(f"{path.name}-wal"))  # its log would mend that
    if answer != "ok" or cut:
        raise _damaged(path)
    if (seconds := perf_counter() - started) > _SLOW:
        log.warning("Checked %s in %.1f seconds; it is whole.", path, seconds)


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(directory, error) from None


def _refuse_half_of_one(file: SqliteFile) -> None:
    """Refuse what SQLite would take for a new database, and would erase the rest of."""
    if file.restoring.exists():
        raise SetupError(
            f"A restore of {file.path} did not come to its end; run `easel restore` again, or put "
            f"back the files named in {file.restoring} and delete it."
        )
    wal = file.beside("-wal")
    if _size(wal) and not _size(file.path):
        raise SetupError(
            f"{file.path} is missing or empty, but {wal.name} beside it holds what was written to "
            "it; put the database back, or restore a back-up with `easel restore`."
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _taken(file: SqliteFile) -> SetupError:
    if not file.lock.exists():
        return _unlockable(file, OSError("it does not stay"))
    return DatabaseInUse(
        f"Another Easel already uses {file.path}; stop it first, or name another file in "
        "DATABASE_URL."
    )


def _unlockable(file: SqliteFile, error: Exception) -> SetupError:
    why = (error.strerror if isinstance(error, OSError) else None) or str(error)
    if isinstance(error, PermissionError) and not file.lock.exists():
        return _unwritable(file.path.parent, error)
    return SetupError(
        f"The lock file {file.lock} cannot be used ({why}), so nothing tells whether another Easel "
        "uses the database; make it an ordinary file that the user that runs Easel may write, on "
        "a disk with room that knows locks."
    )


def _look_at(path: Path) -> None:
    try:
        if not path.exists():
            path.touch(mode=OWNER_ONLY)  # SQLite's own files beside it follow
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
            f"{path} is not a SQLite database and was left as it is; restore a back-up over "
            "it with `easel restore FILE`, or set DATABASE_URL to another file."
        )


def _unwritable(directory: Path, error: OSError) -> SetupError:
    return SetupError(
        f"The directory {directory} cannot be written ({error.strerror}); give the user that runs "
        "Easel write access to it, or set DATABASE_URL to a file elsewhere."
    )


def unusable(path: Path, error: sqlite3.Error) -> SetupError:
    """Return what to tell the operator when SQLite complains of *path*."""
    match primary_code(error):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return SetupError(f"Another program has locked {path}; close it and start again.")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return _damaged(path)
        case sqlite3.SQLITE_FULL:
            return SetupError(f"The disk of {path} is full; make room on it and start again.")
        case _:
            return SetupError(
                f"{path} cannot be used ({error}); check the disk's free space and that the user "
                "that runs Easel may write to the file, its directory and the files beside it."
            )


def _damaged(path: Path) -> DamagedError:
    return DamagedError(
        f"The database {path} is damaged and was left as it is; restore your last back-up over it "
        "with `easel restore FILE` and start again."
    )
