"""A row for every way in which a table can know a member, and a look for what is left of them."""

from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    LargeBinary,
    MetaData,
    String,
    Text,
    cast,
    insert,
    select,
)

from bot.storage import tables
from bot.storage.personal import REGISTRY, Entry, Held, Kind
from bot.storage.types import Json, UtcMs

CANARY = "a heron of canary-7f3a"
AT = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
_numbers = count(70_000)
_FIXED: dict[str, Any] = {
    "scope": "member",
    "dimension": "member",
    "unit": "pictures",
    "window": "lifetime",
    "holder": "member",
    "day": date(2026, 11, 18),
    "state": "done",
    "command": "imagine",
    "starts_at": datetime(1970, 1, 1, tzinfo=UTC),
    "ends_at": datetime(9999, 1, 1, tzinfo=UTC),
}


def fill(connection: Connection, guild_id: int, user_id: int, other: int) -> int:
    """Store the member in every column that may hold one, and *CANARY* in all that is text.

    What others wrote names the member. Return how many rows there are.
    """
    rows = 0
    for entry in REGISTRY:
        if entry.table in {tables.erasing, tables.pictures, tables.departures, tables.buckets}:
            continue
        for name, held in entry.people.items() or [("", Held())]:
            row = _row(entry, guild_id, other) | _whose(name, held, user_id)
            connection.execute(insert(entry.table), row)
            rows += 1
    mine = select(tables.jobs.c.id).where(
        tables.jobs.c.user_id == user_id, tables.jobs.c.guild_id == guild_id
    )
    for job_id in connection.execute(mine).scalars().all():
        data = CANARY.encode()
        picture = {"job_id": job_id, "position": 0, "role": "answer", "media_type": "image/png"}
        connection.execute(insert(tables.pictures), {**picture, "data": data})
        rows += 1
    others = _row(_entry(tables.jobs), guild_id, other) | {"prompt": f"a hat for <@{user_id}>"}
    connection.execute(insert(tables.jobs), others)
    noted = {"target": f"member:{user_id} pictures", "after": {"reason": CANARY, "until": None}}
    entry = _entry(tables.audit)
    connection.execute(insert(tables.audit), _row(entry, guild_id, other) | noted)
    return rows + 2


def traces(files: list[Path], user_id: int) -> list[str]:
    """Return where the member's id, as SQLite and as people write it, or the canary is."""
    wanted = {
        "number": user_id.to_bytes(8, "big"),
        "digits": str(user_id).encode(),
        "words": CANARY.encode(),
    }
    return [
        f"{what} in {file.name}"
        for file in files
        if file.exists()
        for what, each in wanted.items()
        if each in file.read_bytes()
    ]


def beside(path: Path) -> list[Path]:
    """Return every file of the database, and all else that lies there."""
    return sorted(each for each in path.parent.rglob("*") if each.is_file())


def cells(connection: Connection, user_id: int, *words: str) -> list[str]:
    """Return the columns of all tables in which a row has the member's id or one of *words*."""
    there = MetaData()
    there.reflect(connection)
    return [
        f"{table.name}.{column.name}"
        for table in there.tables.values()
        for column in table.columns
        for value in connection.execute(select(_as_text(column))).scalars()
        if value is not None and any(each in str(value) for each in (str(user_id), *words))
    ]


def _as_text(column: Column[Any]) -> Any:
    return cast(column, Text) if not isinstance(column.type, LargeBinary) else column


def _entry(table: Any) -> Entry:
    return next(each for each in REGISTRY if each.table is table)


def _whose(name: str, held: Held, user_id: int) -> dict[str, object]:
    if not name:
        return {}
    return {name: str(user_id) if held.as_text else user_id}


def _row(entry: Entry, guild_id: int, other: int) -> dict[str, object]:
    row = {
        column.name: _value(entry, column, other)
        for column in entry.table.columns
        if column.name != "id"
    }
    row |= {name: value for name, value in _FIXED.items() if name in entry.table.c}
    if "guild_id" in row:
        row["guild_id"] = guild_id
    if "reference" in row:
        row["reference"] = f"ref{guild_id}"
    if entry.table is tables.cases:
        row["state"] = "closed"
    if entry.table is tables.bookings:
        row["state"], row["taken"] = "settled", {"counters": [[guild_id, "member", 1]]}
    if entry.table is tables.ledger:
        row["kind"] = "settled"
    if entry.table is tables.quota_rules:
        row["effect"] = "limit"
    return row


def _value(entry: Entry, column: Column[Any], other: int) -> object:
    held, number = entry.columns[column.name], next(_numbers)
    if held.is_person:
        return str(other) if held.as_text else other
    usual: dict[type[Any], object] = {
        UtcMs: AT,
        Date: AT.date(),
        Boolean: True,
        Json: {"words": CANARY} if held.kind is Kind.NAMING else {},
        Text: CANARY,
        String: str(number),
    }
    return next((each for kind, each in usual.items() if isinstance(column.type, kind)), number)
