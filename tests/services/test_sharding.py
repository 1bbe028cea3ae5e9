"""Who has which shard: of processes on one PostgreSQL each has its own, and notices when not."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.domain.errors import SetupError, ShardsLost, StorageBusy
from bot.domain.shards import ALL, Ownership, Shards, shard_of
from bot.services.sharding import APART, Identifies, Sharding, open_sharding
from bot.storage.database import Database, open_database


def four(*ids: int) -> Shards:
    return Shards(4, ids)


@asynccontextmanager
async def process(url: str, wanted: Shards) -> AsyncGenerator[tuple[Sharding, Ownership]]:
    """What a process has of this, until it ends."""
    async with open_sharding(url, wanted) as sharding:
        yield sharding, Ownership()


async def ask(url: str, statement: str) -> Any:
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        found = await connection.execute(text(statement))
        return found.scalar() if found.returns_rows else None


HOLDER = (
    "SELECT pid FROM pg_stat_activity"
    " WHERE application_name = 'easel shards' AND datname = current_database()"
)
CUT = HOLDER.replace("pid", "bool_and(pg_terminate_backend(pid))", 1)


def test_a_server_is_on_the_shard_that_discord_says() -> None:
    guild_id = 41771983423143937  # the example of Discord's documentation
    assert shard_of(guild_id, 10) == (guild_id >> 22) % 10
    assert four(shard_of(guild_id, 4)).owns(guild_id)
    assert not four((shard_of(guild_id, 4) + 1) % 4).owns(guild_id)
    assert ALL.owns(guild_id)
    assert four(0, 1, 2, 3).are_all


async def test_each_has_its_own_and_a_second_one_is_refused(postgresql_url: str) -> None:
    async with (
        process(postgresql_url, four(0, 1)) as (one, mine),
        process(postgresql_url, four(2, 3)) as (other, theirs),
        process(postgresql_url, four(1, 2)) as (third, nothing),
    ):
        await one.take(mine, patience=0)
        await other.take(theirs, patience=0)
        with pytest.raises(SetupError, match="already has shards 1, 2; stop it, correct SHARD_IDS"):
            await third.take(nothing, patience=0)

    assert (mine.shards.ids, theirs.shards.ids) == ((0, 1), (2, 3))


async def test_without_a_count_one_process_has_the_database(postgresql_url: str) -> None:
    async with (
        process(postgresql_url, ALL) as (one, mine),
        process(postgresql_url, ALL) as (other, theirs),
    ):
        await one.take(mine, patience=0)
        with pytest.raises(SetupError, match="already uses this database"):
            await other.take(theirs, patience=0)

    assert mine.owns(5 << 22)


@pytest.mark.parametrize(
    ("count", "said"), [(8, "SHARD_COUNT=4, this one with SHARD_COUNT=8"), (0, "SHARD_COUNT empty")]
)
async def test_all_must_count_alike(postgresql_url: str, count: int, said: str) -> None:
    other = Shards(count, (7,)) if count else ALL
    async with (
        process(postgresql_url, four(0)) as (one, mine),
        process(postgresql_url, other) as (second, theirs),
    ):
        await one.take(mine, patience=0)
        with pytest.raises(SetupError, match=said):
            await second.take(theirs, patience=0)
        with pytest.raises(SetupError, match=said):
            await second.stand_by(theirs)


async def test_who_starts_waits_for_one_that_ends(postgresql_url: str) -> None:
    async with process(postgresql_url, four(0)) as (second, mine):
        async with process(postgresql_url, four(0)) as (first, theirs):
            await first.take(theirs, patience=0)
            starting = asyncio.create_task(second.take(mine, patience=30))
            await asyncio.sleep(0)
        await starting

    assert mine.shards.ids == (0,)


async def test_a_standby_takes_what_is_free_and_no_more(postgresql_url: str) -> None:
    async with (
        process(postgresql_url, four(0, 1, 2, 3)) as (spare, mine),
        process(postgresql_url, four(2, 3)) as (living, theirs),
    ):
        await living.take(theirs, patience=0)
        async with process(postgresql_url, four(0, 1)) as (dying, gone):
            await dying.take(gone, patience=0)
            waiting = asyncio.create_task(spare.stand_by(mine))
            done, _ = await asyncio.wait({waiting}, timeout=0.1)
            assert not done
        began = time.perf_counter()
        await waiting
        assert time.perf_counter() - began < 5

    assert mine.shards == four(0, 1)


async def test_a_cut_connection_is_noticed_at_once(postgresql_url: str) -> None:
    async with process(postgresql_url, four(0)) as (sharding, mine):
        await sharding.take(mine, patience=0)
        watching = asyncio.create_task(sharding.watch())
        began = time.perf_counter()
        await ask(postgresql_url, CUT)
        with pytest.raises(ShardsLost, match="ended at once"):
            await watching
        assert time.perf_counter() - began < 3


async def test_a_silent_server_counts_as_gone(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that loses everything breaks no connection; nobody says so."""
    for name, seconds in (("_BEAT", 0.01), ("_SILENCE", 0.5), ("_GRACE", 0.1)):
        monkeypatch.setattr(f"bot.storage.shard_locks.{name}", seconds)
    async with process(postgresql_url, four(0)) as (sharding, mine):
        await sharding.take(mine, patience=0)
        watching = asyncio.create_task(sharding.watch())
        done, _ = await asyncio.wait({watching}, timeout=0.3)
        assert not done
        server = await ask(postgresql_url, HOLDER)
        os.kill(server, signal.SIGSTOP)
        try:
            with pytest.raises(ShardsLost):
                await watching
        finally:
            os.kill(server, signal.SIGCONT)


