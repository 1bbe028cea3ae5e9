"""How much of each limit is used in each window: one row, which bookings move below its limit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import Row, TextClause, and_, bindparam, delete, or_, select, text, update

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
_LIVE = (
    select(table)
    .where(
        or_(
            and_(table.c.guild_id == 0, table.c.scope == Scope.BOT.value),
            and_(table.c.guild_id == bindparam("guild"), table.c.scope == Scope.SERVER.value),
            and_(
                table.c.guild_id == bindparam("guild"),
                table.c.scope == Scope.MEMBER.value,
                table.c.scope_id == bindparam("member"),
            ),
        ),
        table.c.starts_at <= bindparam("now"),
        table.c.ends_at > bindparam("now"),
    )
    .order_by(*table.primary_key)
)
_LOCKED = _LIVE.with_for_update()
_VALUES = (*_PRIMARY, "ends_at", "used", "reserved", "ceiling")
_INSERT = """INSERT INTO counters
    (guild_id, scope, scope_id, unit, "window", starts_at, ends_at, used, reserved, ceiling)
    VALUES """
_CONFLICT = ' ON CONFLICT (guild_id, scope, scope_id, unit, "window", starts_at) DO '
_ADD_BELOW_CEILING = """UPDATE
    SET reserved = counters.reserved + excluded.reserved, ceiling = excluded.ceiling
    WHERE counters.used + counters.reserved + excluded.reserved <= excluded.ceiling
    RETURNING reserved"""
_LIMIT = [table.c[name] == bindparam(f"{name}_0") for name in _PRIMARY if name != "starts_at"]
_KEPT = timedelta(days=7)
_FORGET = delete(table).where(
    *_LIMIT, table.c.ends_at < bindparam("long_ago"), table.c.reserved == 0
)
_MOVE = (
    update(table)
    .where(*_LIMIT, table.c.starts_at == bindparam("starts_at_0"))
    .values(
        reserved=table.c.reserved + bindparam("more_reserved"),
        used=table.c.used + bindparam("more_used"),
    )
)


def live(
    connection: Connection, guild_id: int, user_id: int, at: datetime, *, lock: bool
) -> dict[Key, Tally]:
    """Return the counters that a member's request at this instant changes, as far as they exist.

    *lock* keeps others from changing them until the transaction ends.
    """
    values = {"guild": guild_id, "member": user_id, "now": at}
    found = connection.execute(_LOCKED if lock else _LIVE, values)
    return {_key(row): Tally(row.used, row.reserved) for row in found}


def begin(connection: Connection, key: Key, tally: Tally) -> None:
    """Make the counter of *key* with these values, unless someone else just did.

    Counters of the same limit that ended long before, and that nothing is reserved on, go away.
    """
    values = {**_row(Hold(key, tally.reserved, 0), 0), "used_0": tally.used}
    connection.execute(_insert(1, "NOTHING"), values)
    limit = {f"{name}_0": value for name, value in _at(key) if name != "starts_at"}
    connection.execute(_FORGET, {**limit, "long_ago": key.starts_at - _KEPT})


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
