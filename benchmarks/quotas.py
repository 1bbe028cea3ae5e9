"""How fast booking and settling is: `python benchmarks/quotas.py [--rows 5000000] [--seconds 3]`.

Pairs of a booking and its end, each a durable transaction of its own, against the same statements
in a bare loop over sqlite3 in the same run, on the same disk: the ratio is what counts. Then what a
booking costs with many rows in the ledger against a thousand.
"""

import argparse
import asyncio
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.domain.clock import SystemClock  # noqa: E402 - the path comes first
from bot.domain.quota import QuotaDefaults, Rule, Scope, Unit  # noqa: E402
from bot.domain.windows import Clocks, Rolling  # noqa: E402
from bot.providers.base import Price  # noqa: E402
from bot.services import quota_booking  # noqa: E402
from bot.services.quota import Claim, Quotas  # noqa: E402
from bot.storage.database import Connection, Database, open_database  # noqa: E402
from bot.storage.sqlite_file import connect  # noqa: E402

TASKS = (1, 8, 64)
AIMS = {1: 0.12, 64: 0.3}
GROWTH = 2.5
ROOMY = QuotaDefaults(
    member_pictures_per_day=10**9,
    server_micros_per_month=10**15,
    member_jobs_at_once=10**6,
    bot_micros_per_month=10**15,
)
PAID = Price(micros=5_000, known=True, version="benchmark")
_numbers = count(1)


def claim() -> Claim:
    number = next(_numbers)
    return Claim(
        reference=f"job{number}",
        guild_id=100,
        channel_id=200,
        user_id=number % 50 + 1,
        role_ids=frozenset({10, 11}),
        command="imagine",
        model="sketch",
        pictures=1,
        micros=10_000,
        at=datetime.now(UTC),
        clocks=Clocks(),
    )


async def pairs_a_second(
    database: Database, quotas: Quotas, tasks: int, seconds: float
) -> tuple[float, float]:
    """Return how many there are a second, and the microseconds of CPU that each takes."""
    done, ends = 0, perf_counter() + seconds

    async def pair(wanted: Claim) -> None:
        await database.write(lambda c: quotas.book(c, wanted))
        end = {"reference": wanted.reference, "pictures": 1, "price": PAID, "at": wanted.at}
        await database.write(lambda c: quotas.settle(c, **end))

    async def task() -> None:
        nonlocal done
        while perf_counter() < ends:
            await pair(claim())
            done += 1

    started, spent = perf_counter(), process_time()
    await asyncio.gather(*(task() for _ in range(tasks)))
    return done / (perf_counter() - started), (process_time() - spent) / done * 1e6


RAW_BOOK = """INSERT INTO counters
    (guild_id, scope, scope_id, unit, "window", starts_at, ends_at, used, reserved, ceiling)
    VALUES (0, 'bot', 0, 'dollars', 'raw', 0, 1, 0, 1, 1000000000000),
        (100, 'member', 1, 'pictures', 'raw', 0, 1, 0, 1, 1000000000000),
        (100, 'server', 0, 'dollars', 'raw', 0, 1, 0, 1, 1000000000000)
    ON CONFLICT (guild_id, scope, scope_id, unit, "window", starts_at) DO UPDATE
    SET reserved = counters.reserved + excluded.reserved
    WHERE counters.used + counters.reserved + excluded.reserved <= excluded.ceiling
    RETURNING reserved"""
RAW_MOVE = """UPDATE counters SET reserved = reserved - 1, used = used + 1
    WHERE guild_id = ? AND scope = ? AND scope_id = ? AND unit = ? AND "window" = 'raw'
    AND starts_at = 0"""
RAW_KEYS = ((0, "bot", 0, "dollars"), (100, "member", 1, "pictures"), (100, "server", 0, "dollars"))
RAW_KEEP = """INSERT INTO bookings (reference, guild_id, channel_id, user_id, command, model,
    pictures, micros, taken, state, created_at)
    VALUES (?, 100, 200, 1, 'imagine', 'sketch', 1, 1, '{}', 'held', 1)"""
RAW_LINE = """INSERT INTO ledger (reference, kind, guild_id, channel_id, user_id, command, model,
    pictures, micros, price_known, price_version, at)
    VALUES (?, 'settled', 100, 200, 1, 'imagine', 'sketch', 1, 1, 1, '', 1)"""


