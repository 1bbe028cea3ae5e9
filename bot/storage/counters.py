"""How much of each limit is used in each window: one row, which bookings move below its limit.

A window that begins anew is a row of its own. A rolling window is one row for ever: it counts what
was asked for at or after ``since``, and `advance` moves that instant on and takes away what lies
before it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import String, delete

from bot.domain.quota import Scope, Unit
from bot.domain.windows import ALWAYS, Rolling, period
from bot.storage.database import Connection
from bot.storage.hot import Hot
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

    @property
    def rolling(self) -> Rolling | None:
        """The window, where it is a rolling one."""
        found = period(self.window) if self.window.startswith("rolling") else None
        return found if isinstance(found, Rolling) else None

    def stored(self) -> list[object]:
        """Return the key as a JSON value."""
        starts, ends = milliseconds(self.starts_at), milliseconds(self.ends_at)
        return [self.guild_id, self.scope, self.scope_id, self.unit, self.window, starts, ends]

    @property
    def order(self) -> tuple[object, ...]:
        """What keys are sorted by, quicker than they are themselves."""
        place = self.guild_id, self.scope, self.scope_id, self.unit
        return (*place, self.window, self.starts_at)

    @classmethod
    def restored(cls, stored: Sequence[Any]) -> "Key":
        """Return the key that `stored` gave."""
        guild_id, scope, scope_id, unit, window, starts, ends = stored
        times = instant(starts), instant(ends)
        return cls(guild_id, Scope(scope), scope_id, Unit(unit), window, *times)


@dataclass(frozen=True, slots=True)
class Tally:
    """A counter's values in its unit; *reserved* is in flight and not part of *used*.

    *since* is the instant from which on a rolling window's requests are counted.
    """

    used: int
    reserved: int
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Holders:
    """Whose counters a request changes: the bot's, the server's, the channel's, the member's."""

    guild_id: int
    channel_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class Hold:
    """An amount to reserve on a counter, which may not come above *ceiling* by it."""

    key: Key
    amount: int
    ceiling: int


@dataclass(frozen=True, slots=True)
class Move:
    """A change of a counter by a request of *at*: *reserved* and *used* are added.

    A rolling window that has left the request's instant behind does not count what it used.
    """

    key: Key
    reserved: int
    used: int
    at: datetime


_WORDS = {name: String() for name in ("scope", "unit", "window")}
_COLUMNS = (
    "guild_id", "scope", "scope_id", "unit", "window", "starts_at", "ends_at", "used", "reserved",
    "ceiling", "since",
)  # fmt: skip
_QUOTED = ", ".join(f'"{name}"' for name in _COLUMNS)
_PRIMARY = _COLUMNS[:6]
_THE_ROW = " AND ".join(f'"{name}" = :{name}' for name in _PRIMARY)
_LIVE = Hot(
    f"""SELECT {_QUOTED} FROM counters
    WHERE ((guild_id = 0 AND scope = 'bot' AND scope_id = 0)
        OR (guild_id = :guild AND scope = 'server' AND scope_id = 0)
        OR (guild_id = :guild AND scope = 'channel' AND scope_id = :channel)
        OR (guild_id = :guild AND scope = 'member' AND scope_id = :member))
    AND starts_at <= :now AND ends_at > :now
    ORDER BY guild_id, scope, scope_id, unit, "window", starts_at"""  # noqa: S608 - names of ours
)
_CONFLICT = ' ON CONFLICT (guild_id, scope, scope_id, unit, "window", starts_at) DO '
_ADD_BELOW_CEILING = """UPDATE
    SET reserved = counters.reserved + excluded.reserved, ceiling = excluded.ceiling
    WHERE counters.used + counters.reserved + excluded.reserved <= excluded.ceiling
    RETURNING reserved"""
_MOVE = Hot(
    f"""UPDATE counters SET reserved = reserved + :more_reserved,
    used = used + CASE WHEN since IS NULL OR since <= :at THEN :more_used ELSE 0 END
    WHERE {_THE_ROW}""",  # noqa: S608 - names of ours
    **_WORDS,
)
_ADVANCE = Hot(
    f"UPDATE counters SET used = used - :gone, since = :since WHERE {_THE_ROW}",  # noqa: S608 - the same
    **_WORDS,
)
_FORGET = Hot(
    """DELETE FROM counters WHERE guild_id = :guild_id AND scope = :scope
    AND scope_id = :scope_id AND unit = :unit AND "window" = :window
    AND ends_at < :long_ago AND reserved = 0""",
    **_WORDS,
)
_KEPT = timedelta(days=7)


def live(connection: Connection, holders: Holders, at: datetime, *, lock: bool) -> dict[Key, Tally]:
    """Return the counters that a request at this instant changes, as far as they exist.

    *lock* keeps others from changing them until the transaction ends.
    """
    values = {
        "guild": holders.guild_id,
        "channel": holders.channel_id,
        "member": holders.user_id,
        "now": milliseconds(at),
    }
    return dict(map(_read, _LIVE.rows(connection, values, lock=lock)))


def begin(connection: Connection, key: Key, tally: Tally) -> None:
    """Make the counter of *key* with these values, unless someone else just did.

    Counters of the same limit that ended long before, and that nothing is reserved on, go away.
    """
    values = {**_row(Hold(key, tally.reserved, 0), 0), "used_0": tally.used}
    values["since_0"] = None if tally.since is None else milliseconds(tally.since)
    _insert(1, "NOTHING").run(connection, values)
    if key.ends_at != ALWAYS[1]:
        limit = {name: value for name, value in _at(key).items() if name != "starts_at"}
        _FORGET.run(connection, {**limit, "long_ago": milliseconds(key.starts_at - _KEPT)})


def advance(connection: Connection, key: Key, gone: int, since: datetime) -> None:
    """Let a rolling window begin at *since*, *gone* of what was used lying before it."""
    _ADVANCE.run(connection, {**_at(key), "gone": gone, "since": milliseconds(since)})


def hold(connection: Connection, holds: Sequence[Hold]) -> bool:
    """Reserve every amount of *holds*, or return False: then the transaction must be undone."""
    ordered = sorted(holds, key=lambda each: each.key.order)
    values: dict[str, object] = {}
    for i, each in enumerate(ordered):
        values |= _row(each, i)
    held = _insert(len(ordered), _ADD_BELOW_CEILING).rows(connection, values)
    return len(held) == len(ordered)


def move(connection: Connection, moves: Iterable[Move]) -> None:
    """Change counters by what each move adds; one that has been cleared away stays away."""
    _MOVE.run_each(
        connection,
        [
            {
                **_at(each.key),
                "more_reserved": each.reserved,
                "more_used": each.used,
                "at": milliseconds(each.at),
            }
            for each in sorted(moves, key=lambda each: each.key.order)
        ],
    )


def forget(connection: Connection, guild_id: int, scope: Scope, unit: Unit, window: str) -> None:
    """Remove all of a server's counters of one kind; where a rule wants them they begin anew."""
    kind = (table.c.unit == unit.value) & (table.c.window == window)
    whose = (table.c.guild_id == guild_id) & (table.c.scope == scope.value)
    connection.execute(delete(table).where(whose, kind))


