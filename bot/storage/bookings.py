"""What was reserved for each request, and from which counters and grants, until it is closed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import String, Text

from bot.domain.quota import Scope, Unit
from bot.storage import turns
from bot.storage.counters import Key
from bot.storage.database import Connection
from bot.storage.hot import Hot
from bot.storage.types import instant, milliseconds


@dataclass(frozen=True, slots=True)
class FromGrant:
    """An amount reserved in a grant, in place of the *holder*'s limits of that unit."""

    grant_id: int
    holder: Scope
    unit: Unit
    amount: int


@dataclass(frozen=True, slots=True)
class Taken:
    """Everything that one booking reserved, exactly, so that closing it changes the same rows."""

    counters: tuple[tuple[Key, int], ...]
    grants: tuple[FromGrant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What a request may cost at most: *pictures*, and *micros* in micro-dollars."""

    reference: str
    guild_id: int
    channel_id: int
    user_id: int
    command: str
    model: str
    pictures: int
    micros: int
    created_at: datetime
    taken: Taken

    def amount(self, unit: Unit) -> int:
        """Return what the booking asked of *unit*."""
        return {Unit.PICTURES: self.pictures, Unit.DOLLARS: self.micros}.get(unit, 1)

    def granted(self, holder: Scope, unit: Unit) -> int:
        """Return what of it grants bear, in place of the *holder*'s limits."""
        parts = self.taken.grants
        return sum(part.amount for part in parts if (part.holder, part.unit) == (holder, unit))

    def charged(self, key: Key) -> int:
        """Return what a counter of *key* has to reserve for it: what no grant bears."""
        return self.amount(key.unit) - self.granted(key.scope, key.unit)

    def reserved(self, key: Key) -> int | None:
        """Return what is reserved on the counter of *key*; None: nothing was taken from it."""
        return dict(self.taken.counters).get(key)


_COLUMNS = """reference, guild_id, channel_id, user_id, command, model, pictures, micros,
    created_at, taken"""
_WORDS = {name: String() for name in ("reference", "command", "state")}
_ADD = Hot(
    f"""INSERT INTO bookings ({_COLUMNS}, state) VALUES (:reference, :guild_id, :channel_id,
        :user_id, :command, :model, :pictures, :micros, :created_at, :taken, 'held')""",  # noqa: S608 - names of ours
    **_WORDS,
    model=Text(),
    taken=Text(),
)
_HELD = Hot(
    f"SELECT {_COLUMNS} FROM bookings WHERE reference = :reference AND state = 'held'",  # noqa: S608 - the same
    **_WORDS,
)
_CLOSE = Hot(
    f"""UPDATE bookings SET state = :state, closed_at = :at
    WHERE reference = :reference AND state = 'held' RETURNING {_COLUMNS}""",  # noqa: S608 - the same
    **_WORDS,
)
_RETAKE = Hot(
    "UPDATE bookings SET taken = :taken WHERE reference = :reference", **_WORDS, taken=Text()
)
_PLACES = {
    Scope.BOT: "",
    Scope.SERVER: " AND guild_id = :guild",
    Scope.CHANNEL: " AND guild_id = :guild AND channel_id = :holder",
    Scope.MEMBER: " AND guild_id = :guild AND user_id = :holder",
}
_HELD_BY = {
    scope: Hot(
        f"""SELECT {_COLUMNS} FROM bookings WHERE state = 'held'
        AND created_at >= :starts AND created_at < :ends{place} ORDER BY id"""  # noqa: S608 - the same
    )
    for scope, place in _PLACES.items()
}


def add(connection: Connection, booking: Booking) -> None:
    """Store *booking*, held. Its reference must be new."""
    row: dict[str, object] = {
        name: getattr(booking, name)
        for name in ("reference", "guild_id", "channel_id", "user_id", "command", "model")
    }
    row |= {"pictures": booking.pictures, "micros": booking.micros}
    row |= {"taken": _stored(booking.taken), "created_at": milliseconds(booking.created_at)}
    _ADD.run(connection, row)


def held(connection: Connection, reference: str) -> Booking | None:
    """Return the open booking of *reference*, locked; None when it is closed or never was."""
    turns.take_for_booking(connection, reference)
    rows = _HELD.rows(connection, {"reference": reference}, lock=True)
    return _booking(rows[0]) if rows else None


def close(connection: Connection, reference: str, state: str, at: datetime) -> Booking | None:
    """Close a booking and return it; None when it is closed or never was.

    *state* is settled, released or unknown.
    """
    turns.take_for_booking(connection, reference)
    values = {"reference": reference, "state": state, "at": milliseconds(at)}
    rows = _CLOSE.rows(connection, values)
    return _booking(rows[0]) if rows else None


def held_in(connection: Connection, key: Key, *, lock: bool) -> list[Booking]:
    """Return the open bookings that the counter of *key* would count, oldest first.

    *lock* keeps others from closing them until the transaction ends.
    """
    values: dict[str, object] = {
        "starts": milliseconds(key.starts_at),
        "ends": milliseconds(key.ends_at),
    }
    if key.scope is not Scope.BOT:
        values["guild"] = key.guild_id
    if key.scope in {Scope.CHANNEL, Scope.MEMBER}:
        values["holder"] = key.scope_id
    return [_booking(row) for row in _HELD_BY[key.scope].rows(connection, values, lock=lock)]


def take_also(connection: Connection, booking: Booking, key: Key, amount: int) -> None:
    """Note that *booking* is reserved on one more counter."""
    more = replace(booking.taken, counters=(*booking.taken.counters, (key, amount)))
    _RETAKE.run(connection, {"reference": booking.reference, "taken": _stored(more)})


def _stored(taken: Taken) -> str:
    value = {
        "counters": [[*key.stored(), amount] for key, amount in taken.counters],
        "grants": [[each.grant_id, each.holder, each.unit, each.amount] for each in taken.grants],
    }
    return json.dumps(value, separators=(",", ":"))


def _taken(text: str) -> Taken:
    value = json.loads(text)
    return Taken(
        counters=tuple((Key.restored(each[:-1]), each[-1]) for each in value["counters"]),
        grants=tuple(
            FromGrant(grant_id, Scope(holder), Unit(unit), amount)
            for grant_id, holder, unit, amount in value["grants"]
        ),
    )


def _booking(row: Sequence[Any]) -> Booking:
    reference, guild_id, channel_id, user_id, command, model, pictures, micros, at, taken = row
    return Booking(
        reference=reference,
        guild_id=guild_id,
        channel_id=channel_id,
        user_id=user_id,
        command=command,
        model=model,
        pictures=pictures,
        micros=micros,
        created_at=instant(at),
        taken=_taken(taken),
    )
