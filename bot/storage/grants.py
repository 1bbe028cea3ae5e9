"""Extra allowances that managers gave, and how much of each is used."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, insert, or_, select, update

from bot.domain.quota import Grant, Scope, Unit
from bot.storage.database import Connection
from bot.storage.tables import grants as table

_OF_GUILD = select(table).where(table.c.guild_id == bindparam("guild")).order_by(table.c.id)
_USABLE = _OF_GUILD.where(
    or_(table.c.scope != Scope.MEMBER.value, table.c.scope_id == bindparam("member")),
    or_(table.c.expires_at.is_(None), table.c.expires_at > bindparam("now")),
    table.c.revoked_at.is_(None),
    table.c.used + table.c.reserved + table.c.passed_on < table.c.amount,
)
_LOCKED = _USABLE.with_for_update()
_THE_ONE = (table.c.guild_id == bindparam("guild")) & (table.c.id == bindparam("grant"))
_FIND = select(table).where(_THE_ONE).with_for_update()
_REVOKE = update(table).where(_THE_ONE).values(revoked_at=bindparam("now"))
_PASS_ON = (
    update(table).where(_THE_ONE).values(passed_on=table.c.passed_on + bindparam("more_passed_on"))
)
_OPEN = _OF_GUILD.where(
    or_(table.c.expires_at.is_(None), table.c.expires_at > bindparam("now")),
    table.c.revoked_at.is_(None),
    table.c.used + table.c.passed_on < table.c.amount,
)
_MOVE = (
    update(table)
    .where(table.c.id == bindparam("grant"))
    .values(
        reserved=table.c.reserved + bindparam("more_reserved"),
        used=table.c.used + bindparam("more_used"),
    )
)


@dataclass(frozen=True, slots=True)
class Move:
    """A change of a grant: *reserved* and *used* are added."""

    grant_id: int
    reserved: int
    used: int


def of_guild(connection: Connection, guild_id: int) -> tuple[Grant, ...]:
    """Return every grant of a server, oldest first, used up, expired and revoked ones too."""
    return tuple(map(_grant, connection.execute(_OF_GUILD, {"guild": guild_id})))


def open_in(connection: Connection, guild_id: int, now: datetime) -> tuple[Grant, ...]:
    """Return the grants of a server that something may still be taken from, or comes back to."""
    return tuple(map(_grant, connection.execute(_OPEN, {"guild": guild_id, "now": now})))


def find(connection: Connection, guild_id: int, grant_id: int) -> Grant | None:
    """Return a server's grant, locked, or None where there is no such one."""
    row = connection.execute(_FIND, {"guild": guild_id, "grant": grant_id}).one_or_none()
    return None if row is None else _grant(row)


def revoke(connection: Connection, guild_id: int, grant_id: int, at: datetime) -> None:
    """Let nothing more be taken from a grant; what is in flight is still borne by it."""
    connection.execute(_REVOKE, {"guild": guild_id, "grant": grant_id, "now": at})


def pass_on(connection: Connection, guild_id: int, grant_id: int, amount: int) -> None:
    """Note that *amount* of a grant was given to somebody else."""
    values = {"guild": guild_id, "grant": grant_id, "more_passed_on": amount}
    connection.execute(_PASS_ON, values)


def usable(
    connection: Connection,
    guild_id: int,
    user_id: int,
    role_ids: frozenset[int],
    now: datetime,
    *,
    lock: bool,
) -> list[Grant]:
    """Return what a member's requests may draw on, soonest expiring first."""
    values = {"guild": guild_id, "member": user_id, "now": now}
    found = map(_grant, connection.execute(_LOCKED if lock else _USABLE, values))
    ours = [each for each in found if each.scope is not Scope.ROLE or each.scope_id in role_ids]
    return sorted(ours, key=lambda each: (each.expires_at is None, each.expires_at or now, each.id))


def add(connection: Connection, guild_id: int, grant: Grant) -> int:
    """Store *grant* and return its id; the id that it carries is not looked at."""
    row = {
        "guild_id": guild_id,
        "scope": grant.scope.value,
        "scope_id": grant.scope_id,
        "unit": grant.unit.value,
        "amount": grant.amount,
        "used": 0,
        "reserved": 0,
        "expires_at": grant.expires_at,
        "reason": grant.reason,
        "granted_at": grant.granted_at,
        "granted_by": grant.granted_by,
        "gift_of": grant.gift_of,
    }
    return connection.execute(insert(table).returning(table.c.id), row).scalar_one()


def move(connection: Connection, moves: Iterable[Move]) -> None:
    """Change grants by what each move adds."""
    ordered = sorted(moves, key=lambda each: each.grant_id)
    rows = [
        {"grant": each.grant_id, "more_reserved": each.reserved, "more_used": each.used}
        for each in ordered
    ]
    if rows:
        connection.execute(_MOVE, rows)


def _grant(row: Row[Any]) -> Grant:
    return Grant(
        id=row.id,
        scope=Scope(row.scope),
        scope_id=row.scope_id,
        unit=Unit(row.unit),
        amount=row.amount,
        used=row.used,
        in_flight=row.reserved,
        expires_at=row.expires_at,
        reason=row.reason,
        granted_at=row.granted_at,
        granted_by=row.granted_by,
        passed_on=row.passed_on,
        revoked_at=row.revoked_at,
        gift_of=row.gift_of,
    )
