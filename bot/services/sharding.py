"""Getting the shards that this process shall have, and keeping them: nobody else has them then."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Final, TypeVar

from bot.domain.errors import SetupError, StorageBusy
from bot.domain.shards import Ownership, Shards
from bot.storage import buckets
from bot.storage.address import SqliteFile, parse
from bot.storage.buckets import Change, State
from bot.storage.database import Database
from bot.storage.shard_locks import ShardLocks, open_shard_locks

T = TypeVar("T")

PATIENCE: Final = 12.0
"""Seconds that a start waits for what a process had that is gone: its machine, its network."""

APART: Final = 5.0
"""Seconds between two identifies that count together, as Discord wants it."""

_LOOK: Final = 0.5  # seconds between two looks whether a shard is free
_SETTLE: Final = 0.2  # seconds in which a process that died leaves all of its shards


class Sharding:
    """The shards of this process, from before it connects to Discord until it ends."""

    def __init__(self, wanted: Shards, locks: ShardLocks | None) -> None:
        self._wanted = wanted
        self._locks = locks

    async def take(self, ownership: Ownership, *, patience: float = PATIENCE) -> None:
        """Make every wanted shard this process's, or end.

        Raises:
            SetupError: another process has one of them after *patience* seconds.
            ShardsLost: the database is gone.
        """
        ownership.shards = self._wanted
        if self._locks is None:
            return
        ends = monotonic() + patience
        while not await self._has_all(self._locks):
            if monotonic() >= ends:
                raise SetupError(_taken(self._locks.missing, self._wanted))
            await asyncio.sleep(_LOOK)

    async def stand_by(self, ownership: Ownership) -> None:
        """Wait until wanted shards are free, and make these this process's.

        Raises:
            SetupError: another process has another number of shards.
            ShardsLost: the database is gone.
        """
        if self._locks is None:
            raise SetupError(
                "One process uses a SQLite file, so none can stand by; leave --standby away, or "
                "set DATABASE_URL to a PostgreSQL server."
            )
        while not (await self._locks.take()).ids:  # noqa: ASYNC110 - another process's end is no event
            await asyncio.sleep(_LOOK)
        await asyncio.sleep(_SETTLE)
        held = await self._locks.take()
        ownership.shards = self._wanted if self._locks.has_all else held

    async def watch(self) -> None:
        """Return never. Raises ShardsLost: others may have this process's shards."""
        if self._locks is None:
            await asyncio.get_running_loop().create_future()
        else:
            await self._locks.watch()

    async def _has_all(self, locks: ShardLocks) -> bool:
        await locks.take()
        return locks.has_all


@asynccontextmanager
async def open_sharding(url: str, wanted: Shards) -> AsyncGenerator[Sharding]:
    """Open what decides who has which shard of the database at *url*.

    Raises:
        SetupError: the database cannot be reached, or serves one process only.
    """
    address = parse(url)
    if not isinstance(address, SqliteFile):
        async with open_shard_locks(address, wanted) as locks:
            yield Sharding(wanted, locks)
        return
    if not wanted.are_all:
        raise SetupError(
            "SHARD_IDS names some of the shards, but DATABASE_URL is a SQLite file, which one "
            "process uses alone; leave SHARD_IDS empty, or move to PostgreSQL first."
        )
    yield Sharding(wanted, None)


class SharedRates:
    """What several processes know together of the rates of picture services."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = asyncio.Lock()  # who waits for others must not hold connections meanwhile

    async def change(self, name: str, work: Change[T]) -> T:
        """Change the state *name* by *work*. Raises StorageBusy."""
        async with self._turn:
            return await self._database.write(lambda c: buckets.change(c, name, work))


class Identifies:
    """Lets shards identify one after another, across processes where *shared* is their database."""

    def __init__(
        self,
        shared: Database | None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._shared = shared
        self._sleep = sleep
        self._own: dict[str, State] = {}

    async def turn(self, bucket: int) -> None:
        """Wait until a shard of *bucket* may identify, which it must do then."""
        while (wait := await self._wait(f"identify:{bucket}")) > 0:
            await self._sleep(wait)

    async def _wait(self, name: str) -> float:
        if self._shared is None:
            self._own[name], wait = _next(self._own.get(name), monotonic())
            return wait
        try:
            return await self._shared.write(lambda c: buckets.change(c, name, _next))
        except StorageBusy:
            return APART


def _next(state: State | None, now: float) -> tuple[State, float]:
    """Let the caller go now, or say after how many seconds to ask again."""
    at = min(state["at"], now + APART) if state else now
    return ({"at": now + APART}, 0.0) if at <= now else ({"at": at}, at - now)


def _taken(missing: tuple[int, ...], wanted: Shards) -> str:
    if not wanted.count:
        return (
            "Another Easel already uses this database; stop it first. To run several, set "
            "SHARD_COUNT and SHARD_IDS; to wait until it ends, use `easel run --standby`."
        )
    several = "shards" if missing[1:] else "shard"
    return (
        f"Another Easel already has {several} {', '.join(map(str, missing))}; stop it, correct "
        "SHARD_IDS, or wait until it ends with `easel run --standby`."
    )
