"""Grants: given and taken back by managers, and passed on by members to one another."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.errors import BadOption, GiftsOff, NoSuchGrant, NothingToGive
from bot.domain.messages import Phrase
from bot.domain.quota import Grant, Scope, Unit, shown
from bot.services.quota_changes import check_among, check_amount, whom
from bot.storage import audit, grants, guilds, turns
from bot.storage.database import Connection

LONGEST_REASON: Final = 200
MOST_GRANTS: Final = 1000
"""How many grants with something left a server may have: a full limit reads them."""

_GRANTED = frozenset({Scope.SERVER, Scope.ROLE, Scope.MEMBER})
_COUNTED = frozenset({Unit.PICTURES, Unit.DOLLARS})


def check_grant(grant: Grant) -> None:
    """Raise BadOption when managers cannot give *grant*."""
    check_among("scope", grant.scope, _GRANTED)
    check_among("unit", grant.unit, _COUNTED)
    check_amount(grant.unit, grant.amount, least=1)
    if grant.expires_at is not None and grant.expires_at <= grant.granted_at:
        raise BadOption(option="expires", problem=Phrase("it must be in the future"))
    if len(grant.reason) > LONGEST_REASON:
        problem = Phrase("it has {most} characters at most", most=LONGEST_REASON)
        raise BadOption(option="reason", problem=problem)


def give(connection: Connection, *, guild_id: int, grant: Grant) -> Grant:
    """Store *grant* and return it with its id. Raises BadOption: there are too many."""
    turns.take_for_guild(connection, guild_id)
    if len(grants.open_in(connection, guild_id, grant.granted_at)) >= MOST_GRANTS:
        problem = Phrase(
            "a server can have {most} that are not used up; take some back", most=MOST_GRANTS
        )
        raise BadOption(option="grants", problem=problem)
    stored = _stored(connection, guild_id, grant)
    ends = grant.expires_at and grant.expires_at.isoformat()
    after = {"amount": grant.amount, "expires_at": ends, "reason": grant.reason}
    _note(connection, guild_id, grant, "quota.grant", None, after)
    return stored


def revoke(connection: Connection, *, guild_id: int, grant_id: int, by: int, at: datetime) -> Grant:
    """Take back what is left of a grant; return it as it was. Raises NoSuchGrant."""
    turns.take_for_guild(connection, guild_id)
    grant = grants.find(connection, guild_id, grant_id)
    if grant is None or grant.revoked_at is not None:
        raise NoSuchGrant(id=grant_id)
    grants.revoke(connection, guild_id, grant_id, at)
    noted = replace(grant, granted_by=by, granted_at=at)
    _note(connection, guild_id, noted, "quota.revoke", {"left": grant.left}, {"left": 0})
    return grant


def pass_on(connection: Connection, *, guild_id: int, gift: Grant) -> tuple[Grant, ...]:
    """Give *gift* out of its giver's own grants, soonest expiring first; each part ends as before.

    Raises:
        GiftsOff: this server does not allow it.
        NothingToGive: the giver has not so much left of grants of their own.
    """
    check_among("unit", gift.unit, _COUNTED)
    check_amount(gift.unit, gift.amount, least=1)
    if gift.scope_id == gift.granted_by:
        raise BadOption(option="member", problem=Phrase("choose somebody else"))
    if not guilds.load(connection, guild_id).gifts:
        raise GiftsOff
    turns.take_for_guild(connection, guild_id)
    own = _own(connection, guild_id, gift)
    has = sum(grant.left for grant in own)
    if has < gift.amount:
        raise NothingToGive(left=shown(gift.unit, has), asked=shown(gift.unit, gift.amount))
    parts = tuple(
        _part(connection, guild_id, gift, grant, amount) for grant, amount in _split(own, gift)
    )
    after = {"amount": gift.amount, "reason": gift.reason}
    _note(connection, guild_id, gift, "quota.gift", None, after)
    return parts


def _own(connection: Connection, guild_id: int, gift: Grant) -> list[Grant]:
    giver, now = gift.granted_by, gift.granted_at
    usable = grants.usable(connection, guild_id, giver, frozenset(), now, lock=True)
    return [each for each in usable if each.scope is Scope.MEMBER and each.unit is gift.unit]


def _split(own: Sequence[Grant], gift: Grant) -> list[tuple[Grant, int]]:
    missing, parts = gift.amount, list[tuple[Grant, int]]()
    for grant in own:
        amount = min(missing, grant.left)
        missing -= amount
        if amount:
            parts.append((grant, amount))
    return parts


def _part(connection: Connection, guild_id: int, gift: Grant, source: Grant, amount: int) -> Grant:
    grants.pass_on(connection, guild_id, source.id, amount)
    part = replace(gift, amount=amount, expires_at=source.expires_at, gift_of=source.id)
    return _stored(connection, guild_id, part)


def _stored(connection: Connection, guild_id: int, grant: Grant) -> Grant:
    return replace(grant, id=grants.add(connection, guild_id, grant))


def _note(
    connection: Connection, guild_id: int, grant: Grant, action: str, before: object, after: object
) -> None:
    """Write into the audit what *granted_by* did to a grant."""
    audit.append(
        connection,
        guild_id=guild_id,
        user_id=grant.granted_by,
        action=action,
        target=f"{whom(grant.scope, grant.scope_id)} {grant.unit}",
        before=before,
        after=after,
        at=grant.granted_at,
    )
