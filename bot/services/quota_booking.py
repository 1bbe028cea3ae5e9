"""Booking: every limit that a request touches allows it, or nothing is reserved."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.domain.errors import QuotaFull, StorageBusy, TooManyAtOnce, UserError
from bot.domain.quota import (
    WHOSE,
    Grant,
    QuotaDefaults,
    Rule,
    Scope,
    Standing,
    Unit,
    deciding,
    shown,
    with_defaults,
)
from bot.domain.windows import Window, span, zone
from bot.storage import bookings, counters, grants, reckoning, rules
from bot.storage.bookings import Booking, FromGrant, Taken
from bot.storage.counters import Hold, Key, Tally
from bot.storage.database import Connection

_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_NOW = "now"  # the window of what runs at this moment
_HOLDERS = (Scope.MEMBER, Scope.SERVER, Scope.BOT)  # the order of a list and of refusals
_UNITS = (Unit.JOBS, Unit.PICTURES, Unit.DOLLARS)
_UNLIMITED = 2**62
_Pool = tuple[Scope, Unit]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a request wants to reserve.

    Attributes:
        reference: the job's code; unique.
        pictures: how many were asked for.
        micros: what they cost at most, in micro-dollars.
        at: the instant of the request; it decides the windows.
        timezone: the server's, an IANA name.
    """

    reference: str
    guild_id: int
    channel_id: int
    user_id: int
    role_ids: frozenset[int]
    command: str
    model: str
    pictures: int
    micros: int
    at: datetime
    timezone: str

    def amount(self, unit: Unit) -> int:
        """Return what the request wants of *unit*."""
        return {Unit.PICTURES: self.pictures, Unit.DOLLARS: self.micros, Unit.JOBS: 1}[unit]


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose standing is asked for, and when; *timezone* is the server's, an IANA name."""

    guild_id: int
    user_id: int
    role_ids: frozenset[int]
    timezone: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Touched:
    """A counter that a request changes, by how much, and what limits it at the moment."""

    key: Key
    tally: Tally
    amount: int
    limit: int

    @property
    def shortfall(self) -> int:
        """How much of the amount the limit has no room for."""
        over = self.tally.used + self.tally.reserved + self.amount - self.limit
        return min(max(0, over), self.amount)

    @property
    def pool(self) -> _Pool:
        """Which grants may help."""
        return self.key.scope, self.key.unit


def book(connection: Connection, claim: Claim, defaults: QuotaDefaults) -> None:
    """Reserve what *claim* may cost at most; see `Quotas.book`."""
    asker = Asker(claim.guild_id, claim.user_id, claim.role_ids, claim.timezone, claim.at)
    touched = _touched(connection, claim, asker, defaults)
    drawn = _drawn(connection, asker, touched)
    covered = Counter[_Pool]()
    for part in drawn:
        covered[part.holder, part.unit] += part.amount
    charged = [(each, each.amount - covered[each.pool]) for each in touched]
    holds = [Hold(each.key, part, each.limit) for each, part in charged if part]
    if holds and not counters.hold(connection, holds):
        raise StorageBusy
    grants.move(connection, [grants.Move(part.grant_id, part.amount, 0) for part in drawn])
    taken = Taken(tuple((each.key, part) for each, part in charged), tuple(drawn))
    bookings.add(connection, _booking(claim, taken))


def standing(connection: Connection, asker: Asker, defaults: QuotaDefaults) -> tuple[Standing, ...]:
    """Return where the limits of *asker* stand; see `Quotas.standing`."""
    decided = _decided(connection, asker, defaults)
    tallies = reckoning.look(connection, asker.guild_id, asker.user_id, asker.at, decided)
    pools = _pools(connection, asker, lock=False)
    return tuple(
        Standing(
            rule=rule,
            used=tallies[key].used,
            in_flight=tallies[key].reserved,
            resets_at=None if rule.window is None else key.ends_at,
            granted=sum(grant.left for grant in pools[rule.holder, rule.unit]),
        )
        for key, rule in decided.items()
    )


