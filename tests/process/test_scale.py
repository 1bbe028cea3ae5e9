"""Three real processes on one PostgreSQL: one is killed, and the one that stood by goes on."""

import os
import signal
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.storage.shard_locks import SHARD
from tests.process.cluster import Cluster, free_port, page, until_true
from tests.process.stage import open_stage
from tests.process.test_life import SETUP, is_one_sentence

SHARDS = 4
TAKE_OVER = 10.0  # seconds
READY = {
    **dict.fromkeys(("ok", "gateway", "database", "workers", "provider"), True),
    "role": "working",
}


@pytest.fixture
async def cluster(tmp_path: Path, postgresql_url: str) -> AsyncGenerator[Cluster]:
    async with open_stage(tmp_path) as stage:
        await stage.learn()
        stage.discord.gateway.max_concurrency = SHARDS
        cluster = Cluster(stage, postgresql_url, shards=SHARDS)
        cluster.settle(SHARDS)
        yield cluster


async def test_a_standby_takes_over_what_a_killed_process_had(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    first, second = cluster.bot("first", (0, 1)), cluster.bot("second", (2, 3))
    spare = cluster.bot("spare", range(SHARDS), standby=True, HEALTH_PORT=str(port))
    other = cluster.bot("other", (0,), SHARD_COUNT="8")
    async with first, second:
        await cluster.connected(range(SHARDS), first, second)
        async with spare, other:

            async def stands_by() -> bool:
                return (await page(port, "readyz"))[1].get("role") == "standby"

            await until_true(stands_by, spare.log)
            assert (await page(port, "healthz"))[0] == 200
            assert (await page(port, "readyz"))[0] == 503
            assert await other.ended() == SETUP
            assert is_one_sentence(other.log, "SHARD_COUNT=4"), other.log

            mine, theirs = cluster.guilds_of((0, 1)), cluster.guilds_of((2, 3))
            gates = [cluster.hold(f"slow {number}") for number in range(3)]
            lost = [await cluster.ask(mine[number], f"slow {number}") for number in range(2)]
            kept = await cluster.ask(theirs[0], "slow 2")
            await cluster.until(lambda b: len(b.ended("calling")) == 3, "three calls")
            for guild_id in mine * 2:
                await cluster.ask(guild_id, f"a fox {len(cluster.asked)}")
            await cluster.until(lambda b: len(b.ended("booked")) == 4, "four that wait")

            before, killed = cluster.sessions(), time.perf_counter()
            await first.kill()
            await cluster.connected((0, 1), spare, beyond=before)
            seconds = time.perf_counter() - killed
            for gate in gates:
                gate.set()
            again = await cluster.ask(mine[0], "after that")
            books = await cluster.until(
                lambda b: all(job["finished_at"] for job in b.jobs), "a final state of each"
            )
            await cluster.stage.discord.until(lambda: cluster.pictures(again))

            cluster.check(books, lost)
            assert cluster.pictures(kept)
            assert seconds < TAKE_OVER

            async def is_ready() -> bool:
                return await page(port, "readyz") == (200, READY)

            await until_true(is_ready, spare.log)
            gate = cluster.hold("while it stops")
            await cluster.ask(theirs[0], "while it stops")
            await cluster.until(lambda b: b.ended("calling"), "a call")
            os.kill(second.pid, signal.SIGTERM)
            await cluster.stage.discord.until(lambda: "stopping" in second.log, poll=0.05)
            await cut(cluster, (2, 3))  # also a process that drains may not go on without them
            assert await second.ended(within=10) == 1, second.log
            assert is_one_sentence(second.log, "PostgreSQL"), second.log
            gate.set()
            assert await spare.stop() == 0, spare.log
    for log in (second.log, spare.log):
        assert "Traceback" not in log, log
    with capsys.disabled():
        print(f"\ntaken over {seconds:.1f} s after kill -9")


async def test_one_process_has_as_many_shards_as_discord_recommends(tmp_path: Path) -> None:
    """Without any setting, also behind a gateway proxy that `/gateway/bot` does not know."""
    async with open_stage(tmp_path) as stage:
        gateway = stage.discord.gateway
        gateway.shards = gateway.max_concurrency = SHARDS
        told, gateway.url = gateway.url, "ws://127.0.0.1:9/"
        async with stage.bot(DISCORD_GATEWAY_URL=told) as bot:
            await stage.discord.until(lambda: "shards=4" in bot.log, poll=0.05, what="four shards")
            gateway.url = told
            assert await bot.stop() == 0, bot.log

    assert [each["shard"] for each in gateway.identifies] == [[n, SHARDS] for n in range(SHARDS)]
    assert stage.discord.violations == []


async def cut(cluster: Cluster, shards: tuple[int, int]) -> None:
    """Cut the connections that hold *shards*, as a restart of the server does."""
    engine = create_async_engine(cluster.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    cut_off = text(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
        " AND classid = :kind AND objid IN (:one, :other)"
    )
    async with engine.connect() as connection:
        await connection.execute(cut_off, {"kind": SHARD, "one": shards[0], "other": shards[1]})
