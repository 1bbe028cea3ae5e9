"""What was reserved for each request, and from which counters and grants, until it is closed."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, insert, literal_column, select, update

from bot.domain.quota import Scope, Unit
from bot.storage import turns
from bot.storage.counters import Key
from bot.storage.database import Connection
from bot.storage.tables import bookings as table

HELD = "held"


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
        return {Unit.PICTURES: self.pictures, Unit.DOLLARS: self.micros, Unit.JOBS: 1}[unit]

    def reserved(self, key: Key) -> int | None:
        """Return what is reserved on the counter of *key*; None: nothing was taken from it."""
        return dict(self.taken.counters).get(key)


_ARE_HELD = table.c.state == literal_column("'held'")  # literal: the partial index wants it so
_ADD = insert(table)
_HELD = select(table).where(table.c.reference == bindparam("wanted"), _ARE_HELD).with_for_update()
_CLOSE = (
    update(table)
    .where(table.c.reference == bindparam("wanted"))
    .values(state=bindparam("new_state"), closed_at=bindparam("now"))
)
_RETAKE = (
    update(table)
    .where(table.c.reference == bindparam("wanted"))
    .values(taken=bindparam("new_taken"))
)
_ALL_HELD = select(table).where(
    _ARE_HELD,
    table.c.created_at >= bindparam("starts"),
    table.c.created_at < bindparam("ends"),
)
_OF_GUILD = _ALL_HELD.where(table.c.guild_id == bindparam("guild"))
_HELD_BY = {
    Scope.BOT: _ALL_HELD.order_by(table.c.id),
    Scope.SERVER: _OF_GUILD.order_by(table.c.id),
    Scope.MEMBER: _OF_GUILD.where(table.c.user_id == bindparam("holder")).order_by(table.c.id),
}
_LOCKED_BY = {scope: question.with_for_update() for scope, question in _HELD_BY.items()}


def add(connection: Connection, booking: Booking) -> None:
    """Store *booking*, held. Its reference must be new."""
    row: dict[str, object] = {
        name: getattr(booking, name)
        for name in ("reference", "guild_id", "channel_id", "user_id", "command", "model")
    }
    row |= {"pictures": booking.pictures, "micros": booking.micros, "state": HELD}
    row |= {"taken": _stored(booking.taken), "created_at": booking.created_at}
    connection.execute(_ADD, row)


def held(connection: Connection, reference: str) -> Booking | None:
    """Return the open booking of *reference*, locked; None when it is closed or never was."""
    turns.take_for_booking(connection, reference)
    row = connection.execute(_HELD, {"wanted": reference}).one_or_none()
    return None if row is None else _booking(row)


def held_in(connection: Connection, key: Key, *, lock: bool) -> list[Booking]:
    """Return the open bookings that the counter of *key* would count, oldest first.

    *lock* keeps others from closing them until the transaction ends.
    """
    values = {"starts": key.starts_at, "ends": key.ends_at}
    places = {"guild": key.guild_id, "holder": key.scope_id}
    question = (_LOCKED_BY if lock else _HELD_BY)[key.scope]
    return [_booking(row) for row in connection.execute(question, {**values, **places})]


def take_also(connection: Connection, booking: Booking, key: Key, amount: int) -> None:
    """Note that *booking* is reserved on one more counter."""
    more = replace(booking.taken, counters=(*booking.taken.counters, (key, amount)))
    connection.execute(_RETAKE, {"wanted": booking.reference, "new_taken": _stored(more)})


def close(connection: Connection, reference: str, state: str, at: datetime) -> None:
    """Close a booking: *state* is settled, released or unknown."""
    connection.execute(_CLOSE, {"wanted": reference, "new_state": state, "now": at})


def _stored(taken: Taken) -> dict[str, object]:
    return {
        "counters": [[*key.stored(), amount] for key, amount in taken.counters],
        "grants": [[each.grant_id, each.holder, each.unit, each.amount] for each in taken.grants],
    }


def _booking(row: Row[Any]) -> Booking:
    counters = tuple((Key.restored(each[:-1]), each[-1]) for each in row.taken["counters"])
    grants = tuple(
        FromGrant(grant_id, Scope(holder), Unit(unit), amount)
        for grant_id, holder, unit, amount in row.taken["grants"]
    )
    return Booking(
        reference=row.reference,
        guild_id=row.guild_id,
        channel_id=row.channel_id,
        user_id=row.user_id,
        command=row.command,
        model=row.model,
        pictures=row.pictures,
        micros=row.micros,
        created_at=row.created_at,
        taken=Taken(counters=counters, grants=grants),
    )