def _touched(
    connection: Connection, claim: Claim, asker: Asker, defaults: QuotaDefaults
) -> list[_Touched]:
    decided = _decided(connection, asker, defaults)
    tallies = reckoning.begin(connection, asker.guild_id, asker.user_id, asker.at, decided)
    limits = {key: rule.amount for key, rule in decided.items()}
    for key in tallies:  # also those that a rule began which no longer holds
        limits.setdefault(key, _UNLIMITED)
    return [
        _Touched(key, tallies[key], claim.amount(key.unit), limit) for key, limit in limits.items()
    ]


def _decided(connection: Connection, asker: Asker, defaults: QuotaDefaults) -> dict[Key, Rule]:
    """Return the counter and the rule of each limit, the member's first and what runs before."""
    own = rules.concerning(connection, asker.guild_id, asker.user_id)
    found = deciding(with_defaults(own, defaults), asker.user_id, asker.role_ids)
    return {_key(rule, asker): rule for rule in sorted(found, key=_order)}


def _order(rule: Rule) -> tuple[int, int, int]:
    window = 0 if rule.window is None else list(Window).index(rule.window)
    return _HOLDERS.index(rule.holder), _UNITS.index(rule.unit), window


def _key(rule: Rule, asker: Asker) -> Key:
    tz = UTC if rule.holder is Scope.BOT else zone(asker.timezone)
    starts, ends = _ALWAYS if rule.window is None else span(rule.window, asker.at, tz)
    guild_id, scope_id = {
        Scope.BOT: (0, 0),
        Scope.SERVER: (asker.guild_id, 0),
        Scope.MEMBER: (asker.guild_id, asker.user_id),
    }[rule.holder]
    return Key(guild_id, rule.holder, scope_id, rule.unit, rule.window or _NOW, starts, ends)


def _drawn(connection: Connection, asker: Asker, touched: Sequence[_Touched]) -> list[FromGrant]:
    """Return what grants give for limits that are full. Raises when they do not give enough."""
    worst: dict[_Pool, _Touched] = {}
    for each in touched:
        if each.shortfall:
            rival = worst.get(each.pool, each)
            worst[each.pool] = max(rival, each, key=lambda one: (one.shortfall, one.key.ends_at))
    if not worst:
        return []
    pools = _pools(connection, asker, lock=True)
    return [part for pool, each in worst.items() for part in _draw(pools[pool], each)]


def _draw(pool: Iterable[Grant], touched: _Touched) -> list[FromGrant]:
    missing = touched.shortfall
    parts: list[FromGrant] = []
    for grant in pool:
        amount = min(missing, grant.left)
        missing -= amount
        if amount:
            parts.append(FromGrant(grant.id, *touched.pool, amount))
    if missing:
        raise _refusal(touched)
    return parts


def _pools(connection: Connection, asker: Asker, *, lock: bool) -> dict[_Pool, list[Grant]]:
    """Return the grants that may help each holder, soonest expiring first."""
    pools: defaultdict[_Pool, list[Grant]] = defaultdict(list)
    member = asker.user_id, asker.role_ids
    for grant in grants.usable(connection, asker.guild_id, *member, asker.at, lock=lock):
        holder = Scope.SERVER if grant.scope is Scope.SERVER else Scope.MEMBER
        pools[holder, grant.unit].append(grant)
    return pools


def _refusal(touched: _Touched) -> UserError:
    key, limit, tally = touched.key, touched.limit, touched.tally
    if key.window == _NOW:
        return TooManyAtOnce(limit=limit)
    left = max(0, limit - tally.used - tally.reserved)
    return QuotaFull(
        scope=key.scope.value,
        whose=WHOSE[key.scope],
        unit=key.unit.value,
        window=key.window,
        limit=shown(key.unit, limit),
        used=shown(key.unit, tally.used),
        in_flight=shown(key.unit, tally.reserved),
        left=shown(key.unit, left),
        asked=shown(key.unit, touched.amount),
        resets=key.ends_at,
        amounts={"limit": limit, "used": tally.used, "in_flight": tally.reserved},
    )


def _booking(claim: Claim, taken: Taken) -> Booking:
    return Booking(
        reference=claim.reference,
        guild_id=claim.guild_id,
        channel_id=claim.channel_id,
        user_id=claim.user_id,
        command=claim.command,
        model=claim.model,
        pictures=claim.pictures,
        micros=claim.micros,
        created_at=claim.at,
        taken=taken,
    )
