"""What managers may change about quotas; every change leaves a line in the audit."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from bot.domain.errors import BadOption
from bot.domain.quota import Grant, Rule, Scope, Unit, shown
from bot.domain.windows import Window
from bot.storage import audit, grants, rules
from bot.storage.database import Connection

NAMED = frozenset({Scope.ROLE, Scope.MEMBER})
"""The scopes that need to say which one."""

_RULED = NAMED | {Scope.SERVER, Scope.EVERYONE}
_GRANTED = NAMED | {Scope.SERVER}
_COUNTED = frozenset({Unit.PICTURES, Unit.DOLLARS})
_MOST = 10**12  # a million dollars


def rule(scope: Scope, scope_id: int, unit: Unit, window: Window, amount: int) -> Rule:
    """Return the rule that a manager describes. Raises BadOption."""
    _check_among("scope", scope, _RULED)
    _check_among("unit", unit, _COUNTED)
    _check_amount(unit, amount, least=0)
    named = scope_id if scope in NAMED else 0
    return Rule(scope=scope, scope_id=named, unit=unit, window=window, amount=amount)


def set_rule(connection: Connection, *, guild_id: int, rule: Rule, by: int, at: datetime) -> None:
    """Store *rule* in place of the one before it."""
    before = rules.put(connection, guild_id, rule, by, at)
    audit.append(
        connection,
        guild_id=guild_id,
        user_id=by,
        action="quota.set",
        target=_target(rule),
        before=before,
        after=rule.amount,
        at=at,
    )


def clear_rule(connection: Connection, *, guild_id: int, rule: Rule, by: int, at: datetime) -> bool:
    """Remove the rule like *rule*; return whether there was one."""
    before = rules.remove(connection, guild_id, rule)
    if before is None:
        return False
    audit.append(
        connection,
        guild_id=guild_id,
        user_id=by,
        action="quota.clear",
        target=_target(rule),
        before=before,
        after=None,
        at=at,
    )
    return True


def check_grant(grant: Grant) -> None:
    """Raise BadOption when managers cannot give *grant*."""
    _check_among("scope", grant.scope, _GRANTED)
    _check_among("unit", grant.unit, _COUNTED)
    _check_amount(grant.unit, grant.amount, least=1)
    if grant.expires_at is not None and grant.expires_at <= grant.granted_at:
        raise BadOption(option="expires", problem="it must be in the future")


def give(connection: Connection, *, guild_id: int, grant: Grant) -> Grant:
    """Store *grant* and return it with its id."""
    stored = replace(grant, id=grants.add(connection, guild_id, grant))
    ends = grant.expires_at and grant.expires_at.isoformat()
    audit.append(
        connection,
        guild_id=guild_id,
        user_id=grant.granted_by,
        action="quota.grant",
        target=f"{_whom(grant.scope, grant.scope_id)} {grant.unit}",
        before=None,
        after={"amount": grant.amount, "expires_at": ends, "reason": grant.reason},
        at=grant.granted_at,
    )
    return stored


def _check_among(option: str, value: StrEnum, accepted: Collection[StrEnum]) -> None:
    if value not in accepted:
        raise BadOption(option=option, problem=f"it is one of: {', '.join(sorted(accepted))}")


def _check_amount(unit: Unit, amount: int, least: int) -> None:
    if not least <= amount <= _MOST:
        bounds = f"{shown(unit, least)} to {shown(unit, _MOST)}"
        raise BadOption(option="amount", problem=f"it is from {bounds}")


def _target(rule: Rule) -> str:
    return f"{_whom(rule.scope, rule.scope_id)} {rule.unit} {rule.window}"


def _whom(scope: Scope, scope_id: int) -> str:
    return f"{scope}:{scope_id}" if scope in NAMED else scope.value
