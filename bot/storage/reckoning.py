"""Where counters stand, including those that nobody has begun yet.

A counter begins with what the ledger and the open bookings know of its window, so that a limit
that is set in the middle of a month counts the whole month, and a new time zone forgets nothing.
"""

from collections.abc import Sequence

from bot.storage import bookings, counters, ledger
from bot.storage.bookings import Booking
from bot.storage.counters import Key, Tally
from bot.storage.database import Connection


def look(connection: Connection, keys: Sequence[Key]) -> dict[Key, Tally]:
    """Return where each counter stands, writing nothing."""
    found = counters.tallies(connection, keys, lock=False)
    return {key: found.get(key) or _reckon(connection, key) for key in keys}


def begin(connection: Connection, keys: Sequence[Key]) -> dict[Key, Tally]:
    """Return where each counter stands, beginning those that are missing, all locked."""
    found = counters.tallies(connection, keys, lock=True)
    missing = sorted(key for key in keys if key not in found)
    for key in missing:
        counters.begin(connection, key, _reckon(connection, key))
        _note(connection, key)
    return counters.tallies(connection, keys, lock=True) if missing else found


def _reckon(connection: Connection, key: Key) -> Tally:
    reserved = sum(_reserved(booking, key) for booking in bookings.held_in(connection, key))
    return Tally(ledger.used_in(connection, key), reserved)


def _note(connection: Connection, key: Key) -> None:
    """Write into the open bookings that they are reserved on this counter too."""
    for booking in bookings.held_in(connection, key):
        if booking.reserved(key) is None:
            bookings.take_also(connection, booking, key, booking.amount(key.unit))


def _reserved(booking: Booking, key: Key) -> int:
    reserved = booking.reserved(key)
    return booking.amount(key.unit) if reserved is None else reserved
