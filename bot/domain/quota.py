"""Limits: what is counted, for whom, in which window; `bot.domain.ruling` says which decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.messages import N_, Counted, Nn_, Phrase
from bot.domain.money import dollars
from bot.domain.windows import Period, Rolling, Window


class Unit(StrEnum):
    """What a limit counts: pictures, requests that made some, micro-dollars, or what runs at once.

    A request that made nothing counts for nothing, but for what it cost.
    """

    PICTURES = "pictures"
    REQUESTS = "requests"
    DOLLARS = "dollars"
    JOBS = "jobs"


class Scope(StrEnum):
    """Whom a rule or a grant is for; *everyone* is each member by themselves."""

    BOT = "bot"
    SERVER = "server"
    CHANNEL = "channel"
    ROLE = "role"
    MEMBER = "member"
    EVERYONE = "everyone"


class Effect(StrEnum):
    """What a rule does: set a limit, lift those of members, or forbid every request."""

    LIMIT = "limit"
    UNLIMITED = "unlimited"
    DENY = "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a server, or the operator's settings, say about one scope.

    Attributes:
        scope_id: the channel, the role or the member; 0 for the other scopes.
        unit: None for every unit, where the effect is not a limit.
        window: None counts what runs at this moment; where the effect is not a limit, any window.
        amount: pictures, requests or micro-dollars; 0 where the effect is not a limit.
        is_default: whether it comes from the operator's settings and not from the server.
    """

    scope: Scope
    scope_id: int = 0
    unit: Unit | None
    window: Period = None
    amount: int = 0
    effect: Effect = Effect.LIMIT
    is_default: bool = False

    @property
    def holder(self) -> Scope:
        """Whose use is counted: a rule for a role or for everyone counts each member's own."""
        return self.scope if self.scope in _THEIR_OWN else Scope.MEMBER


_THEIR_OWN = {Scope.BOT, Scope.SERVER, Scope.CHANNEL}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaDefaults:
    """The operator's limits, in force until a server sets rules of its own.

    Attributes:
        member_pictures_per_day: for each member.
        server_micros_per_month: for a server.
        member_jobs_at_once: requests of one member on one server that run at once.
        bot_micros_per_month: for everything together, by UTC months; no rule lifts it.
        bot_limits: further limits for everything together, by UTC clocks, likewise.
    """

    member_pictures_per_day: int
    server_micros_per_month: int
    member_jobs_at_once: int
    bot_micros_per_month: int | None
    bot_limits: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An extra allowance on top of limits: a pool that is used up once, not a window.

    Attributes:
        scope: a server's extends the server's limits; a member's extends the member's; a role's
            is one pool that all members of the role share.
        amount, used, in_flight, passed_on: pictures or micro-dollars.
        passed_on: what of it was given to others.
        expires_at: when what is left of it ends; None: never.
        revoked_at: when a manager took back what was left of it.
        gift_of: the grant that it was given from, by the member *granted_by*.
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
    passed_on: int = 0
    revoked_at: datetime | None = None
    gift_of: int | None = None

    @property
    def left(self) -> int:
        """What can still be taken from it."""
        if self.revoked_at is not None:
            return 0
        return max(0, self.amount - self.used - self.in_flight - self.passed_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far one limit is used at this moment.

    Attributes:
        rule: the rule that decides, a limit.
        used, in_flight: pictures, micro-dollars or requests; what is in flight is not used yet.
        resets_at: when the window starts anew, or the next part of what was used in a rolling one
            stops counting; None where nothing ever does, or nothing was used.
        granted: what the holder's grants add beyond the limit.
    """

    rule: Rule
    used: int
    in_flight: int
    resets_at: datetime | None
    granted: int = 0

    @property
    def scope(self) -> Scope:
        """Whose use is counted: the whole bot's, the server's, a channel's or the member's."""
        return self.rule.holder

    @property
    def whose(self) -> Phrase:
        """The same in words, as a sentence begins with them."""
        return Phrase(WHOSE[self.scope])

    @property
    def unit(self) -> Unit:
        """What is counted."""
        return self.rule.unit or Unit.PICTURES

    @property
    def window(self) -> Period:
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


WHOSE = {
    Scope.BOT: N_("The whole bot's limit"),
    Scope.SERVER: N_("This server's limit"),
    Scope.CHANNEL: N_("This channel's limit"),
    Scope.MEMBER: N_("Your limit"),
}
"""How a sentence about a holder's limit begins."""

NOUNS = {
    Unit.PICTURES: Nn_("{count} picture", "{count} pictures"),
    Unit.REQUESTS: Nn_("{count} request", "{count} requests"),
    Unit.JOBS: Nn_("{count} request", "{count} requests"),
}
"""How many of a unit, but for money."""


def shown(unit: Unit, amount: int) -> str:
    """Return *amount* as people read it: ``$1.50``, ``1 picture``, ``20 pictures``."""
    if unit is Unit.DOLLARS:
        return dollars(amount)
    return Counted(*NOUNS[unit], amount)


EVERY: Mapping[Window | None, str] = {
    Window.HOUR: N_("an hour"),
    Window.DAY: N_("a day"),
    Window.WEEK: N_("a week"),
    Window.MONTH: N_("a month"),
    Window.LIFETIME: N_("in all"),
    None: N_("at once"),
}
"""How often, after how many."""


def spoken(window: Period) -> Phrase:
    """Return *window* in words: ``a day``, ``in any 6 hours``, ``in all``."""
    if isinstance(window, Rolling):
        return Counted("in any hour", "in any {count} hours", window.hours)
    return Phrase(EVERY[window])
