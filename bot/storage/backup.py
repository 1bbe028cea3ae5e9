"""Back-ups of a SQLite database: taken while Easel runs, looked at, and put back again.

The pages are copied in small steps inside one read transaction, so that the copy is of one instant
and each step lets the writer go first. (Without the transaction a copy starts again with every
write and never ends; `VACUUM INTO` knows neither pauses nor progress, nor what it should have
copied.) The reading connection never checkpoints, so there is still one connection that does.
"""

import os
import sqlite3
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from shutil import copyfile
from tempfile import mkstemp
from time import sleep

from bot.domain.errors import SetupError
from bot.domain.progress import Progress
from bot.storage.address import SqliteFile, parse
from bot.storage.lane import primary_code
from bot.storage.migrate import state
from bot.storage.sqlite_file import (
    OWNER_ONLY,
    DamagedError,
    check_whole,
    connect_reading,
    locked,
    reading_engine,
    unusable,
)

_STEP = 512  # pages, 2 MB
_PAUSE = 0.005  # seconds after each step; measured: the writer's p99 stays what it is without
_OURS = ("", "-wal", "-shm", ".lock", ".key", ".restoring")
_OF_THE_TARGET = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What a back-up holds.

    Attributes:
        file: where it now is.
        size: in bytes.
        revision: the shape of its tables.
        outdated: whether this version of Easel will migrate it.
        rows: how many each table has.
        key: where the key of the fingerprints now is, which is a secret; None where none was found.
    """

    file: Path
    size: int
    revision: str
    outdated: bool
    rows: Mapping[str, int]
    key: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore put in place, and where it left what was there before."""

    copied: Copied
    aside: tuple[Path, ...]


def back_up(
    url: str, to: Path | None, *, now: datetime, progress: Progress, force: bool = False
) -> Copied:
    """Copy the database at *url* to the file *to*, by default one beside it named by *now*.

    Easel may be running. *to* is there whole or not at all, mode 600. Blocks.

    Raises:
        SetupError: there is no back-up; the text says why and what to do.
    """
    file = _file(url, "make its back-ups with pg_dump, which may run while Easel does.")
    to = (to or _named(file.path, now.strftime("%Y%m%d-%H%M%S"))).absolute()
    if not file.path.is_file():
        raise SetupError(f"There is no database at {file.path}, so there is nothing to back up.")
    _refuse_own(file, to)
    key = _beside(to, ".key") if file.key.exists() else None
    for each in (to, key):
        if each and (each.is_dir() or (each.exists() and not force)):
            raise SetupError(
                f"{each} already exists and was left as it is; name another file, or say --force "
                "to replace a file."
            )
    with _told_in_words(file.path, to), _temporary(to) as copy:
        rows = _copy(file.path, copy, progress)
        copied = _verified(copy, rows, to, key)
        if key:
            _place_copy(file.key, key)
        copy.replace(to)
        _sync(to.parent)
    return copied


def restore(url: str, source: Path, *, now: datetime, progress: Progress) -> Restored:
    """Put the back-up *source* in the place of the database at *url*, which is kept beside it.

    *source* is copied and verified before anything is touched. Killed at any point, it leaves the
    old database, the new one, or a start that refuses until a restore came to its end. Blocks.

    Raises:
        SetupError: nothing was changed; the text says why and what to do.
    """
    file = _file(url, "restore what pg_dump wrote with pg_restore or psql.")
    source = source.absolute()
    if not source.is_file():
        raise SetupError(f"There is no back-up {source}; name the file that `easel backup` wrote.")
    _refuse_own(file, source)
    kept_key = _beside(source, ".key")
    key = file.key if kept_key.exists() else None
    with (
        locked(file),
        _no_back_up(source),
        _told_in_words(source, file.path),
        _temporary(file.path) as copy,
    ):
        rows = _copy(source, copy, progress)
        copied = _verified(copy, rows, file.path, key, source)
        aside = _swap(file, copy, kept_key if key else None, now)
    return Restored(copied=copied, aside=aside)


def _file(url: str, cure: str) -> SqliteFile:
    address = parse(url)
    if not isinstance(address, SqliteFile):
        raise SetupError(f"DATABASE_URL names a PostgreSQL server; {cure}")
    return address


def _refuse_own(file: SqliteFile, other: Path) -> None:
    if other.resolve() in {file.beside(ending).resolve() for ending in _OURS}:
        raise SetupError(f"{other} belongs to the database itself; name another file.")


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _named(path: Path, word: str) -> Path:
    """Return a free name beside *path* that holds *word*."""
    names = (f"{path.stem}-{word}{f'-{i}' if i else ''}{path.suffix}" for i in count())
    return next(free for name in names if not (free := path.with_name(name)).exists())