def raw_pairs_a_second(path: Path, seconds: float) -> tuple[float, float]:
    """Book and settle in the barest loop that keeps the same promises, on one thread."""
    with closing(connect(path)) as plain:
        done, started, spent = 0, perf_counter(), process_time()
        while perf_counter() < started + seconds:
            reference = f"raw{next(_numbers)}"
            plain.execute("BEGIN IMMEDIATE")
            assert len(plain.execute(RAW_BOOK).fetchall()) == 3
            plain.execute(RAW_KEEP, (reference,))
            plain.execute("COMMIT")
            plain.execute("BEGIN IMMEDIATE")
            plain.execute("UPDATE bookings SET state = 'settled' WHERE reference = ?", (reference,))
            plain.execute(RAW_LINE, (reference,))
            plain.executemany(RAW_MOVE, RAW_KEYS)
            plain.execute("COMMIT")
            done += 1
        return done / (perf_counter() - started), (process_time() - spent) / done * 1e6


async def speed(directory: Path, seconds: float) -> bool:
    path = directory / "speed.db"
    async with open_database(f"sqlite+aiosqlite:///{path}"):
        pass
    raw = [raw_pairs_a_second(path, seconds / 2)]
    found: dict[int, tuple[float, float]] = {}
    for tasks in TASKS:
        async with open_database(f"sqlite+aiosqlite:///{path}") as database:
            quotas = Quotas(database, SystemClock(), ROOMY)
            found[tasks] = await pairs_a_second(database, quotas, tasks, seconds)
        raw.append(raw_pairs_a_second(path, seconds / 2))
    bare, bare_cpu = (median(each) for each in zip(*raw, strict=True))
    print(f"bare loop: {bare:,.0f} pairs a second, {bare_cpu:,.0f} µs of CPU for each")
    well = True
    for tasks, (rate, cpu) in found.items():
        ratio, aim = rate / bare, AIMS.get(tasks)
        well = well and (aim is None or ratio >= aim)
        print(f"{tasks:3} tasks: {rate:,.0f} pairs a second, {ratio:.2f} of it{_aim(aim)}", end="")
        print(f"; {cpu:,.0f} µs of CPU for each, {bare_cpu / cpu:.2f} of it")
    return well


def _aim(aim: float | None) -> str:
    return "" if aim is None else f" (aim: {aim})"


def fill(path: Path, rows: int) -> None:
    """Put *rows* lines into the ledger, of the last thirty days, of a thousand members."""
    now = int(datetime.now(UTC).timestamp() * 1000)
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("PRAGMA journal_mode=OFF")
        plain.execute("PRAGMA synchronous=OFF")
        plain.execute("PRAGMA cache_size=-400000")
        plain.execute(
            """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
            INSERT INTO ledger (reference, kind, guild_id, channel_id, user_id, command, model,
                pictures, micros, price_known, price_version, at)
            SELECT 'old' || i, 'settled', 100, 200 + i % 20, i % 1000 + 1, 'imagine', 'sketch', 1,
                5000, 1, '', ? - (? - i) * 2592000000 / ? FROM n""",
            (rows, now, rows, rows),
        )
        plain.commit()
        plain.execute("PRAGMA journal_mode=WAL")


async def cost_of_booking(directory: Path, rows: int, rolling: int | None) -> float:
    """Return the microseconds that a booking takes inside its transaction, after a few."""
    path = directory / f"{rows}-{rolling}.db"
    async with open_database(f"sqlite+aiosqlite:///{path}"):
        pass
    await asyncio.to_thread(fill, path, rows)
    async with open_database(f"sqlite+aiosqlite:///{path}") as database:
        quotas = Quotas(database, SystemClock(), ROOMY)
        if rolling:
            rule = Rule(
                scope=Scope.SERVER, unit=Unit.PICTURES, window=Rolling(rolling), amount=10**9
            )
            await quotas.set_rule(100, rule, by=1)
        taken = [await database.write(_timed_booking) for _ in range(1_500)]
    path.unlink()
    return median(taken[500:])


def _timed_booking(connection: Connection) -> float:
    wanted = claim()
    started = perf_counter()
    quota_booking.book(connection, wanted, ROOMY)
    return (perf_counter() - started) * 1e6


async def growth(directory: Path, rows: int) -> bool:
    well = True
    for rolling, name in ((None, "calendar windows"), (24, "and a rolling one of 24 hours")):
        few = await cost_of_booking(directory, 1_000, rolling)
        many = await cost_of_booking(directory, rows, rolling)
        well = well and many / few <= GROWTH
        print(
            f"{name}: a booking takes {few:.0f} µs at 1,000 lines of the ledger, {many:.0f} µs at "
            f"{rows:,}: {many / few:.2f} times (aim: at most {GROWTH})"
        )
    return well


async def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=5_000_000)
    options.add_argument("--seconds", type=float, default=3)
    options.add_argument("--only", choices=("speed", "growth"))
    chosen = options.parse_args()
    well = True
    with TemporaryDirectory() as name:
        if chosen.only != "growth":
            well = await speed(Path(name), chosen.seconds) and well
        if chosen.only != "speed":
            well = await growth(Path(name), chosen.rows) and well
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
