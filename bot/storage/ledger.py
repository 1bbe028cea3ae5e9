"""What was made and what it cost: one line for each closed booking, never changed again.

A line carries the instant of the request, not of its end: that instant decides which windows it
belongs to, so that counters and the ledger add up. What grants bore of a line stands beside it, as
one line for each grant: what a limit bore is the difference.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, String, Text, bindparam, func, select

from bot.domain.quota import Scope, Unit
from bot.domain.usage import Tally
from bot.storage.bookings import Booking
from bot.storage.counters import Key
from bot.storage.database import Connection
from bot.storage.hot import Hot
from bot.storage.tables import ledger as table
from bot.storage.types import instant, milliseconds


@dataclass(frozen=True, slots=True)
class Borne:
    """What one grant bore of a request's use, in place of the *holder*'s limits of that unit."""

    grant_id: int
    holder: Scope
    unit: Unit
    amount: int


_ADD = Hot(
    """INSERT INTO ledger (reference, kind, guild_id, channel_id, user_id, command, model, pictures,
        micros, price_known, price_version, at)
    VALUES (:reference, :kind, :guild_id, :channel_id, :user_id, :command, :model, :pictures,
        :micros, :price_known, :price_version, :at)""",
    reference=String(),
    kind=String(),
    command=String(),
    model=Text(),
    price_known=Boolean(),
    price_version=String(),
)
_ADD_BORNE = Hot(
    """INSERT INTO grant_uses (reference, grant_id, holder, unit, amount, guild_id, user_id, at)
    VALUES (:reference, :grant_id, :holder, :unit, :amount, :guild_id, :user_id, :at)""",
    reference=String(),
    holder=String(),
    unit=String(),
)
_AMOUNTS: Mapping[Unit, str] = {
    Unit.PICTURES: "pictures",
    Unit.REQUESTS: "CASE WHEN pictures > 0 THEN 1 ELSE 0 END",
    Unit.DOLLARS: "micros",
    Unit.JOBS: "0",
}
_PLACES: Mapping[Scope, str] = {
    Scope.BOT: "at >= :starts AND at < :ends",
    Scope.SERVER: "guild_id = :guild AND at >= :starts AND at < :ends",
    Scope.CHANNEL: "guild_id = :guild AND channel_id = :holder AND at >= :starts AND at < :ends",
    Scope.MEMBER: "guild_id = :guild AND user_id = :holder AND at >= :starts AND at < :ends",
}
_USED = {
    (scope, unit): Hot(f"SELECT COALESCE(SUM({amount}), 0) FROM ledger WHERE {place}")  # noqa: S608 - texts of ours
    for scope, place in _PLACES.items()
    for unit, amount in _AMOUNTS.items()
}
_BORNE = {
    scope: Hot(
        f"SELECT COALESCE(SUM(amount), 0) FROM grant_uses WHERE {place}"  # noqa: S608 - texts of ours
        f" AND holder = '{scope}' AND unit = :unit",
        unit=String(),
    )
    for scope, place in _PLACES.items()
    if scope in {Scope.SERVER, Scope.MEMBER}
}
_LOOKED_AT = 1000
_OLDEST = {
    (scope, unit): Hot(
        f"""SELECT at, {amount} - COALESCE((SELECT SUM(grant_uses.amount) FROM grant_uses
            WHERE grant_uses.reference = ledger.reference AND holder = '{scope}'
                AND unit = '{unit}'), 0)
        FROM ledger WHERE {place} AND {amount} > 0 ORDER BY at LIMIT {_LOOKED_AT}"""  # noqa: S608 - the same
    )
    for scope, place in _PLACES.items()
    for unit, amount in _AMOUNTS.items()
}

_LINES = Hot(
    """SELECT kind, pictures, micros, price_known FROM ledger
    WHERE reference = :wanted AND kind IN ('settled', 'unknown')""",
    wanted=String(),
)

_GUILDS_SINCE = select(table.c.guild_id).where(table.c.id > bindparam("last")).distinct()


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
    row = {
        "reference": booking.reference,
        "kind": kind,
        "guild_id": booking.guild_id,
        "channel_id": booking.channel_id,
        "user_id": booking.user_id,
        "command": booking.command,
        "model": booking.model,
        "pictures": pictures,
        "micros": micros,
        "price_known": price_known,
        "price_version": price_version[:64],
        "at": milliseconds(booking.created_at),
    }
    _ADD.run(connection, row)


def append_borne(connection: Connection, booking: Booking, borne: list[Borne]) -> None:
    """Add what grants bore of *booking*'s line."""
    who = {"guild_id": booking.guild_id, "user_id": booking.user_id}
    line = {"reference": booking.reference, "at": milliseconds(booking.created_at), **who}
    rows = [
        {
            **line,
            "grant_id": each.grant_id,
            "holder": each.holder.value,
            "unit": each.unit.value,
            "amount": each.amount,
        }
        for each in borne
    ]
    _ADD_BORNE.run_each(connection, rows)


def used_in(connection: Connection, key: Key, since: datetime | None = None) -> int:
    """Return how much *key*'s limit bore in its window, or from *since* on, by the ledger."""
    return used_between(connection, key, since or key.starts_at, key.ends_at)


def used_between(connection: Connection, key: Key, starts: datetime, ends: datetime) -> int:
    """Return how much *key*'s limit bore of what was asked for from *starts* until before *ends*.

    What grants bore is not part of it.
    """
    values: dict[str, object] = {"starts": milliseconds(starts), "ends": milliseconds(ends)}
    values |= _place(key)
    ((used,),) = _USED[key.scope, key.unit].rows(connection, values)
    question = _BORNE.get(key.scope)
    if not used or question is None:
        return int(used)
    ((borne,),) = question.rows(connection, {**values, "unit": key.unit.value})
    return int(used) - int(borne)


def gone_by(connection: Connection, key: Key, since: datetime, amount: int) -> datetime | None:
    """Return the instant of the request, from *since* on, up to which *amount* was used.

    None where not so much was used; of more than a thousand requests, the thousandth.
    """
    bounds = {"starts": milliseconds(since), "ends": milliseconds(key.ends_at)}
    rows = _OLDEST[key.scope, key.unit].rows(connection, {**bounds, **_place(key)})
    for at, used in rows:
        amount -= int(used)
        if amount <= 0:
            return instant(at)
    return instant(rows[-1][0]) if len(rows) == _LOOKED_AT else None


def _place(key: Key) -> dict[str, object]:
    """Return whose lines *key* counts, as far as its scope asks for it."""
    if key.scope is Scope.BOT:
        return {}
    guild: dict[str, object] = {"guild": key.guild_id}
    return guild if key.scope is Scope.SERVER else {**guild, "holder": key.scope_id}


def tally_of(connection: Connection, reference: str) -> Tally:
    """Return what a closed booking used; nothing where it was given back."""
    lines = (
        Tally(
            requests=1,
            pictures=int(pictures) if kind == "settled" else 0,
            micros=int(micros),
            unsure_micros=0 if kind == "settled" and price_known else int(micros),
        )
        for kind, pictures, micros, price_known in _LINES.rows(connection, {"wanted": reference})
    )
    return sum(lines, start=Tally())


def last_id(connection: Connection) -> int:
    """Return the newest line's id; 0 where there is none."""
    return connection.execute(select(func.max(table.c.id))).scalar() or 0


def guilds_since(connection: Connection, last: int) -> list[int]:
    """Return the servers that have lines newer than *last*."""
    return list(connection.execute(_GUILDS_SINCE, {"last": last}).scalars())
