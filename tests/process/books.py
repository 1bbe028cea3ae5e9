"""Reads the bot's database from outside, as an auditor would."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import create_async_engine

_TABLES = ("jobs", "ledger", "bookings", "counters", "moderation_events", "daily")


@dataclass(frozen=True, slots=True)
class Books:
    """What the file says. Money is in micro-dollars."""

    jobs: list[dict[str, Any]]
    ledger: list[dict[str, Any]]
    bookings: list[dict[str, Any]]
    counters: list[dict[str, Any]]
    events: list[dict[str, Any]]
    daily: list[dict[str, Any]]
    pictures_kept: int

    @property
    def spent(self) -> int:
        return sum(row["micros"] for row in self.ledger)

    def ended(self, state: str) -> list[dict[str, Any]]:
        return [job for job in self.jobs if job["state"] == state]

    def check(self) -> None:
        """Assert that the parts agree with each other, with nothing left open."""
        assert [job for job in self.jobs if job["finished_at"] is None] == []
        assert [job for job in self.jobs if job["token"]] == []
        assert [row for row in self.bookings if row["state"] == "held"] == []
        assert [row for row in self.counters if row["reserved"]] == []
        assert self.pictures_kept == 0
        assert len(self.bookings) == len(self.jobs) == len(self.ledger)
        for kind in ("settled", "released", "unknown"):
            booked = {row["reference"] for row in self.bookings if row["state"] == kind}
            assert booked == {row["reference"] for row in self.ledger if row["kind"] == kind}
        by_code = {job["code"]: job for job in self.jobs}
        for row in self.ledger:
            job = by_code[row["reference"]]
            column = "estimate_micros" if row["kind"] == "unknown" else "cost_micros"
            assert row["micros"] == job[column], row
        self._check_roll_up()
        for guild_id in {row["guild_id"] for row in self.counters}:  # 0: the whole bot
            ledger = [row for row in self.ledger if guild_id in {0, row["guild_id"]}]
            mine = [row for row in self.counters if row["guild_id"] == guild_id]
            self._check_money([row for row in mine if _is_money(row)], ledger)

    def _check_roll_up(self) -> None:
        """What is rolled up by day is what the ledger and the jobs add up to."""
        used = [row for row in self.ledger if row["kind"] != "released"]
        for dimension in ("all", "member", "channel", "command", "model"):
            rows = [row for row in self.daily if row["dimension"] == dimension]
            assert sum(row["micros"] for row in rows) == self.spent
            assert sum(row["requests"] for row in rows) == len(used)
            assert sum(row["pictures"] for row in rows) == sum(row["pictures"] for row in used)
            for state in ("done", "refused", "failed", "unknown"):
                assert sum(row[state] for row in rows) == len(self.ended(state)), state

    def _check_money(self, rows: list[dict[str, Any]], ledger: list[dict[str, Any]]) -> None:
        """The latest counter says what the ledger says of its window.

        A server that changes its time zone gets a window that starts elsewhere: the new counter
        begins with what was spent since, the old one stays behind.
        """
        if rows:
            last = max(rows, key=lambda row: row["used"])
            within = [r for r in ledger if last["starts_at"] <= r["at"] < last["ends_at"]]
            assert last["used"] == sum(row["micros"] for row in within)


def _is_money(row: dict[str, Any]) -> bool:
    whole = row["scope"] in {"server", "bot"}
    return whole and row["unit"] == "dollars" and row["window"] == "month"


def read_books(file: Path) -> Books:
    """Read the database *file* without touching it; the bot may be running."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row

        def rows(table: str) -> list[dict[str, Any]]:
            found = connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - names of ours
            return [dict(row) for row in found]

        kept = connection.execute("SELECT count(*) FROM pictures").fetchone()[0]
        return _books([rows(each) for each in _TABLES], kept)


async def read_books_at(url: str) -> Books:
    """Read the PostgreSQL database at *url*, all tables as of one instant."""
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="REPEATABLE READ")
    async with engine.connect() as connection:

        async def rows(table: str) -> list[dict[str, Any]]:
            found = await connection.exec_driver_sql(f"SELECT * FROM {table}")  # noqa: S608 - the same
            return [dict(row) for row in found.mappings()]

        kept = await connection.exec_driver_sql("SELECT count(*) FROM pictures")
        return _books([await rows(each) for each in _TABLES], kept.scalar_one())


def _books(tables: list[list[dict[str, Any]]], kept: int) -> Books:
    jobs, ledger, bookings, counters, events, daily = tables
    return Books(jobs, ledger, bookings, counters, events, daily, kept)
