"""PostgreSQL through asyncpg: many processes may share one database."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import create_async_engine

from bot.storage.address import PostgresqlServer
from bot.storage.lane import EngineLane, Lane
from bot.storage.migrate import upgrade_server

_CONNECT_SECONDS = 3.0
_COMMAND_SECONDS = 10
_POOL_SECONDS = 10
_CONNECTIONS = 10
_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


@asynccontextmanager
async def open_postgresql(server: PostgresqlServer) -> AsyncGenerator[tuple[Lane, Lane]]:
    """Migrate the database, then give the lanes for writing and for reading.

    Raises:
        SetupError: it cannot be used; the text says why and what to do.
    """
    await asyncio.to_thread(upgrade_server, server)
    engine = create_async_engine(
        server.url,
        connect_args={"command_timeout": _COMMAND_SECONDS, "timeout": _CONNECT_SECONDS},
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=_POOL_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,
    )
    try:
        yield EngineLane(engine), EngineLane(engine.execution_options(**_SNAPSHOT))
    finally:
        await engine.dispose()
