"""What is said when a rule forbids a request or a limit has no room for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.errors import (
    QuotaDenied,
    QuotaFull,
    QuotaUsedUp,
    RollingFull,
    TooManyAtOnce,
    TooManyAtOnceHere,
    UserError,
)
from bot.domain.messages import N_, Phrase
from bot.domain.quota import WHOSE, Rule, Scope, Unit, shown, spoken
from bot.domain.windows import ALWAYS, period
from bot.storage import reckoning
from bot.storage.counters import Key, Tally
from bot.storage.database import Connection

_WHO: Mapping[Scope, str] = {
    Scope.SERVER: N_("The members of this server may not make pictures"),
    Scope.CHANNEL: N_("In this channel, members may not make pictures"),
    Scope.ROLE: N_("Members with the role <@&{id}> may not make pictures"),
    Scope.MEMBER: N_("You may not make pictures"),
    Scope.EVERYONE: N_("The members of this server may not make pictures"),
}


@dataclass(frozen=True, slots=True)
class Full:
    """A limit that has no room for *asked*: *missing* of it is too much."""

    key: Key
    limit: int
    tally: Tally
    asked: int
    missing: int


def denied(rule: Rule) -> UserError:
    """Return what to say where *rule* forbids every request."""
    return QuotaDenied(who=Phrase(_WHO[rule.scope], id=rule.scope_id))


def full(connection: Connection, limit: Full, at: datetime, missing: int) -> UserError:
    """Return what to say of a full *limit*; *missing* is what has to come back for the request."""
    key = limit.key
    if key.unit is Unit.JOBS:
        return _at_once(limit)
    error, resets = _comes_back(connection, key, at, missing)
    left = max(0, limit.limit - limit.tally.used - limit.tally.reserved)
    return error(
        scope=key.scope.value,
        whose=Phrase(WHOSE[key.scope]),
        unit=key.unit.value,
        window=key.window,
        spoken=spoken(period(key.window)),
        limit=shown(key.unit, limit.limit),
        used=shown(key.unit, limit.tally.used),
        in_flight=shown(key.unit, limit.tally.reserved),
        left=shown(key.unit, left),
        asked=shown(key.unit, limit.asked),
        resets=resets,
        amounts={
            "limit": limit.limit,
            "used": limit.tally.used,
            "in_flight": limit.tally.reserved,
        },
    )


def _at_once(limit: Full) -> UserError:
    if limit.key.scope is Scope.MEMBER:
        return TooManyAtOnce(limit=limit.limit)
    return TooManyAtOnceHere(whose=Phrase(WHOSE[limit.key.scope]), limit=limit.limit)


def _comes_back(
    connection: Connection, key: Key, at: datetime, missing: int
) -> tuple[type[QuotaFull], datetime | None]:
    """Return which error says when there is room again, and that instant."""
    if key.rolling is not None:
        when = reckoning.next_gone(connection, key, at, missing)
        return (QuotaUsedUp, None) if when is None else (RollingFull, when)
    if key.ends_at == ALWAYS[1]:
        return QuotaUsedUp, None
    return QuotaFull, key.ends_at
