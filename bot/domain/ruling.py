"""Which rules decide about a request.

Every kind of holder must allow it: the whole bot, the server, the channel, the member. For the
member, and for each unit and window by itself, the member's own rule decides; without one the most
generous rule of their roles; without one the rule for everyone. *Unlimited* is the most generous of
all, and lifts a member's limits only: what the server, the channel or the bot has left still holds.
A rule that denies beats all others, whomever it is for.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from bot.domain.quota import Effect, QuotaDefaults, Rule, Scope, Unit
from bot.domain.windows import Period, Window

_RANKS = {Scope.EVERYONE: 0, Scope.ROLE: 1, Scope.MEMBER: 2}
_DENY_ORDER = (Scope.MEMBER, Scope.ROLE, Scope.EVERYONE, Scope.CHANNEL, Scope.SERVER)
_Slot = tuple[Scope, Unit | None, Period]


@dataclass(frozen=True, slots=True)
class Whom:
    """Whose request it is, and where; threads count for their channel."""

    user_id: int
    role_ids: frozenset[int] = frozenset()
    channel_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the rules say about one member's requests in one channel.

    Attributes:
        denied: the rule that forbids them all.
        limits: the rules that they must all satisfy, one for each holder, unit and window.
        unlimited: the rules that lift limits of the member.
        overruled: rules that concern the member and do not count, each with the one before it.
    """

    denied: Rule | None
    limits: tuple[Rule, ...]
    unlimited: tuple[Rule, ...] = ()
    overruled: tuple[tuple[Rule, Rule], ...] = ()


def with_defaults(rules: Iterable[Rule], defaults: QuotaDefaults) -> list[Rule]:
    """Return *rules* and those of the operator's limits that they do not replace."""
    own = list(rules)
    return own + [
        usual
        for usual in _usual(defaults)
        if usual.scope is Scope.BOT
        or not any(rule.scope is usual.scope and rule.unit is usual.unit for rule in own)
    ]


def deciding(rules: Iterable[Rule], whom: Whom) -> Ruling:
    """Return what *rules* say about a request of *whom*."""
    concerned = [rule for rule in rules if _concerns(rule, whom)]
    denials = [rule for rule in concerned if rule.effect is Effect.DENY]
    unlimited = [rule for rule in concerned if rule.effect is Effect.UNLIMITED]
    limits, overruled = _limits(concerned, unlimited)
    return Ruling(
        denied=min(denials, key=lambda rule: _DENY_ORDER.index(rule.scope), default=None),
        limits=tuple(limits),
        unlimited=tuple(unlimited),
        overruled=tuple(overruled),
    )


def _limits(
    concerned: list[Rule], unlimited: list[Rule]
) -> tuple[list[Rule], list[tuple[Rule, Rule]]]:
    slots: dict[_Slot, list[Rule]] = {}
    for rule in concerned:
        if rule.effect is Effect.LIMIT:
            slots.setdefault((rule.holder, rule.unit, rule.window), []).append(rule)
    decided: list[Rule] = []
    overruled: list[tuple[Rule, Rule]] = []
    for (holder, unit, _), rules in slots.items():
        lifting = [each for each in unlimited if _lifts(each, holder, unit)]
        first = max(*rules, *lifting, key=_precedence) if lifting or rules[1:] else rules[0]
        if first.effect is Effect.LIMIT:
            decided.append(first)
        overruled += [(rule, first) for rule in rules if rule is not first]
    return decided, overruled


def _lifts(unlimited: Rule, holder: Scope, unit: Unit | None) -> bool:
    """Whether an unlimited rule lifts such limits; what runs at once it never does."""
    return holder is Scope.MEMBER and unit is not Unit.JOBS and unlimited.unit in {None, unit}


def _precedence(rule: Rule) -> tuple[int, bool, int]:
    return _RANKS.get(rule.scope, 0), rule.effect is Effect.UNLIMITED, rule.amount


@cache
def _usual(defaults: QuotaDefaults) -> tuple[Rule, ...]:
    limits: list[tuple[Scope, Unit, Period, int | None]] = [
        (Scope.EVERYONE, Unit.JOBS, None, defaults.member_jobs_at_once),
        (Scope.EVERYONE, Unit.PICTURES, Window.DAY, defaults.member_pictures_per_day),
        (Scope.SERVER, Unit.DOLLARS, Window.MONTH, defaults.server_micros_per_month),
    ]
    return (
        *(
            Rule(scope=scope, unit=unit, window=window, amount=amount, is_default=True)
            for scope, unit, window, amount in limits
            if amount is not None
        ),
        *_for_the_bot(defaults),
    )


def _for_the_bot(defaults: QuotaDefaults) -> Iterator[Rule]:
    """Yield the operator's limits for everything together; of two alike the smaller one."""
    least = {(rule.unit, rule.window): rule.amount for rule in defaults.bot_limits}
    budget, monthly = defaults.bot_micros_per_month, (Unit.DOLLARS, Window.MONTH)
    if budget is not None:
        least[monthly] = min(budget, least.get(monthly, budget))
    for (unit, window), amount in least.items():
        yield Rule(scope=Scope.BOT, unit=unit, window=window, amount=amount, is_default=True)


def _concerns(rule: Rule, whom: Whom) -> bool:
    match rule.scope:
        case Scope.MEMBER:
            return rule.scope_id == whom.user_id
        case Scope.ROLE:
            return rule.scope_id in whom.role_ids
        case Scope.CHANNEL:
            return rule.scope_id == whom.channel_id
        case _:
            return True
