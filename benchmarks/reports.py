"""A server's report at a million ledger lines: from the daily roll-up, and added up afresh.

``python benchmarks/reports.py [--lines 1000000]`` fills a database of its own with a year of one
busy server (2,000 members, some far busier than others), lets the migration roll it up, and asks
for reports of 30 and 366 days. In the same run, on the same file, it adds the same days up from the
ledger and the jobs, as reports did before there was a roll-up.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median

from alembic import command
from sqlalchemy import Connection, func, select

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.domain.clock import SystemClock
from bot.domain.quota import QuotaDefaults
from bot.domain.windows import Clocks
from bot.services.quota import Quotas
from bot.services.reports import Reports
from bot.storage.database import Database, open_database
from bot.storage.migrate import configuration, migrate
from bot.storage.sqlite_file import driver, writing_engine
from bot.storage.tables import jobs, ledger, metadata
from bot.storage.types import milliseconds

GUILD, DAYS, MEMBERS = 1, 366, 2000
BEFORE = "0002"
"""The last revision without a roll-up."""

BATCH = 20_000
DONE = 0.93
JOB = """INSERT INTO jobs (code, interaction_id, guild_id, channel_id, user_id, command, model,
    state, failure, delivered_at, created_at, finished_at, application_id, options, place, provider,
    count, private, estimate_micros)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, '{}', '{}', 'benchmark', 1, 0, 20000)"""
LINE = """INSERT INTO ledger (reference, guild_id, channel_id, user_id, command, model, kind,
    pictures, micros, at, price_known, price_version)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 'v')"""
DEFAULTS = QuotaDefaults(
    member_pictures_per_day=20,
    server_micros_per_month=10_000_000,
    member_jobs_at_once=3,
    bot_micros_per_month=None,
)


def lines(number: int) -> Iterator[tuple[tuple[object, ...], tuple[object, ...]]]:
    """Yield a job and its ledger line, *number* times, over the past year."""
    chance = random.Random(6)  # noqa: S311 - the same year each time
    start = milliseconds(datetime.now(UTC) - timedelta(days=DAYS - 1))
    weights = [1 / (1 + member) ** 0.7 for member in range(MEMBERS)]
    people = chance.choices(range(MEMBERS), weights, k=number)
    for place, member in enumerate(people):
        at = start + (DAYS - 1) * 86_400_000 * place // number
        done, code = chance.random() < DONE, f"{place:08x}"
        ends = at + int(1000 * chance.lognormvariate(3, 0.6))
        whose = (GUILD, 100 + chance.randrange(20), 10_000 + member)
        what = (chance.choice(("imagine", "imagine", "edit", "vary")), f"model-{place % 4}")
        job = ("done", None, ends) if done else ("refused", "ContentRefused", None)
        line = ("settled", 1, 13_000) if done else ("released", 0, 0)
        yield (code, place, *whose, *what, *job, at, ends), (code, *whose, *what, *line, at)


def fill(path: Path, url: str, number: int) -> float:
    """Fill a database of the version before the roll-up and return what rolling it up took."""
    engine = writing_engine(path, foreign_keys=False)
    with engine.begin() as connection:
        command.upgrade(configuration(connection), BEFORE)
        file, pairs = driver(connection), lines(number)
        while batch := list(islice(pairs, BATCH)):
            file.executemany(JOB, [job for job, _ in batch])
            file.executemany(LINE, [line for _, line in batch])
    engine.dispose()
    started = time.perf_counter()
    migrate(url)
    return time.perf_counter() - started


def old_way(connection: Connection, since: datetime) -> None:
    """Add up by member, command and model from the ledger, and ends from the jobs."""
    whose = (ledger.c.user_id, ledger.c.command, ledger.c.model)
    sums = (func.count(), func.sum(ledger.c.pictures), func.sum(ledger.c.micros))
    mine = (ledger.c.guild_id == GUILD, ledger.c.at >= since, ledger.c.kind != "released")
    connection.execute(select(*whose, *sums).where(*mine).group_by(*whose)).all()
    asked = (jobs.c.guild_id == GUILD, jobs.c.created_at >= since)
    connection.execute(select(jobs.c.state, func.count()).where(*asked).group_by(jobs.c.state))


async def timed(question: Callable[[], Awaitable[object]], times: int) -> tuple[float, float]:
    """Return the medians of milliseconds: on the clock, and of work (other programs left out)."""
    clock: list[float] = []
    work: list[float] = []
    for _ in range(times):
        started = time.perf_counter(), time.process_time()
        await question()
        clock.append((time.perf_counter() - started[0]) * 1000)
        work.append((time.process_time() - started[1]) * 1000)
    return median(clock), median(work)


async def compare(database: Database, days: int) -> None:
    """Print what a report of *days* takes both ways."""
    clock = SystemClock()
    reports = Reports(database, Quotas(database, clock, DEFAULTS), clock)
    since = clock.now() - timedelta(days=days)
    new = await timed(lambda: reports.server(GUILD, Clocks(timezone="Europe/Berlin"), days), 7)
    old = await timed(lambda: database.read(lambda c: old_way(c, since)), 3)
    print(
        f"{days:4} days: roll-up {new[0]:.0f} ms ({new[1]:.0f} ms of work), "
        f"ledger {old[0]:.0f} ms ({old[1]:.0f}): {old[1] / new[1]:.1f} times the work"
    )


async def main() -> None:
    """Fill, roll up, compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    number = parser.parse_args().lines
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "easel.db")
        url = f"sqlite+aiosqlite:///{path}"
        took = await asyncio.to_thread(fill, path, url, number)
        async with open_database(url) as database:
            rows = await database.read(
                lambda c: c.execute(
                    select(func.count()).select_from(metadata.tables["daily"])
                ).scalar_one()
            )
            print(f"{number:,} ledger lines, {rows:,} daily rows, rolled up in {took:.0f} s")
            for days in (30, 366):
                await compare(database, days)


if __name__ == "__main__":
    asyncio.run(main())