async def test_a_standby_without_its_server_ends(postgresql_url: str) -> None:
    async with (
        process(postgresql_url, four(0)) as (living, theirs),
        process(postgresql_url, four(0)) as (spare, mine),
    ):
        await living.take(theirs, patience=0)
        waiting = asyncio.create_task(spare.stand_by(mine))
        await asyncio.sleep(0)
        await ask(postgresql_url, CUT)
        with pytest.raises(ShardsLost):
            await waiting


async def test_one_process_uses_a_file(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/easel.db"
    with pytest.raises(SetupError, match="SQLite file, which one process uses alone"):
        async with open_sharding(url, four(0)):
            pass
    async with process(url, four(0, 1, 2, 3)) as (sharding, mine):
        await sharding.take(mine)
        assert mine.shards.are_all
        with pytest.raises(SetupError, match="leave --standby away"):
            await sharding.stand_by(mine)


class Naps:
    """A sleep that only remembers."""

    def __init__(self, then: Callable[[], Awaitable[object]] | None = None) -> None:
        self.taken: list[float] = []
        self._then = then

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        if self._then is not None:
            await self._then()


async def test_identifies_are_spaced_across_processes(postgresql_url: str) -> None:
    async def five_seconds_pass() -> None:
        await ask(postgresql_url, "UPDATE buckets SET state = '{}'")

    naps = Naps(five_seconds_pass)
    async with open_database(postgresql_url) as one, open_database(postgresql_url) as other:
        await Identifies(one, sleep=naps).turn(0)
        await Identifies(other, sleep=naps).turn(1)  # another bucket
        assert naps.taken == []
        await Identifies(other, sleep=naps).turn(0)
        await Identifies(one, sleep=naps).turn(0)

    assert len(naps.taken) == 2
    assert all(APART - 2 < each <= APART for each in naps.taken)


async def test_identifies_wait_for_a_busy_database(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [StorageBusy(), None]

    async def write(work: object) -> float:
        if error := answers.pop(0):
            raise error
        return 0.0

    monkeypatch.setattr(database, "write", write)
    naps = Naps()
    await Identifies(database, sleep=naps).turn(0)

    assert naps.taken == [APART]


async def test_one_process_spaces_its_identifies_by_itself() -> None:
    async def enough() -> None:
        raise TimeoutError

    naps = Naps(enough)
    identifies = Identifies(None, sleep=naps)
    await identifies.turn(0)
    await identifies.turn(1)
    assert naps.taken == []
    with pytest.raises(TimeoutError):
        await identifies.turn(0)

    assert APART - 1 < naps.taken[0] <= APART
