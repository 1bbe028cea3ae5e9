"""What was made and what it cost: one line for each closed booking, never changed again.

A line carries the instant of the request, not of its end: that instant decides which windows it
belongs to, so that counters and the ledger add up.
"""

from sqlalchemy import bindparam, func, insert, select

from bot.domain.quota import Scope, Unit
from bot.storage.bookings import Booking
from bot.storage.counters import Key
from bot.storage.database import Connection
from bot.storage.tables import ledger as table

_ADD = insert(table)
_ALL = select(
    func.coalesce(func.sum(table.c.pictures), 0), func.coalesce(func.sum(table.c.micros), 0)
).where(table.c.at >= bindparam("starts"), table.c.at < bindparam("ends"))
_OF_GUILD = _ALL.where(table.c.guild_id == bindparam("guild"))
_USED_BY = {
    Scope.BOT: _ALL,
    Scope.SERVER: _OF_GUILD,
    Scope.MEMBER: _OF_GUILD.where(table.c.user_id == bindparam("holder")),
}


def append(
    connection: Connection,
    booking: Booking,
    kind: str,
    *,
    pictures: int,
    micros: int,
    price_known: bool,
    price_version: str,
) -> None:
    """Add the line of *booking*'s end: *kind* is settled, released or unknown."""
    row: dict[str, object] = {
        name: getattr(booking, name)
        for name in ("reference", "guild_id", "channel_id", "user_id", "command", "model")
    }
    row |= {"kind": kind, "pictures": pictures, "micros": micros, "at": booking.created_at}
    row |= {"price_known": price_known, "price_version": price_version[:64]}
    connection.execute(_ADD, row)


def used_in(connection: Connection, key: Key) -> int:
    """Return how much of *key*'s unit the ledger knows for its holder and window."""
    values = {"starts": key.starts_at, "ends": key.ends_at}
    places = {"guild": key.guild_id, "holder": key.scope_id}
    pictures, micros = connection.execute(_USED_BY[key.scope], {**values, **places}).one()
    return {Unit.PICTURES: int(pictures), Unit.DOLLARS: int(micros), Unit.JOBS: 0}[key.unit]
