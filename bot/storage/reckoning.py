"""Where counters stand, including those that nobody has begun yet.

A counter begins with what the ledger and the open bookings know of its window, so that a limit
that is set in the middle of a month counts the whole month, and a new time zone forgets nothing.
Once begun it counts on until its window ends, whether a rule asks for it at the moment or not.

A rolling window counts a request from the instant it was asked for until exactly so many hours
later, to the millisecond; while it runs it counts in any case. Each line of the ledger is taken
away once, when the next request comes, so the cost of a request does not grow with the window; a
window that nobody used for long is caught up with at once.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.storage import bookings, counters, ledger
from bot.storage.bookings import Booking
from bot.storage.counters import Holders, Key, Tally
from bot.storage.database import Connection

_TICK = timedelta(milliseconds=1)


def look(
    connection: Connection, holders: Holders, at: datetime, keys: Iterable[Key]
) -> dict[Key, Tally]:
    """Return where the counters of *keys* stand, writing nothing."""
    found = counters.live(connection, holders, at, lock=False)
    return {
        key: _rolled(connection, key, found[key], at)
        if key in found
        else _reckon(connection, key, bookings.held_in(connection, key, lock=False), at)
        for key in keys
    }


def begin(
    connection: Connection, holders: Holders, at: datetime, keys: Iterable[Key]
) -> dict[Key, Tally]:
    """Return every counter that a request changes, locked, those of *keys* begun where missing.

    It must be the server's turn; see `turns`.
    """
    found = counters.live(connection, holders, at, lock=True)
    missing = sorted(key for key in keys if key not in found)
    for key in missing:
        held = bookings.held_in(connection, key, lock=True)
        counters.begin(connection, key, _reckon(connection, key, held, at))
        _note(connection, key, held)
    if missing:
        found = counters.live(connection, holders, at, lock=True)
    return {key: _advanced(connection, key, tally, at) for key, tally in found.items()}


def next_gone(connection: Connection, key: Key, at: datetime, amount: int) -> datetime | None:
    """Return when *amount* of what a rolling window counts at *at* has stopped counting.

    None where not so much was used.
    """
    rolling, since = key.rolling, _since(key, at)
    if rolling is None or since is None:
        return None
    asked = ledger.gone_by(connection, key, since, amount)
    return None if asked is None else asked + rolling.length


def _since(key: Key, at: datetime) -> datetime | None:
    """Return the first instant that a rolling window counts at *at*; None for other windows."""
    rolling = key.rolling
    if rolling is None:
        return None
    return max(key.starts_at, at - rolling.length + _TICK)


def _rolled(connection: Connection, key: Key, tally: Tally, at: datetime) -> Tally:
    """Return a rolling window's counter without what it stopped counting since it was moved on."""
    since = _since(key, at)
    if since is None or tally.since is None or since <= tally.since:
        return tally
    gone = ledger.used_between(connection, key, tally.since, since) if tally.used else 0
    return Tally(tally.used - gone, tally.reserved, since)


def _advanced(connection: Connection, key: Key, tally: Tally, at: datetime) -> Tally:
    rolled = _rolled(connection, key, tally, at)
    if rolled is not tally and rolled.since is not None:
        counters.advance(connection, key, tally.used - rolled.used, rolled.since)
    return rolled


def _reckon(connection: Connection, key: Key, held: Sequence[Booking], at: datetime) -> Tally:
    since = _since(key, at)
    reserved = sum(_reserved(booking, key) for booking in held)
    return Tally(ledger.used_in(connection, key, since), reserved, since)


def _note(connection: Connection, key: Key, held: Sequence[Booking]) -> None:
    """Write into the open bookings that they are reserved on this counter too."""
    for booking in held:
        if booking.reserved(key) is None:
            bookings.take_also(connection, booking, key, booking.charged(key))


def _reserved(booking: Booking, key: Key) -> int:
    reserved = booking.reserved(key)
    return booking.charged(key) if reserved is None else reserved
