"""Closing a booking: exactly once, and on exactly the counters and grants that it took from."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from bot.domain.quota import Scope, Unit
from bot.providers.base import Price
from bot.storage import bookings, counters, grants, ledger
from bot.storage.bookings import Booking
from bot.storage.database import Connection

_Pool = tuple[Scope, Unit]

_FREE = Price(micros=0)


def settle(
    connection: Connection, reference: str, *, pictures: int, price: Price, at: datetime
) -> None:
    """Close a booking with what was made and what it cost; see `Quotas.settle`."""
    booking = bookings.held(connection, reference)
    if booking is not None:
        _close(connection, booking, "settled", pictures, _sure(price, booking), at)


def release(connection: Connection, reference: str, at: datetime) -> None:
    """Give a booking back whole; see `Quotas.release`."""
    booking = bookings.held(connection, reference)
    if booking is not None:
        _close(connection, booking, "released", 0, _FREE, at)


def mark_unknown(connection: Connection, reference: str, at: datetime) -> None:
    """Give the pictures back and book the money at the estimate; see `Quotas.mark_unknown`."""
    booking = bookings.held(connection, reference)
    if booking is not None:
        estimate = Price(micros=booking.micros, known=False)
        _close(connection, booking, "unknown", 0, estimate, at)


def _sure(price: Price, booking: Booking) -> Price:
    """Return *price*; where no price list knew it, the estimate if that is more."""
    if price.known:
        return price
    return Price(micros=max(price.micros, booking.micros), known=False, version=price.version)


def _close(
    connection: Connection, booking: Booking, kind: str, pictures: int, price: Price, at: datetime
) -> None:
    bookings.close(connection, booking.reference, kind, at)
    ledger.append(
        connection,
        booking,
        kind,
        pictures=pictures,
        micros=price.micros,
        price_known=price.known,
        price_version=price.version,
    )
    spent = {Unit.PICTURES: pictures, Unit.DOLLARS: price.micros, Unit.JOBS: 0}
    grants.move(connection, _from_grants(booking, spent))
    counters.move(connection, _from_counters(booking, spent))


def _from_grants(booking: Booking, spent: Mapping[Unit, int]) -> list[grants.Move]:
    """Use up what is left of each grant's part when the limits' own parts are used up."""
    left = {pool: _granted(booking, pool, spent) for pool in _pools(booking)}
    moves: list[grants.Move] = []
    for part in booking.taken.grants:
        used = min(part.amount, left[part.holder, part.unit])
        left[part.holder, part.unit] -= used
        moves.append(grants.Move(part.grant_id, -part.amount, used))
    return moves


def _from_counters(booking: Booking, spent: Mapping[Unit, int]) -> list[counters.Move]:
    moves: list[counters.Move] = []
    for key, reserved in booking.taken.counters:
        used = spent[key.unit]
        if reserved < booking.amount(key.unit):  # grants bear a part of it
            used -= _granted(booking, (key.scope, key.unit), spent)
        moves.append(counters.Move(key, -reserved, used))
    return moves


def _granted(booking: Booking, pool: _Pool, spent: Mapping[Unit, int]) -> int:
    """Return how much of what was spent the grants of *pool* bear: what is above the limits."""
    most = _pools(booking)[pool]
    return min(most, max(0, spent[pool[1]] - (booking.amount(pool[1]) - most)))


def _pools(booking: Booking) -> Counter[_Pool]:
    parts: Counter[_Pool] = Counter()
    for part in booking.taken.grants:
        parts[part.holder, part.unit] += part.amount
    return parts
