"""What was acknowledged is there after kill -9, and the file is whole."""

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

from sqlalchemy import text

from bot.storage.database import Connection, open_database
from tests.process.nursery import living

WRITER = """
import asyncio, sys
from sqlalchemy import text
from bot.storage.database import open_database

async def write(database, number):
    statement = text("INSERT INTO guilds VALUES (:number, :choices, 0)")
    values = {"number": number, "choices": "x" * 1000}
    await database.write(lambda connection: connection.execute(statement, values))
    print(number, flush=True)

async def main():
    async with open_database(sys.argv[1]) as database:
        for start in range(0, 1_000_000, 20):
            await asyncio.gather(*(write(database, start + i) for i in range(20)))

asyncio.run(main())
"""
ENOUGH = 300


def write_and_kill(url: str) -> set[int]:
    """Return what a process said that it had written before it was killed."""
    with living("-c", WRITER, url) as (child, lines):
        said = [int(next(lines)) for _ in range(ENOUGH)]
        child.kill()
        said += [int(line) for line in lines if line.endswith("\n")]
    return set(said)


def test_nothing_acknowledged_is_lost(path: Path, url: str) -> None:
    said = write_and_kill(url)

    with closing(sqlite3.connect(path)) as connection:
        stored = {number for (number,) in connection.execute("SELECT guild_id FROM guilds")}
        assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
    assert len(said) >= ENOUGH
    assert said <= stored


async def test_the_next_start_needs_no_help(url: str) -> None:
    write_and_kill(url)

    def add(connection: Connection, number: int) -> None:
        connection.execute(text("INSERT INTO guilds VALUES (:n, '', 0)"), {"n": number})

    async with open_database(url) as database:
        await database.write(partial(add, number=-1))