@cache
def _insert(count: int, on_conflict: str) -> Hot:
    rows = [", ".join(f":{name}_{i}" for name in _COLUMNS) for i in range(count)]
    listed = ", ".join(f"({row})" for row in rows)
    types = {f"{name}_{i}": kind for name, kind in _WORDS.items() for i in range(count)}
    insert = f"INSERT INTO counters ({_QUOTED}) VALUES {listed}"  # noqa: S608 - names of ours
    return Hot(insert + _CONFLICT + on_conflict, **types)


def _at(key: Key) -> dict[str, object]:
    return {
        "guild_id": key.guild_id,
        "scope": key.scope.value,
        "scope_id": key.scope_id,
        "unit": key.unit.value,
        "window": key.window,
        "starts_at": milliseconds(key.starts_at),
    }


def _row(each: Hold, i: int) -> dict[str, object]:
    row: dict[str, object] = {f"{name}_{i}": value for name, value in _at(each.key).items()}
    row[f"ends_at_{i}"] = milliseconds(each.key.ends_at)
    row[f"used_{i}"] = 0
    row[f"reserved_{i}"] = each.amount
    row[f"ceiling_{i}"] = each.ceiling
    row[f"since_{i}"] = None
    return row


def _read(row: Sequence[Any]) -> tuple[Key, Tally]:
    guild_id, scope, scope_id, unit, window, starts, ends, used, reserved, _, since = row
    key = Key(guild_id, Scope(scope), scope_id, Unit(unit), window, instant(starts), instant(ends))
    return key, Tally(used, reserved, None if since is None else instant(since))
