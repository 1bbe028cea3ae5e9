"""The daily roll-up, filled from the ledger, and the roles of those whose requests run."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import context, op

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COUNTED = (
    "requests", "pictures", "micros", "unsure_micros",
    "done", "refused", "failed", "unknown", "turned_away",
)  # fmt: skip
_PLACES = {name: place for place, name in enumerate(COUNTED)}
BATCH = 5000
QUARTER = 15 * 60 * 1000  # milliseconds; every zone's days begin at a quarter of an hour
ENDS = {"settled": "done", "unknown": "unknown", "released": "failed"}  # of lines without a job

_LINES = sa.text(
    "SELECT l.id, l.guild_id, l.channel_id, l.user_id, l.command, l.model, l.kind, l.pictures,"
    " l.micros, l.price_known, l.at, j.state, j.failure, j.place, j.delivered_at"
    " FROM ledger l LEFT JOIN jobs j ON j.code = l.reference"
    " WHERE l.id > :after ORDER BY l.id LIMIT :most"
)
_EVENTS = sa.text(
    "SELECT e.id, e.guild_id, e.categories, COALESCE(j.created_at, e.at) AS at"
    " FROM moderation_events e LEFT JOIN jobs j ON j.code = e.job_code"
    " WHERE e.id > :after ORDER BY e.id LIMIT :most"
)

Key = tuple[int, str, date, str]
Sums = defaultdict[Key, list[int]]


def upgrade() -> None:
    """Make the table, and count in it what the ledger has."""
    op.add_column("jobs", sa.Column("roles", sa.Text(), nullable=True))
    daily = op.create_table(
        "daily",
        sa.Column("guild_id", ID, autoincrement=False, nullable=False),
        sa.Column("dimension", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("micros", ID, nullable=False),
        sa.Column("unsure_micros", ID, nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("unknown", sa.Integer(), nullable=False),
        sa.Column("turned_away", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "dimension", "day", "name", name="pk_daily"),
        sqlite_with_rowid=False,
    )
    if not context.is_offline_mode():
        connection = op.get_bind()
        for rows in _batches(_sums(connection).items()):
            connection.execute(daily.insert(), rows)


def _sums(connection: sa.Connection) -> Sums:
    sums: Sums = defaultdict(lambda: [0] * len(COUNTED))
    zones = _zones(connection)
    for line in _rows(connection, _LINES):
        counts, day = _counts(line), _day(line.at, zones.get(line.guild_id, "UTC"))
        for dimension, name in _dimensions(line):
            month = dimension == "member-month"
            row = sums[line.guild_id, dimension, day.replace(day=1) if month else day, name[:64]]
            for column, value in counts:
                row[column] += value
        if line.state == "done" and line.delivered_at is not None:
            wait = f"{_wait_class((line.delivered_at - line.at) / 1000):02}"
            sums[line.guild_id, "wait", day, wait][_PLACES["done"]] += 1
    for event in _rows(connection, _EVENTS):
        day = _day(event.at, zones.get(event.guild_id, "UTC"))
        for category in set(json.loads(event.categories)):
            sums[event.guild_id, "category", day, category[:64]][_PLACES["refused"]] += 1
    return sums


def _rows(connection: sa.Connection, question: sa.TextClause) -> Iterator[sa.Row[Any]]:
    after = 0
    while rows := connection.execute(question, {"after": after, "most": BATCH}).all():
        yield from rows
        after = rows[-1].id


def _batches(sums: Iterable[tuple[Key, list[int]]]) -> Iterator[list[dict[str, object]]]:
    batch: list[dict[str, object]] = []
    for (guild_id, dimension, day, name), counts in sorted(sums):
        row: dict[str, object] = {"guild_id": guild_id, "dimension": dimension, "day": day}
        batch.append({**row, "name": name, **dict(zip(COUNTED, counts, strict=True))})
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _counts(line: sa.Row[Any]) -> list[tuple[int, int]]:
    """Return what *line* adds to which of the counted columns."""
    settled, unknown = line.kind == "settled", line.kind == "unknown"
    counts = {line.state or ENDS[line.kind]: 1}
    if settled or unknown:
        sure = settled and line.price_known
        counts |= {"requests": 1, "micros": line.micros}
        counts |= {"pictures": line.pictures if settled else 0}
        counts |= {"unsure_micros": 0 if sure else line.micros}
    return [(_PLACES[name], value) for name, value in counts.items() if value]


def _dimensions(line: sa.Row[Any]) -> Iterator[tuple[str, str]]:
    parent = json.loads(line.place).get("parent_id") if line.place else None
    yield "all", ""
    yield "member", str(line.user_id)
    yield "member-month", str(line.user_id)
    yield "channel", str(parent or line.channel_id)
    yield "command", line.command
    yield "model", line.model
    if line.failure:
        yield "cause", line.failure


def _zones(connection: sa.Connection) -> dict[int, str]:
    chosen = connection.execute(sa.text("SELECT guild_id, choices FROM guilds"))
    return {row.guild_id: json.loads(row.choices).get("timezone", "UTC") for row in chosen}


def _day(at: int, timezone: str) -> date:
    return _day_of_quarter(at // QUARTER, timezone)


@cache
def _day_of_quarter(quarter: int, timezone: str) -> date:
    return datetime.fromtimestamp(quarter * QUARTER / 1000, UTC).astimezone(_zone(timezone)).date()


@cache
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def _wait_class(seconds: float) -> int:
    """Return the class as `bot.domain.waits` counts it."""
    return min(40, math.ceil(round(math.log(max(seconds, 0.5) / 0.5, 1.25), 9)))
