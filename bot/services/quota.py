"""Quotas: who may still have how much, booked before a call and closed after it.

The functions over a `Connection` are parts of a unit of work, so that a booking and the job that
it pays for are stored together or not at all.
"""

from datetime import datetime
from functools import partial

from bot.domain.clock import Clock
from bot.domain.quota import Grant, QuotaDefaults, Rule, Scope, Standing, Unit
from bot.domain.windows import Clocks
from bot.providers.base import Price
from bot.services import quota_booking, quota_changes, quota_closing, quota_giving
from bot.services.quota_booking import Claim, Explanation
from bot.storage import grants, rules
from bot.storage.database import Connection, Database

__all__ = ["Claim", "Explanation", "QuotaDefaults", "Quotas", "Standing"]


class Quotas:
    """Keeps every limit: the operator's, the server's, each channel's, each member's."""

    def __init__(self, database: Database, clock: Clock, defaults: QuotaDefaults) -> None:
        self._database = database
        self._clock = clock
        self._defaults = defaults

    def book(self, connection: Connection, claim: Claim) -> None:
        """Reserve what *claim* may cost at most, from every limit that it touches.

        Raises:
            QuotaDenied: a rule forbids it.
            TooManyAtOnce, TooManyAtOnceHere: too many requests run; nothing was reserved.
            QuotaFull: a limit is reached and no grant covers the rest; nothing was reserved.
            StorageBusy: others changed the same counters just now; undo the unit of work.
        """
        quota_booking.book(connection, claim, self._defaults)

    def settle(
        self, connection: Connection, reference: str, *, pictures: int, price: Price, at: datetime
    ) -> None:
        """Close a booking with what was made and what it cost; does nothing when it is closed.

        A cost above the estimate is booked in full. An unknown price is booked at the estimate.
        """
        quota_closing.settle(connection, reference, pictures=pictures, price=price, at=at)

    def release(self, connection: Connection, reference: str, at: datetime) -> None:
        """Give a booking back whole: nothing was charged. Does nothing when it is closed."""
        quota_closing.release(connection, reference, at)

    def mark_unknown(self, connection: Connection, reference: str, at: datetime) -> None:
        """Give the pictures back and book the money at the estimate: it may have been charged.

        Does nothing when the booking is closed.
        """
        quota_closing.mark_unknown(connection, reference, at)

    async def explain(
        self,
        guild_id: int,
        user_id: int,
        role_ids: frozenset[int],
        clocks: Clocks,
        *,
        channel_id: int = 0,
    ) -> Explanation:
        """Return which rules hold for a member's requests now, and where each limit stands.

        Without *channel_id* the rules for channels are left out.
        """
        asker = quota_booking.Asker(
            guild_id=guild_id,
            channel_id=channel_id,
            user_id=user_id,
            role_ids=role_ids,
            clocks=clocks,
            at=self._clock.now(),
        )
        return await self._database.read(
            lambda connection: quota_booking.explain(connection, asker, self._defaults)
        )

    async def standing(
        self,
        guild_id: int,
        user_id: int,
        role_ids: frozenset[int],
        clocks: Clocks,
        *,
        channel_id: int = 0,
    ) -> tuple[Standing, ...]:
        """Return every limit that a member's requests are held to now, the member's own first."""
        place = {"channel_id": channel_id}
        return (await self.explain(guild_id, user_id, role_ids, clocks, **place)).standings

    async def rules(self, guild_id: int) -> tuple[Rule, ...]:
        """Return the rules that a server has set."""
        return await self._database.read(lambda connection: rules.of_guild(connection, guild_id))

    async def grants(self, guild_id: int) -> tuple[Grant, ...]:
        """Return all grants of a server, oldest first, used up and expired ones too."""
        return await self._database.read(lambda connection: grants.of_guild(connection, guild_id))

    async def open_grants(self, guild_id: int) -> tuple[Grant, ...]:
        """Return the grants of a server that something can still be taken from, oldest first."""
        now = self._clock.now()
        return await self._database.read(lambda c: grants.open_in(c, guild_id, now))

    async def usable_grants(
        self, guild_id: int, user_id: int, role_ids: frozenset[int]
    ) -> tuple[Grant, ...]:
        """Return the grants that a member's requests can draw on now, soonest expiring first."""
        now = self._clock.now()
        return tuple(
            await self._database.read(
                lambda connection: grants.usable(
                    connection, guild_id, user_id, role_ids, now, lock=False
                )
            )
        )

    async def set_rule(self, guild_id: int, rule: Rule, *, by: int) -> None:
        """Let *rule* hold from now on, in place of the one before it; *by* is who said so.

        Raises:
            BadOption: servers cannot limit this, or not to this amount.
        """
        change = partial(quota_changes.set_rule, guild_id=guild_id, by=by)
        rule = quota_changes.checked(rule)
        await self._database.write(partial(change, rule=rule, at=self._clock.now()))

    async def clear_rule(self, guild_id: int, rule: Rule, *, by: int) -> Rule | None:
        """Remove the rule like *rule*, whatever its amount; return it, or None: there was none.

        Raises:
            BadOption: servers cannot limit this.
        """
        change = partial(quota_changes.clear_rule, guild_id=guild_id, by=by)
        rule = quota_changes.checked(rule)
        return await self._database.write(partial(change, rule=rule, at=self._clock.now()))

    async def grant(  # noqa: PLR0913 - each is a choice of the manager's
        self,
        guild_id: int,
        scope: Scope,
        scope_id: int,
        unit: Unit,
        amount: int,
        *,
        reason: str,
        expires_at: datetime | None,
        by: int,
    ) -> Grant:
        """Give a server, a role or a member *amount* beyond their limits, once.

        It is drawn on when a limit is full. A role's grant is one pool that its members share.
        The operator's own limit for the whole bot is never extended.

        Raises:
            BadOption: this cannot be granted, or not until then.
        """
        new = Grant(
            id=0,
            scope=scope,
            scope_id=scope_id if scope in quota_changes.NAMED else 0,
            unit=unit,
            amount=amount,
            used=0,
            in_flight=0,
            expires_at=expires_at,
            reason=reason,
            granted_at=self._clock.now(),
            granted_by=by,
        )
        quota_giving.check_grant(new)
        return await self._database.write(partial(quota_giving.give, guild_id=guild_id, grant=new))

    async def revoke(self, guild_id: int, grant_id: int, *, by: int) -> Grant:
        """Take back what is left of a grant; return it as it was.

        What a running request has taken from it stays taken, until that ends.

        Raises:
            NoSuchGrant: there is none, or it was taken back before.
        """
        change = partial(quota_giving.revoke, guild_id=guild_id, grant_id=grant_id, by=by)
        return await self._database.write(partial(change, at=self._clock.now()))

    async def gift(
        self, guild_id: int, giver: int, receiver: int, unit: Unit, amount: int, *, reason: str
    ) -> tuple[Grant, ...]:
        """Give a part of the giver's own grants to another member; return what they got.

        Raises:
            GiftsOff, NothingToGive, BadOption: it cannot be given.
        """
        gift = Grant(
            id=0,
            scope=Scope.MEMBER,
            scope_id=receiver,
            unit=unit,
            amount=amount,
            used=0,
            in_flight=0,
            expires_at=None,
            reason=reason,
            granted_at=self._clock.now(),
            granted_by=giver,
        )
        return await self._database.write(
            partial(quota_giving.pass_on, guild_id=guild_id, gift=gift)
        )
