"""A look at the database from outside, also while Easel runs; nothing is ever changed."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.domain.errors import SetupError
from bot.storage.address import PostgresqlServer, SqliteFile, parse
from bot.storage.migrate import server_unusable, state
from bot.storage.sqlite_file import reading_engine

T = TypeVar("T")


def look(url: str, question: Callable[[Connection], T]) -> T:
    """Answer *question* from one snapshot of the database at *url*. Blocks.

    Raises:
        SetupError: the database cannot be used, or has another shape than this version's.
    """
    address = parse(url)
    if isinstance(address, PostgresqlServer):
        return asyncio.run(_on_server(address, question))
    return _in_file(address, question)


def _in_file(file: SqliteFile, question: Callable[[Connection], T]) -> T:
    if not file.path.exists():
        raise SetupError(f"There is no database {file.path}; nothing was checked.")
    with reading_engine(file.path).connect() as connection, connection.begin():
        connection.exec_driver_sql("BEGIN")
        return _current(connection, question)


async def _on_server(server: PostgresqlServer, question: Callable[[Connection], T]) -> T:
    engine = create_async_engine(server.url, poolclass=NullPool, hide_parameters=True)
    snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        async with engine.connect() as connection:
            await connection.execution_options(**snapshot)
            return await connection.run_sync(lambda plain: _current(plain, question))
    except (DBAPIError, OSError) as error:
        raise server_unusable(error) from error


def _current(connection: Connection, question: Callable[[Connection], T]) -> T:
    found = state(connection)
    if found.changed:
        raise SetupError(
            f"The database has revision {found.before or 'none'}, this version needs "
            f"{found.after}; run `easel migrate` first."
        )
    return question(connection)
