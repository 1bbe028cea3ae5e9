"""Ask for more: a member's wish, answered by those who run the server, audited and expiring."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.domain.clock import Clock
from bot.domain.errors import BadOption, WishAnswered
from bot.domain.quota import Grant, Scope, Unit
from bot.domain.shards import Ownership
from bot.domain.wishes import Wish, WishState
from bot.services import quota_giving
from bot.storage import audit, wishes
from bot.storage.database import Connection, Database

LIFE: Final = timedelta(hours=72)
"""How long a wish waits for an answer, and a single approval for its use."""

NOBODY: Final = 0
"""Who did what time did, in the audit."""

_ANY_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)


class Wishes:
    """Keeps what members asked for. One process owns a server, so what it remembers holds."""

    def __init__(self, database: Database, clock: Clock, ownership: Ownership) -> None:
        self._database = database
        self._clock = clock
        self._ownership = ownership
        self._untold: set[tuple[int, int]] | None = None

    def now(self) -> datetime:
        """Return the instant by which wishes and grants end."""
        return self._clock.now()

    async def ask(self, wish: Wish) -> tuple[Wish, bool]:
        """Store *wish*, or find the open one about the same limit; also whether it is new."""
        now = self._clock.now()
        new = replace(wish, created_at=now, expires_at=now + LIFE)

        def work(connection: Connection) -> tuple[Wish, bool]:
            if already := wishes.open_like(connection, new):
                return already, False
            stored = replace(new, id=wishes.add(connection, new))
            _audit(connection, stored, "wish.ask", stored.user_id, stored.amount, now)
            return stored, True

        return await self._database.write(work)

    async def find(self, guild_id: int, wish_id: int) -> Wish:
        """Return an open wish. Raises WishAnswered: it is not open."""
        found = await self._database.read(lambda c: wishes.find(c, guild_id, wish_id))
        if found is None or not self._is_open(found):
            raise WishAnswered
        return found

    async def posted(self, wish: Wish, channel_id: int, message_id: int) -> None:
        """Remember where the card stands."""
        await self._database.write(lambda c: wishes.posted(c, wish.id, channel_id, message_id))

    async def unposted(self, wish: Wish) -> None:
        """Close a wish that nobody can see, so that it can be asked again."""
        await self._close(wish, WishState.UNPOSTED, NOBODY, is_told=True)

    async def approve(self, wish: Wish, by: int, amount: int, until: datetime | None) -> Wish:
        """Give *amount* beyond the limit, until *until* (None: as long as a wish lives).

        Raises:
            WishAnswered: somebody was quicker.
            BadOption: this cannot be granted.
        """
        now = self._clock.now()
        ends = until or now + LIFE
        grant = _grant(wish, amount, by, now, ends)
        quota_giving.check_grant(grant)
        return await self._close(
            wish, WishState.APPROVED, by, grant=grant, granted=amount, grant_until=ends
        )

    async def deny(self, wish: Wish, by: int, reason: str) -> Wish:
        """Say no. Raises WishAnswered: somebody was quicker."""
        return await self._close(wish, WishState.DENIED, by, reason=reason)

    async def expire(self) -> list[Wish]:
        """Close what nobody answered in time, and return it."""
        now, shards = self._clock.now(), self._ownership.shards

        def work(connection: Connection) -> list[Wish]:
            late = wishes.due(connection, now, shards)
            return [_closed(connection, each, WishState.EXPIRED, NOBODY, now, {}) for each in late]

        expired = await self._database.write(work)
        self._remember(*expired)
        return expired

    async def untold(self, guild_id: int, user_id: int) -> list[Wish]:
        """Return the member's answered wishes that they do not know of."""
        if self._untold is None:
            all_of_them = await self._database.read(wishes.untold)
            self._untold = {(each.guild_id, each.user_id) for each in all_of_them}
        if (guild_id, user_id) not in self._untold:
            return []
        return await self._database.read(lambda c: wishes.untold(c, guild_id, user_id))

    async def told(self, wish: Wish) -> bool:
        """Remember that its member knows; return whether that is new."""
        first = await self._database.write(lambda c: wishes.told(c, wish.id))
        if self._untold is not None:
            self._untold.discard((wish.guild_id, wish.user_id))
        return first

    def _is_open(self, wish: Wish) -> bool:
        return wish.state is WishState.OPEN and wish.expires_at > self._clock.now()

    async def _close(
        self, wish: Wish, state: WishState, by: int, grant: Grant | None = None, **values: object
    ) -> Wish:
        now = self._clock.now()

        def work(connection: Connection) -> Wish:
            closed = _closed(connection, wish, state, by, now, values)
            if grant is not None:
                quota_giving.give(connection, guild_id=wish.guild_id, grant=grant)
            return closed

        closed = await self._database.write(work)
        if not closed.is_told:
            self._remember(closed)
        return closed

    def _remember(self, *closed: Wish) -> None:
        if self._untold is not None:
            self._untold |= {(each.guild_id, each.user_id) for each in closed}


def can_help(scope: Scope, unit: Unit, amount: int) -> bool:
    """Whether people who run a server can give *amount* beyond such a limit."""
    try:
        quota_giving.check_grant(_sample(scope, unit, amount, _ANY_TIME))
    except BadOption:
        return False
    return True


def _grant(wish: Wish, amount: int, by: int, now: datetime, until: datetime) -> Grant:
    scope_id = wish.user_id if wish.scope is Scope.MEMBER else 0
    usual = _sample(wish.scope, wish.unit, amount, now)
    return replace(usual, scope_id=scope_id, granted_by=by, expires_at=until)


def _sample(scope: Scope, unit: Unit, amount: int, now: datetime) -> Grant:
    return Grant(
        id=0,
        scope=scope,
        scope_id=0,
        unit=unit,
        amount=amount,
        used=0,
        in_flight=0,
        expires_at=None,
        reason="",
        granted_at=now,
        granted_by=0,
    )


def _closed(
    connection: Connection,
    wish: Wish,
    state: WishState,
    by: int,
    now: datetime,
    values: dict[str, object],
) -> Wish:
    """Close *wish* in the unit of work. Raises WishAnswered: it is closed."""
    answer: dict[str, object] = {"answered_at": now, "answered_by": by or None, **values}
    if not wishes.close(connection, wish.id, state, **answer):
        raise WishAnswered
    after = values.get("granted") or values.get("reason") or None
    _audit(connection, wish, f"wish.{state}", by, after, now)
    return replace(wish, state=state, **answer)


def _audit(
    connection: Connection, wish: Wish, action: str, by: int, after: object, now: datetime
) -> None:
    audit.append(
        connection,
        guild_id=wish.guild_id,
        user_id=by,
        action=action,
        target=f"member:{wish.user_id} {wish.scope} {wish.unit} {wish.window}",
        before=None,
        after=after,
        at=now,
    )
