"""Limits: what is counted, for whom, and which rule decides.

Every kind of holder must allow a request: the whole bot, the server, the member. For the member,
and for each unit and window by itself, the member's own rule decides; without one the most
generous rule of their roles; without one the rule for everyone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.money import dollars
from bot.domain.windows import Window


class Unit(StrEnum):
    """What a limit counts: pictures, micro-dollars, or requests that run at once."""

    PICTURES = "pictures"
    DOLLARS = "dollars"
    JOBS = "jobs"


class Scope(StrEnum):
    """Whom a rule or a grant is for; *everyone* is each member by themselves."""

    BOT = "bot"
    SERVER = "server"
    ROLE = "role"
    MEMBER = "member"
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A limit.

    Attributes:
        scope_id: the role or the member; 0 for the other scopes.
        window: None counts what runs at this moment.
        amount: pictures, micro-dollars or requests.
        is_default: whether it comes from the operator's settings and not from the server.
    """

    scope: Scope
    scope_id: int = 0
    unit: Unit
    window: Window | None
    amount: int
    is_default: bool = False

    @property
    def holder(self) -> Scope:
        """Whose use is counted: a rule for a role or for everyone counts each member's own."""
        return self.scope if self.scope in {Scope.BOT, Scope.SERVER} else Scope.MEMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaDefaults:
    """The operator's limits, in force until a server sets rules of its own.

    Attributes:
        member_pictures_per_day: for each member.
        server_micros_per_month: for a server.
        member_jobs_at_once: requests of one member on one server; no rule changes it.
        bot_micros_per_month: for everything together, by UTC months; no rule lifts it.
    """

    member_pictures_per_day: int
    server_micros_per_month: int
    member_jobs_at_once: int
    bot_micros_per_month: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An extra allowance on top of limits: a pool that is used up once, not a window.

    Attributes:
        scope: a server's extends the server's limits; a member's extends the member's; a role's
            is one pool that all members of the role share.
        amount, used, in_flight: pictures or micro-dollars.
        expires_at: when what is left of it ends; None: never.
    """

    id: int
    scope: Scope
    scope_id: int
    unit: Unit
    amount: int
    used: int
    in_flight: int
    expires_at: datetime | None
    reason: str
    granted_at: datetime
    granted_by: int

    @property
    def left(self) -> int:
        """What can still be taken from it."""
        return max(0, self.amount - self.used - self.in_flight)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far one limit is used at this moment.

    Attributes:
        rule: the rule that decides.
        used, in_flight: pictures, micro-dollars or requests; what is in flight is not used yet.
        resets_at: when the window starts anew; None for requests at once.
        granted: what the holder's grants add beyond the limit.
    """

    rule: Rule
    used: int
    in_flight: int
    resets_at: datetime | None
    granted: int = 0

    @property
    def scope(self) -> Scope:
        """Whose use is counted: the whole bot's, the server's or the member's."""
        return self.rule.holder

    @property
    def whose(self) -> str:
        """The same in words, as a sentence begins with them."""
        return WHOSE[self.scope]

    @property
    def unit(self) -> Unit:
        """What is counted."""
        return self.rule.unit

    @property
    def window(self) -> Window | None:
        """What the limit starts anew after; None counts what runs at this moment."""
        return self.rule.window

    @property
    def limit(self) -> int:
        """How much may be used in a window, grants not counted."""
        return self.rule.amount

    @property
    def left(self) -> int:
        """How much of the limit is left, grants not counted."""
        return max(0, self.limit - self.used - self.in_flight)

    @property
    def source(self) -> str:
        """Who decided: ``default`` (the operator) or ``rule`` (the server)."""
        return "default" if self.rule.is_default else "rule"


WHOSE = {Scope.BOT: "The whole bot's", Scope.SERVER: "This server's", Scope.MEMBER: "Your"}
"""How a sentence about a holder's limit begins."""

_RANKS = {Scope.EVERYONE: 0, Scope.ROLE: 1, Scope.MEMBER: 2}


def shown(unit: Unit, amount: int) -> str:
    """Return *amount* as people read it: ``$1.50``, ``1 picture``, ``20 pictures``."""
    if unit is Unit.DOLLARS:
        return dollars(amount)
    noun = {Unit.PICTURES: "picture", Unit.JOBS: "request"}[unit]
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"


def with_defaults(rules: Iterable[Rule], defaults: QuotaDefaults) -> list[Rule]:
    """Return *rules* and those of the operator's limits that they do not replace."""
    own = list(rules)
    return own + [
        usual
        for usual in _usual(defaults)
        if usual.scope is Scope.BOT
        or not any(rule.scope is usual.scope and rule.unit is usual.unit for rule in own)
    ]


def deciding(rules: Iterable[Rule], user_id: int, role_ids: frozenset[int]) -> list[Rule]:
    """Return the rules that this member's requests must all satisfy."""
    best: dict[tuple[Scope, Unit, Window | None], Rule] = {}
    for rule in rules:
        if _concerns(rule, user_id, role_ids):
            slot = (rule.holder, rule.unit, rule.window)
            best[slot] = max(best.get(slot, rule), rule, key=_precedence)
    return list(best.values())


def _usual(defaults: QuotaDefaults) -> list[Rule]:
    limits = [
        (Scope.EVERYONE, Unit.JOBS, None, defaults.member_jobs_at_once),
        (Scope.EVERYONE, Unit.PICTURES, Window.DAY, defaults.member_pictures_per_day),
        (Scope.SERVER, Unit.DOLLARS, Window.MONTH, defaults.server_micros_per_month),
    ]
    if defaults.bot_micros_per_month is not None:
        limits.append((Scope.BOT, Unit.DOLLARS, Window.MONTH, defaults.bot_micros_per_month))
    return [
        Rule(scope=scope, unit=unit, window=window, amount=amount, is_default=True)
        for scope, unit, window, amount in limits
    ]


def _concerns(rule: Rule, user_id: int, role_ids: frozenset[int]) -> bool:
    match rule.scope:
        case Scope.MEMBER:
            return rule.scope_id == user_id
        case Scope.ROLE:
            return rule.scope_id in role_ids
        case _:
            return True


def _precedence(rule: Rule) -> tuple[int, int]:
    return _RANKS.get(rule.scope, 0), rule.amount
