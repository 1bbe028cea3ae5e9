"""How far one process goes: memory and time to READY by servers; what sharing a rate costs.

``python benchmarks/servers.py [--servers 1 2500 10000]`` starts the real bot against the loopback
Discord with so many servers, each with 25 channels and 20 roles, 2,500 servers a shard. Shards
identify all at once here; Discord lets one in five seconds unless it says otherwise. Then it asks
the shared rate for a start and tells it of the answer, as each call to the picture service does
where several processes share PostgreSQL.
"""

import argparse
import asyncio
import platform
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import discord

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.overhead import memory
from bot.providers.rates import Rate, SharedRate
from bot.services.sharding import SharedRates
from bot.storage.database import open_database
from tests.fakes.discord_api import FakeDiscord
from tests.fakes.discord_world import Member
from tests.postgres import running
from tests.process.processes import BotProcess

A_SHARD = 2500
CHANNELS, ROLES = 25, 20
CALLS, BOUNDLESS = 96, 1_000_000_000


async def started(folder: Path, servers: int) -> tuple[float, float]:
    """Return the seconds until all servers are there, and the bot's megabytes."""
    async with FakeDiscord() as fake:
        shards = max(1, -(-servers // A_SHARD))
        fake.gateway.shards, fake.gateway.max_concurrency = shards, shards
        owner = fake.world.add_user("owner")
        for number in range(servers):
            guild = fake.world.add_guild(f"server {number}", owner=owner)
            guild.members[fake.bot.id] = discord_member(fake)
            for each in range(CHANNELS - 1):
                fake.world.add_channel(guild, f"channel {each}")
            for each in range(ROLES):
                fake.world.add_role(guild, f"role {each}", discord.Permissions.none())
        settings = {"IMAGE_PROVIDER": "sketch", "IMAGE_WORKERS": "1"}
        async with BotProcess(fake, folder, settings=settings) as bot:
            await fake.until(lambda: " ready " in bot.log, within=600, what=bot.log, poll=0.05)
            seconds = time.perf_counter() - bot.started
            found = memory(bot.pid, "VmRSS")
            await bot.stop()
    return seconds, found


def discord_member(fake: FakeDiscord) -> Member:
    return Member(fake.bot)


async def rate_ms(rate: Rate, at_once: int) -> float:
    """Return the milliseconds in the middle that a call spends on its rate."""
    found: list[float] = []

    async def calls() -> None:
        for _ in range(CALLS // at_once):
            began = time.perf_counter()
            await rate.answered({}, await rate.take(1, within=60))
            found.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*(calls() for _ in range(at_once)))
    return median(found)


async def rates(url: str) -> None:
    """Print what a call pays for sharing its rate, with up to 200 calls in the last minute."""
    for at_once in (1, 8):
        async with open_database(url) as one, open_database(url) as other:
            clock = {"clock": time.monotonic, "sleep": asyncio.sleep}
            both = [
                SharedRate(SharedRates(each), f"rate:{at_once}", BOUNDLESS, **clock)
                for each in (one, other)
            ]
            found = median(await asyncio.gather(*(rate_ms(each, at_once) for each in both)))
            print(f"a rate that two processes share: {found:.1f} ms a call, {at_once} at once each")


async def main(servers: list[int]) -> None:
    print(f"{platform.machine()}, Python {platform.python_version()}")
    print(f"{'servers':>8} {'shards':>7} {'ready s':>8} {'bot MB':>7}", flush=True)
    for number in servers:
        with tempfile.TemporaryDirectory() as folder:
            seconds, found = await started(Path(folder), number)
        shards = max(1, -(-number // A_SHARD))
        print(f"{number:>8} {shards:>7} {seconds:>8.1f} {found:>7.0f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", type=int, nargs="+", default=[1, 2500, 5000, 10000])
    asyncio.run(main(parser.parse_args().servers))
    with running() as server, server.database() as address:
        asyncio.run(rates(address))
