"""Kill one of several processes again and again under load: `make scale` (SCALE="--rounds 3").

In each round one process that works is killed, the one that stood by takes over, and a new one is
started to stand by. It prints what each round took, and fails where anything is not as it must be.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median

from tests.postgres import running
from tests.process.cluster import Asked, Cluster
from tests.process.processes import BotProcess
from tests.process.stage import open_stage

MOST_SECONDS = 600.0
STORED = ("booked", "calling", "made")


@dataclass(slots=True)
class Round:
    """What one kill led to."""

    killed: str
    open: dict[str, int]
    connected: float = 0.0
    ended: float = 0.0


@dataclass(slots=True)
class Fleet:
    """The processes: *working* by the shards that they have, and the one that stands by."""

    cluster: Cluster
    stack: AsyncExitStack
    working: dict[tuple[int, ...], BotProcess] = field(default_factory=dict)
    spare: BotProcess | None = None
    logs: list[BotProcess] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=count)

    async def start(self, groups: Sequence[tuple[int, ...]]) -> None:
        """Start one process for each of *groups*, and one to stand by for all."""
        for shards in groups:
            self.working[shards] = await self._begin(shards, standby=False)
        await self.cluster.connected(range(self.cluster.shards), *self.working.values())
        await self.stand_by()

    async def stand_by(self) -> None:
        """Start a process that takes whatever is left by one that dies."""
        self.spare = spare = await self._begin(range(self.cluster.shards), standby=True)
        await self.cluster.stage.discord.until(
            lambda: "stands_by" in spare.log, within=60, what=spare.log, poll=0.05
        )

    async def replace(self, shards: tuple[int, ...]) -> float:
        """Kill who has *shards*; return after how many seconds they are connected again."""
        assert self.spare is not None
        before, began = self.cluster.sessions(), time.perf_counter()
        await self.working[shards].kill()
        await self.cluster.connected(shards, self.spare, beyond=before)
        self.working[shards] = self.spare
        return time.perf_counter() - began

    async def stop(self) -> None:
        """End all as an operator does."""
        for each in [*self.working.values(), *([self.spare] if self.spare else [])]:
            assert await each.stop() == 0, each.log
        for each in self.logs:
            assert "Traceback" not in each.log, each.log

    async def _begin(self, shards: Sequence[int] | range, *, standby: bool) -> BotProcess:
        bot = self.cluster.bot(f"process-{next(self.numbers)}", shards, standby=standby)
        self.logs.append(bot)
        return await self.stack.enter_async_context(bot)


async def load(cluster: Cluster, asks: int, prefix: str) -> list[Asked]:
    """Ask so often, in all servers in turn, and return once all is acknowledged."""
    guilds = list(cluster.people)
    return list(
        await asyncio.gather(
            *(cluster.ask(guilds[n % len(guilds)], f"{prefix} {n}") for n in range(asks))
        )
    )


async def one_round(fleet: Fleet, number: int, asks: int) -> Round:
    """Kill a process in the middle of requests, and see all of them to their end."""
    cluster = fleet.cluster
    shards = list(fleet.working)[number % len(fleet.working)]
    gates = [cluster.hold(f"round {number}, {each}") for each in range(asks // 3)]
    await load(cluster, asks, f"round {number},")
    books = await cluster.books()
    mine = set(cluster.guilds_of(shards))
    left = [job for job in books.jobs if job["guild_id"] in mine and not job["finished_at"]]
    found = Round(
        killed=", ".join(map(str, shards)),
        open={state: sum(job["state"] == state for job in left) for state in STORED},
    )
    began = time.perf_counter()
    found.connected = await fleet.replace(shards)
    for gate in gates:
        gate.set()
    await cluster.until(lambda b: all(job["finished_at"] for job in b.jobs), "a final state")
    found.ended = time.perf_counter() - began
    await fleet.stand_by()
    return found


async def checked(cluster: Cluster) -> int:
    """Check the books and the room; return how many were interrupted and told so."""
    books = await cluster.books()
    unknown = {job["interaction_id"] for job in books.ended("unknown")}
    told = [each for each in cluster.asked if each.answer.interaction.id in unknown]
    cluster.check(books, told)
    return len(told)


async def run(chosen: argparse.Namespace) -> None:
    """Run all rounds; AssertionError and TimeoutError say what was not as it must be."""
    each = chosen.shards // chosen.processes
    groups = [
        tuple(range(n * each, chosen.shards if n == chosen.processes - 1 else (n + 1) * each))
        for n in range(chosen.processes)
    ]
    with running() as server, server.database() as url, tempfile.TemporaryDirectory() as folder:
        async with open_stage(Path(folder)) as stage, AsyncExitStack() as stack:
            await stage.learn()
            stage.discord.gateway.max_concurrency = chosen.max_concurrency
            cluster = Cluster(stage, url, shards=chosen.shards, at_once=chosen.at_once)
            cluster.settle(chosen.guilds)
            fleet = Fleet(cluster, stack)
            await fleet.start(groups)
            print(
                f"{'killed: shards':<16} {'booked':>7} {'calling':>8} {'made':>5}"
                f" {'connected':>10} {'all ended':>10}",
                flush=True,
            )
            rounds: list[Round] = []
            for number in range(chosen.rounds):
                found = await one_round(fleet, number, chosen.asks)
                rounds.append(found)
                states = " ".join(
                    f"{found.open[s]:>{w}}" for s, w in zip(STORED, (7, 8, 5), strict=True)
                )
                print(
                    f"{found.killed:<16} {states} {found.connected:>8.1f} s {found.ended:>8.1f} s",
                    flush=True,
                )
            await fleet.stop()
            told = await checked(cluster)
            middle = median(each.connected for each in rounds)
            print(
                f"{len(cluster.asked)} asked, {told} interrupted at the picture service and told, "
                f"0 lost, 0 called twice, 0 posted twice; taken over in {middle:.1f} s (median)."
            )


def main() -> int:
    """Return 1 where anything was not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--shards", type=int, default=6)
    parser.add_argument("--guilds", type=int, default=24)
    parser.add_argument("--asks", type=int, default=60, help="in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--at-once", type=int, default=4, help="calls of each process")
    parser.add_argument("--max-concurrency", type=int, default=16, help="as Discord allows it")
    chosen = parser.parse_args()

    async def bounded() -> None:
        async with asyncio.timeout(MOST_SECONDS):
            await run(chosen)

    asyncio.run(bounded())
    return 0


if __name__ == "__main__":
    sys.exit(main())
