"""Where counters stand, including those that nobody has begun yet.

A counter begins with what the ledger and the open bookings know of its window, so that a limit
that is set in the middle of a month counts the whole month, and a new time zone forgets nothing.
Once begun it counts on until its window ends, whether a rule asks for it at the moment or not.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.storage import bookings, counters, ledger, turns
from bot.storage.bookings import Booking
from bot.storage.counters import Key, Tally
from bot.storage.database import Connection


def look(
    connection: Connection, guild_id: int, user_id: int, at: datetime, keys: Iterable[Key]
) -> dict[Key, Tally]:
    """Return where the counters of *keys* stand, writing nothing."""
    found = counters.live(connection, guild_id, user_id, at, lock=False)
    return {
        key: found.get(key)
        or _reckon(connection, key, bookings.held_in(connection, key, lock=False))
        for key in keys
    }


def begin(
    connection: Connection, guild_id: int, user_id: int, at: datetime, keys: Iterable[Key]
) -> dict[Key, Tally]:
    """Return every counter that a request changes, locked, those of *keys* begun where missing."""
    turns.take_for_guild(connection, guild_id)
    found = counters.live(connection, guild_id, user_id, at, lock=True)
    missing = sorted(key for key in keys if key not in found)
    for key in missing:
        held = bookings.held_in(connection, key, lock=True)
        counters.begin(connection, key, _reckon(connection, key, held))
        _note(connection, key, held)
    return counters.live(connection, guild_id, user_id, at, lock=True) if missing else found


def _reckon(connection: Connection, key: Key, held: Sequence[Booking]) -> Tally:
    reserved = sum(_reserved(booking, key) for booking in held)
    return Tally(ledger.used_in(connection, key), reserved)


def _note(connection: Connection, key: Key, held: Sequence[Booking]) -> None:
    """Write into the open bookings that they are reserved on this counter too."""
    for booking in held:
        if booking.reserved(key) is None:
            bookings.take_also(connection, booking, key, booking.amount(key.unit))


def _reserved(booking: Booking, key: Key) -> int:
    reserved = booking.reserved(key)
    return booking.amount(key.unit) if reserved is None else reserved
