"""What managers may change about rules; every change leaves a line in the audit."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.domain.errors import BadOption
from bot.domain.messages import Phrase
from bot.domain.quota import Effect, Rule, Scope, Unit, shown
from bot.domain.windows import MOST_ROLLING_HOURS, Rolling, Window
from bot.storage import audit, counters, rules, turns
from bot.storage.database import Connection

NAMED: Final = frozenset({Scope.CHANNEL, Scope.ROLE, Scope.MEMBER})
"""The scopes that need to say which one."""

MOST_RULES: Final = 250
"""How many rules a server may have: every request reads those that concern it."""

MOST_AT_ONCE: Final = 100

_RULED = NAMED | {Scope.SERVER, Scope.EVERYONE}
_LIFTED = frozenset({Scope.ROLE, Scope.MEMBER, Scope.EVERYONE})
_COUNTED = frozenset({Unit.PICTURES, Unit.REQUESTS, Unit.DOLLARS})
_MOST: Final = 10**12  # a million dollars


RuleChange = Callable[..., object]
"""`set_rule` or `clear_rule`."""


def checked(rule: Rule) -> Rule:
    """Return *rule* as it is stored. Raises BadOption where a server cannot set it."""
    check_among("scope", rule.scope, _RULED)
    match rule.effect:
        case Effect.LIMIT:
            _check_limit(rule)
        case Effect.UNLIMITED:
            check_among("scope", rule.scope, _LIFTED)
            if rule.unit is not None:
                check_among("unit", rule.unit, _COUNTED)
            rule = replace(rule, amount=0, window=None)
        case Effect.DENY:
            rule = replace(rule, amount=0, window=None, unit=None)
    return rule if rule.scope in NAMED else replace(rule, scope_id=0)


def set_rule(connection: Connection, *, guild_id: int, rule: Rule, by: int, at: datetime) -> None:
    """Store *rule* in place of the one before it. Raises BadOption: there are too many."""
    turns.take_for_guild(connection, guild_id)
    before = rules.put(connection, guild_id, rule, by, at)
    if before is None and rules.number(connection, guild_id) > MOST_RULES:
        problem = Phrase("a server can have {most} at most", most=MOST_RULES)
        raise BadOption(option="rules", problem=problem)
    audit.append(
        connection,
        guild_id=guild_id,
        user_id=by,
        action="quota.set",
        target=_target(rule),
        before=before and _value(before),
        after=_value(rule),
        at=at,
    )


def clear_rule(
    connection: Connection, *, guild_id: int, rule: Rule, by: int, at: datetime
) -> Rule | None:
    """Remove the rule like *rule*; return it as it was, or None where there was none."""
    turns.take_for_guild(connection, guild_id)
    before = rules.remove(connection, guild_id, rule)
    if before is None:
        return None
    _forget(connection, guild_id, before)
    audit.append(
        connection,
        guild_id=guild_id,
        user_id=by,
        action="quota.clear",
        target=_target(rule),
        before=_value(before),
        after=None,
        at=at,
    )
    return before


def whom(scope: Scope, scope_id: int) -> str:
    """Return how the audit names whom a rule or a grant is for."""
    return f"{scope}:{scope_id}" if scope in NAMED else scope.value


def check_among(option: str, value: StrEnum, accepted: Collection[StrEnum]) -> None:
    """Raise BadOption where *value* is none of *accepted*."""
    if value not in accepted:
        raise _none_of(option, accepted)


def _none_of(option: str, accepted: Collection[StrEnum]) -> BadOption:
    offered = ", ".join(sorted(accepted))
    return BadOption(option=option, problem=Phrase("it is one of: {offered}", offered=offered))


def check_amount(unit: Unit, amount: int, least: int, most: int = _MOST) -> None:
    """Raise BadOption where *amount* is too little or too much."""
    if not least <= amount <= most:
        problem = Phrase(
            "it is from {least} to {most}", least=shown(unit, least), most=shown(unit, most)
        )
        raise BadOption(option="amount", problem=problem)


def _check_limit(rule: Rule) -> None:
    if rule.unit is Unit.JOBS and rule.window is None:
        check_amount(Unit.JOBS, rule.amount, least=1, most=MOST_AT_ONCE)
        return
    if rule.unit is None or rule.unit is Unit.JOBS:
        raise _none_of("unit", _COUNTED)
    if rule.window is None:
        raise BadOption(option="window", problem=Phrase("at once counts requests only"))
    if isinstance(rule.window, Rolling) and not 1 <= rule.window.hours <= MOST_ROLLING_HOURS:
        problem = Phrase("it is {least} to {most}", least=1, most=MOST_ROLLING_HOURS)
        raise BadOption(option="hours", problem=problem)
    check_amount(rule.unit, rule.amount, least=0)


def _forget(connection: Connection, guild_id: int, gone: Rule) -> None:
    """Stop counting in a window that never ends, where no rule asks for it any more."""
    endless = isinstance(gone.window, Rolling) or gone.window is Window.LIFETIME
    if gone.unit is None or not endless:
        return
    kind = gone.holder, gone.unit, gone.window
    left = rules.of_guild(connection, guild_id)
    if not any((rule.holder, rule.unit, rule.window) == kind for rule in left):
        name = rules.window_name(gone)
        counters.forget(connection, guild_id, gone.holder, gone.unit, name)


def _target(rule: Rule) -> str:
    unit = rule.unit.value if rule.unit else "everything"
    if rule.effect is not Effect.LIMIT:
        return f"{whom(rule.scope, rule.scope_id)} {unit}"
    return f"{whom(rule.scope, rule.scope_id)} {unit} {rules.window_name(rule)}"


def _value(rule: Rule) -> int | str:
    return rule.amount if rule.effect is Effect.LIMIT else rule.effect.value