@contextmanager
def _told_in_words(source: Path, target: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise SetupError(
            f"{target} cannot be written ({error.strerror}); give the user that runs this write "
            "access to its directory and room on its disk, or name another file."
        ) from None
    except sqlite3.Error as error:
        at_fault = target if primary_code(error) in _OF_THE_TARGET else source
        raise unusable(at_fault, error) from None


@contextmanager
def _no_back_up(source: Path) -> Generator[None]:
    """Say of a damaged *source* what holds for it: the database itself is another file."""
    try:
        yield
    except DamagedError:
        raise SetupError(
            f"{source} is no usable back-up: it is damaged, or no database at all; your database "
            "was not touched. Name another file."
        ) from None


@contextmanager
def _temporary(target: Path) -> Generator[Path]:
    """Give a new file (mode 600) on the disk of *target*, gone afterwards if it is still there."""
    handle, name = mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _copy(source: Path, target: Path, progress: Progress) -> Mapping[str, int]:
    """Copy one instant of *source* and return how many rows its tables had then."""
    with (
        closing(connect_reading(source)) as reader,
        closing(sqlite3.connect(target, isolation_level=None)) as writer,
    ):
        page: int = reader.execute("PRAGMA page_size").fetchone()[0]

        def step(_status: int, remaining: int, total: int) -> None:
            progress((total - remaining) * page, total * page)
            if remaining:
                sleep(_PAUSE)

        for pragma in ("journal_mode=OFF", "synchronous=OFF"):  # a part of a copy is worth nothing
            writer.execute(f"PRAGMA {pragma}")
        reader.execute("BEGIN")
        rows = _rows(reader)
        reader.backup(writer, pages=_STEP, progress=step)
        writer.execute("PRAGMA journal_mode=DELETE")  # one file, with none beside it
    _sync(target)
    return rows


def _rows(connection: sqlite3.Connection) -> Mapping[str, int]:
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
    counted: dict[str, int] = {}
    for (table,) in tables.fetchall():
        name = '"' + table.replace('"', '""') + '"'
        counted[table] = connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608 - quoted
    return counted


def _verified(
    copy: Path, rows: Mapping[str, int], target: Path, key: Path | None, source: Path | None = None
) -> Copied:
    """Return what is in *copy*, which is to be *target*, having compared it with its source."""
    try:
        check_whole(copy, immutable=True)
        with closing(connect_reading(copy, immutable=True)) as connection:
            found = _rows(connection)
        with reading_engine(copy, immutable=True).connect() as connection:
            shape = state(connection)
    except SetupError as error:
        if source is None:
            raise SetupError(f"No back-up was made: {_about(error, copy, target)}") from None
        if isinstance(error, DamagedError):
            raise
        raise SetupError(
            f"Nothing was changed, because {source} cannot be used: {_about(error, copy, source)}"
        ) from None
    if found != rows:
        raise SetupError("The copy is not what was copied; check the disk, then try again.")
    if shape.before is None:
        raise SetupError(f"{source or target} is no database of Easel's; nothing was changed.")
    return Copied(
        file=target,
        size=copy.stat().st_size,
        revision=shape.before,
        outdated=shape.changed,
        rows=rows,
        key=key,
    )


def _about(error: SetupError, copy: Path, real: Path) -> str:
    return str(error).replace(str(copy), str(real))


def _swap(file: SqliteFile, copy: Path, key: Path | None, now: datetime) -> tuple[Path, ...]:
    """Put *copy* in the database's place and return where the old files are.

    A start in between must not see half of it, nor give the old log to the new file: the marker
    stops it, and tells a second restore under which name the first one kept the old database.
    """
    kept = _marked(file) or _named(file.path, f"before-restore-{now:%Y%m%d-%H%M%S}")
    file.restoring.touch(mode=OWNER_ONLY)
    file.restoring.write_text(f"{kept.name}\n", "utf-8")
    _sync(file.restoring)
    wal = file.beside("-wal")
    if wal.exists() and not wal.stat().st_size:
        wal.unlink()  # nothing is in it
    for ending in ("-wal", ""):  # in this order: without its log the old database lacks writes
        _move(file.beside(ending), _beside(kept, ending))
    for ending in ("-wal", "-shm", "-journal"):
        file.beside(ending).unlink(missing_ok=True)
    copy.replace(file.path)
    if key and not (file.key.exists() and file.key.read_bytes() == key.read_bytes()):
        _move(file.key, _beside(kept, ".key"))
        _place_copy(key, file.key)
    _sync(file.path.parent)
    file.restoring.unlink()
    return tuple(each for ending in _OURS if (each := _beside(kept, ending)).exists())


def _marked(file: SqliteFile) -> Path | None:
    try:
        name = file.restoring.read_text("utf-8").strip()
    except FileNotFoundError:
        return None
    return file.path.with_name(Path(name).name) if name else None


def _move(path: Path, to: Path) -> None:
    """Move *path*, if it is there and *to* is not yet: then it was moved before."""
    if path.exists() and not to.exists():
        path.rename(to)


def _place_copy(source: Path, target: Path) -> None:
    with _temporary(target) as copy:
        copyfile(source, copy)
        _sync(copy)
        copy.replace(target)


def _sync(path: Path) -> None:
    """Make sure that a file, or the names in a directory, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
