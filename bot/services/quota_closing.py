"""Closing a booking: exactly once, and on exactly the counters and grants that it took from."""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.quota import Scope, Unit
from bot.providers.base import Price
from bot.storage import bookings, counters, grants, ledger
from bot.storage.bookings import Booking, FromGrant
from bot.storage.database import Connection
from bot.storage.ledger import Borne

_Pool = tuple[Scope, Unit]

_FREE = Price(micros=0)


def settle(
    connection: Connection, reference: str, *, pictures: int, price: Price, at: datetime
) -> None:
    """Close a booking with what was made and what it cost; see `Quotas.settle`."""
    booking = bookings.close(connection, reference, "settled", at)
    if booking is not None:
        _enter(connection, booking, "settled", pictures, _sure(price, booking))


def release(connection: Connection, reference: str, at: datetime) -> None:
    """Give a booking back whole; see `Quotas.release`."""
    booking = bookings.close(connection, reference, "released", at)
    if booking is not None:
        _enter(connection, booking, "released", 0, _FREE)


def mark_unknown(connection: Connection, reference: str, at: datetime) -> None:
    """Give the pictures back and book the money at the estimate; see `Quotas.mark_unknown`."""
    booking = bookings.close(connection, reference, "unknown", at)
    if booking is not None:
        estimate = Price(micros=booking.micros, known=False)
        _enter(connection, booking, "unknown", 0, estimate)


def _sure(price: Price, booking: Booking) -> Price:
    """Return *price*; where no price list knew it, the estimate if that is more."""
    if price.known:
        return price
    return Price(micros=max(price.micros, booking.micros), known=False, version=price.version)


def _enter(
    connection: Connection, booking: Booking, kind: str, pictures: int, price: Price
) -> None:
    """Write a closed booking's line of the ledger, and move what it held."""
    ledger.append(
        connection,
        booking,
        kind,
        pictures=pictures,
        micros=price.micros,
        price_known=price.known,
        price_version=price.version,
    )
    spent = {
        Unit.PICTURES: pictures,
        Unit.REQUESTS: int(pictures > 0),
        Unit.DOLLARS: price.micros,
        Unit.JOBS: 0,
    }
    if booking.taken.grants:
        borne = _borne(booking, spent)
        grants.move(connection, [_from_grant(part, each) for part, each in borne])
        ledger.append_borne(connection, booking, [each for _, each in borne if each.amount])
    counters.move(connection, _from_counters(booking, spent))


def _borne(booking: Booking, spent: Mapping[Unit, int]) -> list[tuple[FromGrant, Borne]]:
    """Use up each grant's part, soonest expiring first, once the limits' own parts are used up."""
    left = {pool: _granted(booking, pool, spent) for pool in _pools(booking)}
    found: list[tuple[FromGrant, Borne]] = []
    for part in booking.taken.grants:
        amount = min(part.amount, left[part.holder, part.unit])
        left[part.holder, part.unit] -= amount
        found.append((part, Borne(part.grant_id, part.holder, part.unit, amount)))
    return found


def _from_grant(part: FromGrant, borne: Borne) -> grants.Move:
    return grants.Move(part.grant_id, -part.amount, borne.amount)


def _from_counters(booking: Booking, spent: Mapping[Unit, int]) -> list[counters.Move]:
    return [
        counters.Move(
            key,
            -reserved,
            spent[key.unit] - _granted(booking, (key.scope, key.unit), spent),
            booking.created_at,
        )
        for key, reserved in booking.taken.counters
    ]


def _granted(booking: Booking, pool: _Pool, spent: Mapping[Unit, int]) -> int:
    """Return how much of what was spent the grants of *pool* bear: what is above the limits."""
    most = booking.granted(*pool)
    return min(most, max(0, spent[pool[1]] - (booking.amount(pool[1]) - most)))


def _pools(booking: Booking) -> set[_Pool]:
    return {(part.holder, part.unit) for part in booking.taken.grants}
