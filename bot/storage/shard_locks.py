"""Who has which shard: PostgreSQL's advisory locks, which go with the connection that holds them.

So a process that dies leaves its shards at once. The connection is one of its own, outside of the
pool: nothing else is done with it, and it is watched.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from bot.domain.errors import SetupError, ShardsLost
from bot.domain.shards import Shards
from bot.storage.address import PostgresqlServer

_BEAT: Final = 1.0  # seconds between two looks whether the connection is there
_SILENCE: Final = 3.0  # seconds after which it is not
_GRACE: Final = 1.0  # more seconds, where it was this process that did not listen

_TURN: Final = 20.0  # seconds to wait while others look which shards are free

# The server gives the locks of a machine that is gone to others, but never before that machine
# itself has noticed, by `_SILENCE`, that it is cut off.
_SERVER: Final = {
    "application_name": "easel shards",
    "idle_session_timeout": "0",
    "tcp_keepalives_count": "3",
    "tcp_keepalives_idle": "3",
    "tcp_keepalives_interval": "2",
    "tcp_user_timeout": "9000",
}

# The first of the two numbers of a lock; the second is a shard, a count of shards, or 0.
SHARD, _COUNT, _ROLL_CALL = 0x65617300, 0x65617301, 0x65617302

_TRY: Final = text("SELECT pg_try_advisory_lock(:kind, :number)")
_FREE: Final = text("SELECT pg_advisory_unlock(:kind, :number)")
_SHARE: Final = text("SELECT pg_advisory_lock_shared(:kind, :number)")
_WAIT: Final = text("SELECT pg_advisory_lock(:kind, :number)")
_OTHER_COUNTS: Final = text(
    "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND classid = :kind AND objid <> :number LIMIT 1"
)


class ShardLocks:
    """The shards that this process holds; made by `open_shard_locks`."""

    def __init__(self, connection: AsyncConnection, wanted: Shards) -> None:
        self.held = wanted.only(())
        self._connection = connection
        self._wanted = wanted
        self._agreed = False
        self._gone = asyncio.Event()
        self._turn = asyncio.Lock()

    async def watch(self) -> None:
        """Return never.

        Raises:
            ShardsLost: the connection is gone or silent, and with it perhaps every lock.
        """
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_BEAT):
                    await self._gone.wait()
            if self._gone.is_set() or not await self._answers():
                raise ShardsLost

    async def take(self) -> Shards:
        """Take whatever of the wanted shards is free; return all that are held now.

        Raises:
            SetupError: another process has another number of shards.
            ShardsLost: the connection is gone.
        """
        try:
            async with self._turn:
                await self._ask(_WAIT, _ROLL_CALL, 0)  # one process at a time looks and takes
                try:
                    await self._agree()
                    taken = [each for each in self._missing() if await self._ask(_TRY, SHARD, each)]
                    self.held = self._wanted.only({*self.held.ids, *taken})
                finally:
                    await self._ask(_FREE, _ROLL_CALL, 0)
        except (DBAPIError, OSError) as error:
            raise ShardsLost from error
        return self.held

    @property
    def has_all(self) -> bool:
        """Whether every wanted shard is held."""
        return not self._missing()

    @property
    def missing(self) -> tuple[int, ...]:
        """The wanted shards that others have."""
        return tuple(self._missing())

    def lost(self, *_: object) -> None:
        """Let `watch` end: the driver says that the connection is gone."""
        self._gone.set()

    def _missing(self) -> Iterable[int]:
        wanted = self._wanted.ids or (0,)  # however many there will be, one stands for all
        return [each for each in wanted if each not in self.held.ids]

    async def _agree(self) -> None:
        """Hold the number of shards that all processes must have, as long as this one lives."""
        count = self._wanted.count
        other = await self._ask(_OTHER_COUNTS, _COUNT, count)
        if other is not None:
            raise SetupError(
                f"Another Easel on this database runs with {_words(other)}, this one with "
                f"{_words(count)}; set SHARD_COUNT to the same number everywhere, and stop all "
                "processes before you change it."
            )
        if not self._agreed:
            await self._ask(_SHARE, _COUNT, count)
            self._agreed = True

    async def _answers(self) -> bool:
        """Whether the server answers in time; where the event loop was late, it may be heard."""
        asked = asyncio.ensure_future(self._beat())
        for seconds in (_SILENCE, _GRACE):
            done, _ = await asyncio.wait({asked}, timeout=seconds)
            if done:
                return asked.result()
        asked.cancel()
        return False

    async def _beat(self) -> bool:
        async with self._turn:
            try:
                await self._connection.execute(text("SELECT 1"))
            except (DBAPIError, OSError):
                return False
        return True

    async def _ask(self, question: Any, kind: int, number: int) -> Any:  # noqa: ANN401
        found = await self._connection.execute(question, {"kind": kind, "number": number})
        return found.scalar()


@asynccontextmanager
async def open_shard_locks(server: PostgresqlServer, wanted: Shards) -> AsyncGenerator[ShardLocks]:
    """Connect for locking; nothing is held until it is taken.

    Raises:
        SetupError: the server cannot be reached.
    """
    engine = create_async_engine(
        server.url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={
            "timeout": _SILENCE,
            "command_timeout": _TURN,
            "server_settings": _SERVER,
        },
        hide_parameters=True,
    )
    try:
        connection = await engine.connect()
    except (DBAPIError, OSError) as error:
        raise SetupError(
            "The PostgreSQL server of DATABASE_URL cannot be reached for the shards' locks "
            f"({type(error).__name__}); check its address and how many connections it allows."
        ) from error
    locks = ShardLocks(connection, wanted)
    raw = await connection.get_raw_connection()
    if (driver := raw.driver_connection) is not None:
        driver.add_termination_listener(locks.lost)
    try:
        yield locks
    finally:
        with suppress(DBAPIError, OSError, TimeoutError):
            async with asyncio.timeout(_GRACE):
                await connection.invalidate()
        await engine.dispose()


def _words(count: int) -> str:
    return f"SHARD_COUNT={count}" if count else "SHARD_COUNT empty"
