"""The daily roll-up: what ended, by server, day and one dimension at a time.

A day is the date that the server's clocks showed when the request was asked, written down once. A
server that changes its time zone keeps the days that it had: nothing is counted twice or lost.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection, Date, bindparam, delete, func, select, text, union_all

from bot.domain.usage import Counts, Dimension, Outcomes, Tally
from bot.storage.tables import daily as table

Entries = Mapping[tuple[Dimension, str], Counts]
"""Counts by dimension and name."""

_DAY: Final = timedelta(days=1)
_NAME: Final = 64  # characters of the column
_TALLY: Final = ("requests", "pictures", "micros", "unsure_micros")
_OUTCOMES: Final = ("done", "refused", "failed", "unknown", "turned_away")
_COUNTED: Final = (*_TALLY, *_OUTCOMES)
_OF_MEMBERS: Final = (Dimension.MEMBER.value, Dimension.MEMBER_MONTH.value)
_KEY: Final = ("guild_id", "dimension", "day", "name")
_SUMS: Final = tuple(func.sum(table.c[name]).label(name) for name in _COUNTED)
_ADD = text(
    f"INSERT INTO daily ({', '.join((*_KEY, *_COUNTED))})"  # noqa: S608 - names of ours
    f" VALUES ({', '.join(f':{name}' for name in (*_KEY, *_COUNTED))})"
    f" ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET "
    + ", ".join(f"{name} = daily.{name} + excluded.{name}" for name in _COUNTED)
).bindparams(bindparam("day", type_=Date))


def add(connection: Connection, guild_id: int, day: date, entries: Entries) -> None:
    """Add *entries* to a server's *day*, in one order for all writers."""
    months = {
        (Dimension.MEMBER_MONTH, name): counts
        for (dimension, name), counts in entries.items()
        if dimension is Dimension.MEMBER
    }
    rows = [
        {
            "guild_id": guild_id,
            "dimension": dimension.value,
            "day": day.replace(day=1) if dimension is Dimension.MEMBER_MONTH else day,
            "name": name[:_NAME],
            **_columns(counts),
        }
        for (dimension, name), counts in sorted({**entries, **months}.items(), key=_order)
    ]
    connection.execute(_ADD, rows)


def rename(connection: Connection, guild_id: int, before: str, after: str) -> None:
    """Count for the member *after* what was counted for *before*, their own sums included."""
    columns = [table.c[name] for name in (*_KEY, *_COUNTED)]
    mine = (table.c.guild_id == guild_id, table.c.dimension.in_(_OF_MEMBERS))
    old = select(*columns).where(*mine, table.c.name == before)
    if rows := [{**row, "name": after} for row in connection.execute(old).mappings()]:
        connection.execute(_ADD, rows)
        connection.execute(delete(table).where(*mine, table.c.name == before))


def by_name(
    connection: Connection, guild_id: int, dimension: Dimension, since: date, until: date
) -> dict[str, Counts]:
    """Add up the days from *since* to *until*, both included, by name."""
    query = select(table.c.name, *_SUMS).where(*_within(guild_id, dimension, since, until))
    found = connection.execute(query.group_by(table.c.name))
    return {name: _counts(sums) for name, *sums in found}


def by_member(connection: Connection, guild_id: int, since: date, today: date) -> dict[str, Counts]:
    """Add up what members used from *since* to *today*: whole months by their sums."""
    months_from = since if since.day == 1 else _month_after(since)
    before = min(months_from, today + _DAY) - _DAY
    spans = (Dimension.MEMBER, since, before), (Dimension.MEMBER_MONTH, months_from, today)
    columns = (table.c.name, *(table.c[each] for each in _COUNTED))
    parts = union_all(*(select(*columns).where(*_within(guild_id, *span)) for span in spans))
    rows = parts.subquery()
    sums = (func.sum(rows.c[each]) for each in _COUNTED)
    found = connection.execute(select(rows.c.name, *sums).group_by(rows.c.name))
    return {name: _counts(sums) for name, *sums in found}


def by_day(
    connection: Connection,
    guild_id: int,
    dimension: Dimension,
    name: str,
    since: date,
    until: date,
) -> dict[date, Counts]:
    """Return what each day from *since* to *until* has; days without anything are left out."""
    where = (*_within(guild_id, dimension, since, until), table.c.name == name)
    columns = (table.c.day, *(table.c[each] for each in _COUNTED))
    return {day: _counts(sums) for day, *sums in connection.execute(select(*columns).where(*where))}


def first_day(connection: Connection, guild_id: int) -> date | None:
    """Return the first day on which anything ended."""
    everything = (table.c.guild_id == guild_id, table.c.dimension == Dimension.ALL.value)
    return connection.execute(select(func.min(table.c.day)).where(*everything)).scalar()


def _within(guild_id: int, dimension: Dimension, since: date, until: date) -> tuple[object, ...]:
    return (
        table.c.guild_id == guild_id,
        table.c.dimension == dimension.value,
        table.c.day >= since,
        table.c.day <= until,
    )


def _columns(counts: Counts) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(counts.tally, name) for name in _TALLY}
    return values | {name: getattr(counts.outcomes, name) for name in _OUTCOMES}


def _counts(sums: Sequence[int]) -> Counts:
    """Return the counted columns in our words; a sum is no integer on PostgreSQL."""
    requests, pictures, micros, unsure, *ends = map(int, sums)
    tally = Tally(requests=requests, pictures=pictures, micros=micros, unsure_micros=unsure)
    done, refused, failed, unknown, turned = ends
    outcomes = Outcomes(
        done=done, refused=refused, failed=failed, unknown=unknown, turned_away=turned
    )
    return Counts(tally=tally, outcomes=outcomes)


def _order(entry: tuple[tuple[Dimension, str], Counts]) -> tuple[Dimension, str]:
    return entry[0]


def _month_after(day: date) -> date:
    return (day.replace(day=1) + 31 * _DAY).replace(day=1)
