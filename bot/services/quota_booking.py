"""Booking: every limit that a request touches allows it, or nothing is reserved."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.errors import StorageBusy
from bot.domain.quota import Grant, QuotaDefaults, Rule, Scope, Standing, Unit
from bot.domain.ruling import Ruling, Whom, deciding, with_defaults
from bot.domain.windows import ALWAYS, Clocks, Rolling, Window, span
from bot.services import quota_refusals
from bot.services.quota_refusals import Full
from bot.storage import bookings, counters, grants, reckoning, rules, turns
from bot.storage.bookings import Booking, FromGrant, Taken
from bot.storage.counters import Hold, Holders, Key, Tally
from bot.storage.database import Connection

NOW = "now"
"""The window of what runs at this moment."""

_HOLDERS = (Scope.MEMBER, Scope.CHANNEL, Scope.SERVER, Scope.BOT)  # a list's and refusals' order
_UNITS = (Unit.JOBS, Unit.PICTURES, Unit.REQUESTS, Unit.DOLLARS)
_UTC = Clocks()
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
        clocks: the server's.
        channel_id: a thread's channel, for a request in a thread.
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
    clocks: Clocks

    def amount(self, unit: Unit) -> int:
        """Return what the request wants of *unit*."""
        return {Unit.PICTURES: self.pictures, Unit.DOLLARS: self.micros}.get(unit, 1)

    @property
    def asker(self) -> "Asker":
        """Whose request it is, and where and when."""
        return Asker(
            guild_id=self.guild_id,
            channel_id=self.channel_id,
            user_id=self.user_id,
            role_ids=self.role_ids,
            clocks=self.clocks,
            at=self.at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Whose standing is asked for, where and when; *clocks* are the server's."""

    guild_id: int
    channel_id: int
    user_id: int
    role_ids: frozenset[int]
    clocks: Clocks
    at: datetime

    @property
    def whom(self) -> Whom:
        """Whom the rules look at."""
        return Whom(self.user_id, self.role_ids, self.channel_id)

    @property
    def holders(self) -> Holders:
        """Whose counters a request changes."""
        return Holders(self.guild_id, self.channel_id, self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What the rules say about one member's requests in one channel, and where they stand.

    *standings* are those of the ruling's limits, the member's own first.
    """

    ruling: Ruling
    standings: tuple[Standing, ...]

    @property
    def tightest(self) -> Standing | None:
        """The limit with the smallest part left, grants included: the one that is reached first."""
        return min(self.standings, key=_part_left, default=None)


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

    @property
    def full(self) -> Full:
        """What a refusal tells of it."""
        return Full(self.key, self.limit, self.tally, self.amount, self.shortfall)


def book(connection: Connection, claim: Claim, defaults: QuotaDefaults) -> None:
    """Reserve what *claim* may cost at most; see `Quotas.book`."""
    asker = claim.asker
    turns.take_for_guild(connection, claim.guild_id)
    ruling = ruling_for(connection, asker, defaults)
    if ruling.denied is not None:
        raise quota_refusals.denied(ruling.denied)
    touched = _touched(connection, claim, asker, ruling)
    drawn = _drawn(connection, asker, touched)
    covered = Counter[_Pool]()
    for part in drawn:
        covered[part.holder, part.unit] += part.amount
    charged = [(each, each.amount - covered[each.pool]) for each in touched]
    holds = [Hold(each.key, part, each.limit) for each, part in charged if part]
    if holds and not counters.hold(connection, holds):
        raise StorageBusy
    if drawn:
        grants.move(connection, [grants.Move(part.grant_id, part.amount, 0) for part in drawn])
    taken = Taken(tuple((each.key, part) for each, part in charged), tuple(drawn))
    bookings.add(connection, _booking(claim, taken))


def explain(connection: Connection, asker: Asker, defaults: QuotaDefaults) -> Explanation:
    """Return what the rules say, and where the limits of *asker* stand; see `Quotas.explain`."""
    ruling = ruling_for(connection, asker, defaults)
    return Explanation(ruling=ruling, standings=standings(connection, asker, ruling))


def standings(connection: Connection, asker: Asker, ruling: Ruling) -> tuple[Standing, ...]:
    """Return where the limits of *ruling* stand, the member's own first; nothing is written."""
    decided = _decided(ruling, asker)
    tallies = reckoning.look(connection, asker.holders, asker.at, decided)
    pools = _pools(connection, asker, lock=False)
    return tuple(
        Standing(
            rule=rule,
            used=tallies[key].used,
            in_flight=tallies[key].reserved,
            resets_at=_resets(connection, key, rule, asker),
            granted=sum(grant.left for grant in pools[key.scope, key.unit]),
        )
        for key, rule in decided.items()
    )


def ruling_for(connection: Connection, asker: Asker, defaults: QuotaDefaults) -> Ruling:
    """Return what the rules of the server and the operator say about *asker*'s requests."""
    own = rules.concerning(connection, asker.guild_id, asker.user_id, asker.channel_id)
    return deciding(with_defaults(own, defaults), asker.whom)


def _part_left(standing: Standing) -> tuple[float, int]:
    left = standing.left + standing.granted
    return left / max(1, standing.limit), left


def _resets(connection: Connection, key: Key, rule: Rule, asker: Asker) -> datetime | None:
    match rule.window:
        case None | Window.LIFETIME:
            return None
        case Rolling():
            return reckoning.next_gone(connection, key, asker.at, 1)
        case _:
            return key.ends_at


def _touched(connection: Connection, claim: Claim, asker: Asker, ruling: Ruling) -> list[_Touched]:
    decided = _decided(ruling, asker)
    tallies = reckoning.begin(connection, asker.holders, asker.at, decided)
    limits = {key: rule.amount for key, rule in decided.items()}
    for key in tallies:  # also those that a rule began which no longer holds
        limits.setdefault(key, _UNLIMITED)
    return [
        _Touched(key, tallies[key], claim.amount(key.unit), limit) for key, limit in limits.items()
    ]


def _decided(ruling: Ruling, asker: Asker) -> dict[Key, Rule]:
    """Return the counter and the rule of each limit, the member's first and what runs before."""
    return {_key(rule, asker): rule for rule in sorted(ruling.limits, key=_order)}


def _order(rule: Rule) -> tuple[int, int, int, int]:
    holder, unit = _HOLDERS.index(rule.holder), _UNITS.index(rule.unit or Unit.PICTURES)
    match rule.window:
        case None:
            return holder, unit, 0, 0
        case Rolling(hours):
            return holder, unit, 1, hours
        case window:
            return holder, unit, 2, list(Window).index(window)


def _key(rule: Rule, asker: Asker) -> Key:
    clocks = _UTC if rule.holder is Scope.BOT else asker.clocks
    starts, ends = (
        span(rule.window, asker.at, clocks) if isinstance(rule.window, Window) else ALWAYS
    )
    guild_id, scope_id = {
        Scope.BOT: (0, 0),
        Scope.SERVER: (asker.guild_id, 0),
        Scope.CHANNEL: (asker.guild_id, asker.channel_id),
        Scope.MEMBER: (asker.guild_id, asker.user_id),
    }[rule.holder]
    unit, window = rule.unit or Unit.PICTURES, NOW if rule.window is None else str(rule.window)
    return Key(guild_id, rule.holder, scope_id, unit, window, starts, ends)


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
    parts: list[FromGrant] = []
    for pool, each in worst.items():
        drawn, missing = _draw(pools[pool], each)
        if missing:
            raise quota_refusals.full(connection, each.full, asker.at, missing)
        parts += drawn
    return parts


def _draw(pool: Iterable[Grant], touched: _Touched) -> tuple[list[FromGrant], int]:
    """Return what each grant of *pool* gives, and what is missing then."""
    missing = touched.shortfall
    parts: list[FromGrant] = []
    for grant in pool:
        amount = min(missing, grant.left)
        missing -= amount
        if amount:
            parts.append(FromGrant(grant.id, *touched.pool, amount))
    return parts, missing


def _pools(connection: Connection, asker: Asker, *, lock: bool) -> dict[_Pool, list[Grant]]:
    """Return the grants that may help each holder, soonest expiring first."""
    pools: defaultdict[_Pool, list[Grant]] = defaultdict(list)
    member = asker.user_id, asker.role_ids
    for grant in grants.usable(connection, asker.guild_id, *member, asker.at, lock=lock):
        holder = Scope.SERVER if grant.scope is Scope.SERVER else Scope.MEMBER
        pools[holder, grant.unit].append(grant)
    return pools


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
