"""Whether counters, grants and bookings say what the ledger says; nothing is ever changed."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, select, text

from bot.domain.quota import Scope, Unit
from bot.domain.windows import ALWAYS
from bot.storage import bookings, ledger
from bot.storage.counters import Key
from bot.storage.looking import look
from bot.storage.tables import counters, grants

_UNLIKE: Final = (
    (
        "the booking {0} is {1}, but the ledger has no such line",
        """SELECT reference, state FROM bookings WHERE state <> 'held' AND NOT EXISTS (
            SELECT 1 FROM ledger WHERE ledger.reference = bookings.reference
            AND ledger.kind = bookings.state)""",
    ),
    (
        "the ledger says that {0} was {1}, but its booking is {2}",
        """SELECT ledger.reference, ledger.kind, bookings.state FROM ledger JOIN bookings
        ON bookings.reference = ledger.reference WHERE ledger.kind <> bookings.state""",
    ),
    (
        "the ledger has a line for {0}, which was never booked",
        """SELECT reference FROM ledger WHERE NOT EXISTS (
            SELECT 1 FROM bookings WHERE bookings.reference = ledger.reference)""",
    ),
    (
        "grants bore {1} {2} of {0}, of which the ledger has no line",
        """SELECT reference, amount, unit FROM grant_uses WHERE NOT EXISTS (
            SELECT 1 FROM ledger WHERE ledger.reference = grant_uses.reference)""",
    ),
)
_GRANTS = text(
    """SELECT id, used, passed_on,
        COALESCE((SELECT SUM(amount) FROM grant_uses WHERE grant_id = grants.id), 0),
        COALESCE((SELECT SUM(amount) FROM grants AS gifts WHERE gifts.gift_of = grants.id), 0)
    FROM grants ORDER BY id"""
)


def check(url: str) -> list[str]:
    """Return every difference in words; none where the books add up. Blocks.

    Raises:
        SetupError: the database cannot be used, or has another shape than this version's.
    """
    return look(url, differences)


def differences(connection: Connection) -> list[str]:
    """Return what *connection*'s transaction sees that does not add up, in words."""
    return [*_counters(connection), *_grants(connection), *_bookings(connection)]


def _counters(connection: Connection) -> Iterator[str]:
    held = bookings.held_in(connection, _ALL, lock=False)
    reserved = Counter[Key]()
    for booking in held:
        reserved.update(dict(booking.taken.counters))
    for row in connection.execute(select(counters).order_by(*counters.primary_key)):
        place = row.guild_id, Scope(row.scope), row.scope_id, Unit(row.unit), row.window
        key = Key(*place, row.starts_at, row.ends_at)
        used = ledger.used_in(connection, key, row.since)
        name = f"{key.scope} {key.scope_id} on server {key.guild_id}, {key.unit} {key.window}"
        if row.used != used:
            yield f"the counter of {name} says {row.used} used, the ledger {used}"
        if row.reserved != reserved[key]:
            yield f"the counter of {name} says {row.reserved} in flight, bookings {reserved[key]}"


def _grants(connection: Connection) -> Iterator[str]:
    held = bookings.held_in(connection, _ALL, lock=False)
    reserved = Counter[int]()
    for booking in held:
        for part in booking.taken.grants:
            reserved[part.grant_id] += part.amount
    rows = connection.execute(select(grants.c.id, grants.c.reserved))
    in_flight = {row.id: row.reserved for row in rows}
    for id_, used, passed_on, told, given in connection.execute(_GRANTS):
        if used != told:
            yield f"the grant {id_} says {used} used, the ledger {told}"
        if passed_on != given:
            yield f"the grant {id_} says {passed_on} given on, the gifts {given}"
        if in_flight[id_] != reserved[id_]:
            yield f"the grant {id_} says {in_flight[id_]} in flight, bookings {reserved[id_]}"


def _bookings(connection: Connection) -> Iterator[str]:
    for words, question in _UNLIKE:
        for row in connection.execute(text(question)):
            yield words.format(*row)


_ALL = Key(0, Scope.BOT, 0, Unit.JOBS, "now", *ALWAYS)
