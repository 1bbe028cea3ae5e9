"""How much of each limit is used in each window: one row, which bookings move below its limit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import Row, Select, TextClause, and_, bindparam, or_, select, text, update

from bot.domain.quota import Scope, Unit
from bot.storage.database import Connection
from bot.storage.tables import counters as table
from bot.storage.types import instant, milliseconds


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What one counter counts. Keys sort as the primary key does: lock rows in that order."""

    guild_id: int
    scope: Scope
    scope_id: int
    unit: Unit
    window: str
    starts_at: datetime
    ends_at: datetime = field(compare=False)

    def stored(self) -> list[object]:
        """Return the key as a JSON value."""
        starts, ends = milliseconds(self.starts_at), milliseconds(self.ends_at)
        return [self.guild_id, self.scope, self.scope_id, self.unit, self.window, starts, ends]

    @classmethod
    def restored(cls, stored: Sequence[Any]) -> "Key":
        """Return the key that `stored` gave."""
        guild_id, scope, scope_id, unit, window, starts, ends = stored
        times = instant(starts), instant(ends)
        return cls(guild_id, Scope(scope), scope_id, Unit(unit), window, *times)


@dataclass(frozen=True, slots=True)
class Tally:
    """A counter's values in its unit; *reserved* is in flight and not part of *used*."""

    used: int
    reserved: int


@dataclass(frozen=True, slots=True)
class Hold:
    """An amount to reserve on a counter, which may not come above *ceiling* by it."""

    key: Key
    amount: int
    ceiling: int


@dataclass(frozen=True, slots=True)
class Move:
    """A change of a counter: *reserved* and *used* are added."""

    key: Key
    reserved: int
    used: int


_PRIMARY = tuple(column.name for column in table.primary_key)
_VALUES = (*_PRIMARY, "ends_at", "used", "reserved", "ceiling")
_INSERT = """INSERT INTO counters
    (guild_id, scope, scope_id, unit, "window", starts_at, ends_at, used, reserved, ceiling)
    VALUES """
_CONFLICT = ' ON CONFLICT (guild_id, scope, scope_id, unit, "window", starts_at) DO '
_ADD_BELOW_CEILING = """UPDATE
    SET reserved = counters.reserved + excluded.reserved, ceiling = excluded.ceiling
    WHERE counters.used + counters.reserved + excluded.reserved <= excluded.ceiling
    RETURNING reserved"""
_MOVE = (
    update(table)
    .where(*(table.c[name] == bindparam(f"{name}_0") for name in _PRIMARY))
    .values(
        reserved=table.c.reserved + bindparam("more_reserved"),
        used=table.c.used + bindparam("more_used"),
    )
)


def tallies(connection: Connection, keys: Sequence[Key], *, lock: bool) -> dict[Key, Tally]:
    """Return the counters that exist among *keys*; *lock* keeps others from moving them."""
    if not keys:
        return {}
    question = _select(len(keys), lock=lock)
    values = {f"{name}_{i}": value for i, key in enumerate(keys) for name, value in _at(key)}
    found = connection.execute(question, values)
    return {_key(row): Tally(row.used, row.reserved) for row in found}


def begin(connection: Connection, key: Key, tally: Tally) -> None:
    """Make the counter of *key* with these values, unless someone else just did."""
    values = {**_row(Hold(key, tally.reserved, 0), 0), "used_0": tally.used}
    connection.execute(_insert(1, "NOTHING"), values)


def hold(connection: Connection, holds: Sequence[Hold]) -> bool:
    """Reserve every amount of *holds*, or return False: then the transaction must be undone."""
    ordered = sorted(holds, key=lambda each: each.key)
    values = {
        name: value for i, each in enumerate(ordered) for name, value in _row(each, i).items()
    }
    held = connection.execute(_insert(len(ordered), _ADD_BELOW_CEILING), values)
    return len(held.all()) == len(ordered)


def move(connection: Connection, moves: Iterable[Move]) -> None:
    """Change counters by what each move adds; one that has been cleared away stays away."""
    ordered = sorted(moves, key=lambda each: each.key)
    rows = [
        {
            **{f"{name}_0": value for name, value in _at(each.key)},
            "more_reserved": each.reserved,
            "more_used": each.used,
        }
        for each in ordered
    ]
    if rows:
        connection.execute(_MOVE, rows)


@cache
def _select(count: int, *, lock: bool) -> Select[Any]:
    matches = [
        and_(*(table.c[name] == bindparam(f"{name}_{i}") for name in _PRIMARY))
        for i in range(count)
    ]
    question = select(table).where(or_(*matches)).order_by(*table.primary_key)
    return question.with_for_update() if lock else question


@cache
def _insert(count: int, on_conflict: str) -> TextClause:
    rows = [", ".join(f":{name}_{i}" for name in _VALUES) for i in range(count)]
    statement = text(_INSERT + ", ".join(f"({row})" for row in rows) + _CONFLICT + on_conflict)
    return statement.bindparams(
        *(
            bindparam(f"{name}_{i}", type_=table.c[name].type)
            for name in _VALUES
            for i in range(count)
        )
    )


def _at(key: Key) -> list[tuple[str, object]]:
    return [(name, getattr(key, name)) for name in _PRIMARY]


def _row(each: Hold, i: int) -> dict[str, object]:
    amounts = {"ends_at": each.key.ends_at, "used": 0, "reserved": each.amount}
    row = {**dict(_at(each.key)), **amounts, "ceiling": each.ceiling}
    return {f"{name}_{i}": value for name, value in row.items()}


def _key(row: Row[Any]) -> Key:
    times = cast("tuple[datetime, datetime]", (row.starts_at, row.ends_at))
    place = row.guild_id, Scope(row.scope), row.scope_id
    return Key(*place, Unit(row.unit), row.window, *times)
