"""Moves a SQLite deployment to PostgreSQL, in one transaction, and proves that both are equal."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, LargeBinary, Table, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.domain.errors import SetupError
from bot.domain.progress import Progress, added_up
from bot.domain.text import storable
from bot.storage.address import PostgresqlServer, SqliteFile, parse
from bot.storage.check_ledger import differences
from bot.storage.migrate import state, upgrade_server
from bot.storage.sqlite_file import check_whole, claimed, reading_engine
from bot.storage.tables import metadata

_TOGETHER: Final = 1000  # rows
_FEW: Final = 8  # rows that hold pictures

Row = Mapping[str, Any]
More = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Moved:
    """What was copied: how many rows each table has, and the digest that both databases share."""

    rows: Mapping[str, int]
    digest: str


def copy_database(source: Path, url: str, progress: Progress) -> Moved:
    """Copy the SQLite file *source* into the empty PostgreSQL database at *url*. Blocks.

    All rows are read back and compared, and the ledger is added up, before anything is committed.

    Raises:
        SetupError: nothing was copied; the text says why and what to do.
    """
    server = parse(url)
    if not isinstance(server, PostgresqlServer):
        raise SetupError(
            "DATABASE_URL must name the PostgreSQL database that shall be filled, such as "
            "postgresql://USER:PASSWORD@HOST/NAME; the SQLite file is the command's argument."
        )
    if not source.is_file():
        raise SetupError(f"There is no database {source}.")
    file = SqliteFile(source.absolute())
    with claimed(file):
        check_whole(file.path)
        upgrade_server(server)
        with reading_engine(file.path).connect() as old, old.begin():
            old.exec_driver_sql("BEGIN")
            _require_current(old, file)
            return asyncio.run(_into(server, partial(_copied, old=old, progress=progress)))


def _copied(new: Connection, *, old: Connection, progress: Progress) -> Moved:
    tables = metadata.sorted_tables
    rows = {each.name: _count(old, each) for each in tables}
    more = added_up(progress, 2 * sum(rows.values()))
    _require_empty(new, tables)
    for table in tables:
        for part in _parts(old, table):
            new.execute(insert(table), part)
            more(len(part))
        _continue_numbers(new, table)
    digest = _require_equal(old, new, tables, more)
    known = set(differences(old))
    if wrong := [each for each in differences(new) if each not in known]:
        raise SetupError(f"The copy does not add up ({wrong[0]}); nothing was kept of it.")
    return Moved(rows, digest)


def _require_current(connection: Connection, file: SqliteFile) -> None:
    found = state(connection)
    if found.changed:
        raise SetupError(
            f"{file.path} has revision {found.before or 'none'}, this version needs {found.after}; "
            "run `easel migrate` with DATABASE_URL naming it, then copy it."
        )


def _require_empty(connection: Connection, tables: Sequence[Table]) -> None:
    for table in tables:
        if _count(connection, table):
            raise SetupError(
                f"The PostgreSQL database of DATABASE_URL is not empty ({table.name} has rows); it "
                "was left as it is. Name a new one."
            )


def _require_equal(old: Connection, new: Connection, tables: Sequence[Table], more: More) -> str:
    whole = sha256()
    for table in tables:
        before, after = _digest(old, table), _digest(new, table, more)
        if before != after:
            raise SetupError(
                f"The copy of {table.name} differs from what it was made from; nothing was kept "
                "of it. Please report this with the version of your PostgreSQL server."
            )
        whole.update(before)
    return whole.hexdigest()


def _digest(connection: Connection, table: Table, more: More | None = None) -> bytes:
    """Return a digest that the order of rows does not change: databases sort text differently."""
    total = int.from_bytes(sha256(table.name.encode()).digest())
    for part in _parts(connection, table):
        for row in part:
            told = repr(sorted(row.items())).encode("utf-8", "surrogatepass")
            total += int.from_bytes(sha256(told).digest())
        if more is not None:
            more(len(part))
    return (total % (1 << 256)).to_bytes(32)


def _parts(connection: Connection, table: Table) -> Iterator[list[Row]]:
    heavy = any(isinstance(column.type, LargeBinary) for column in table.columns)
    together = _FEW if heavy else _TOGETHER
    rows = connection.execute(select(table), execution_options={"yield_per": together})
    for part in rows.mappings().partitions(together):
        yield [_storable(dict(row.items())) for row in part]


def _storable(row: dict[Any, Any]) -> Row:
    """Return *row* as PostgreSQL can hold it: what was written before `storable` was, may not."""
    return {
        name: storable(value) if isinstance(value, str) else value for name, value in row.items()
    }


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _continue_numbers(connection: Connection, table: Table) -> None:
    """Let the next row get the number after the highest that was copied."""
    if table.autoincrement_column is not None:
        connection.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) "  # noqa: S608 - names of ours
                f"FROM {table.name} HAVING max(id) IS NOT NULL"
            )
        )


async def _into(server: PostgresqlServer, work: Callable[[Connection], Moved]) -> Moved:
    engine = create_async_engine(server.url, poolclass=NullPool, hide_parameters=True)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    except (DBAPIError, OSError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise SetupError(
            f"The PostgreSQL server of DATABASE_URL did not take the copy ({cause}); nothing was "
            "kept of it."
        ) from error
    finally:
        await engine.dispose()
