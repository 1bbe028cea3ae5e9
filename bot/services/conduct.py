"""Blocks and strikes: who may not ask for pictures for a while, decided by people or by a count."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from bot.domain.blocks import Block, Strikes
from bot.domain.clock import Clock
from bot.domain.errors import Blocked, BlockedBecause, BlockedForGood, BlockedForGoodBecause
from bot.domain.guild import GuildChoices
from bot.domain.messages import Written
from bot.domain.retention import STRIKES
from bot.services.remembered import Remembered
from bot.services.returning import Returning
from bot.storage import audit, blocks, erasures
from bot.storage.database import Connection, Database

T = TypeVar("T")

_Known = tuple[dict[int, Block], dict[str, int]]
"""A server's blocks by member, and who stands for members whose data was erased."""

STRIKES_DID_IT: Final = 0
"""Who blocked, in the audit, where nobody did."""


class Conduct:
    """Keeps who is blocked. One process owns a server, so what it remembers is what holds."""

    def __init__(self, database: Database, returning: Returning, clock: Clock) -> None:
        self._database = database
        self._returning = returning
        self._clock = clock
        self._blocks = Remembered(lambda guild_id: database.read(lambda c: self._read(c, guild_id)))

    async def require_free(self, guild_id: int, user_id: int) -> None:
        """Raise Blocked where the member may not ask for pictures."""
        block = await self.block_of(guild_id, user_id)
        if block is None:
            return
        raise _REFUSALS[block.until is None, bool(block.reason)](
            until=block.until, reason=Written(block.reason)
        )

    async def block_of(self, guild_id: int, user_id: int) -> Block | None:
        """Return the member's block, if one holds."""
        found, erased = await self._blocks.of(guild_id)
        stands = self._returning.stands_for(erased, guild_id, user_id)
        block = found.get(user_id) or (found.get(stands) if stands else None)
        return block if block is not None and block.holds(self._clock.now()) else None

    async def blocked(self, guild_id: int) -> list[Block]:
        """Return the blocks that hold, the newest first."""
        now = self._clock.now()
        found, _ = await self._blocks.of(guild_id)
        holding = [each for each in found.values() if each.holds(now)]
        return sorted(holding, key=lambda block: block.blocked_at, reverse=True)

    async def block(
        self, guild_id: int, user_id: int, *, by: int, lasts: timedelta | None, reason: str = ""
    ) -> Block:
        """Block a member; with *lasts* None until somebody lifts it.

        Without a *reason* a block that holds longer stays, and is returned.
        """
        now = self._clock.now()
        block = Block(
            guild_id=guild_id,
            user_id=user_id,
            until=None if lasts is None else now + lasts,
            reason=reason,
            blocked_by=by,
            blocked_at=now,
        )

        def work(connection: Connection) -> Block:
            self._returning.welcome(connection, guild_id, user_id, now)
            there = blocks.find(connection, guild_id, user_id)
            if there is not None and there.holds(now) and not reason and _outlasts(there, block):
                return there
            _put(connection, block)
            return block

        return await self._change(guild_id, work)

    async def unblock(self, guild_id: int, user_id: int, *, by: int) -> Block | None:
        """Lift a member's block and return it; None: there was none."""
        now = self._clock.now()

        def work(connection: Connection) -> Block | None:
            self._returning.welcome(connection, guild_id, user_id, now)
            found = blocks.find(connection, guild_id, user_id)
            if found is None or not found.holds(now):
                return None
            blocks.put(connection, replace(found, until=now))  # strikes are counted from there
            _audit(connection, found, "member unblocked", by, now, lifted=True)
            return found

        return await self._change(guild_id, work)

    async def weigh(self, guild_id: int, user_id: int, choices: GuildChoices) -> Strikes | None:
        """Count what was declined just now; block the member where those are too many.

        None: the server does not count.
        """
        most, now = choices.strikes, self._clock.now()
        if most is None:
            return None

        def work(connection: Connection) -> Strikes:
            self._returning.welcome(connection, guild_id, user_id, now)
            found = blocks.find(connection, guild_id, user_id)
            count = _count(connection, guild_id, user_id, found, now)
            if count < most or (found is not None and found.holds(now)):
                return Strikes(count=count, most=most)
            block = Block(
                guild_id=guild_id,
                user_id=user_id,
                until=now + timedelta(hours=choices.block_hours),
                reason="",
                blocked_by=None,
                blocked_at=now,
            )
            _put(connection, block)
            return Strikes(count=count, most=most, block=block)

        return await self._change(guild_id, work)

    def forget(self, guild_id: int) -> None:
        """Read a server's blocks anew when they are asked for next."""
        self._blocks.forget(guild_id)

    def _read(self, connection: Connection, guild_id: int) -> _Known:
        now = self._clock.now()
        return blocks.of(connection, guild_id), erasures.of_guild(connection, guild_id, now)

    async def _change(self, guild_id: int, work: Callable[[Connection], T]) -> T:
        try:
            return await self._database.write(work)
        finally:  # also when cancelled: it may have been written
            self.forget(guild_id)


def _outlasts(one: Block, other: Block) -> bool:
    return one.until is None or (other.until is not None and one.until >= other.until)


_REFUSALS: Final[Mapping[tuple[bool, bool], type[Blocked]]] = {
    (False, False): Blocked,
    (False, True): BlockedBecause,
    (True, False): BlockedForGood,
    (True, True): BlockedForGoodBecause,
}


def _count(
    connection: Connection, guild_id: int, user_id: int, last: Block | None, now: datetime
) -> int:
    since = now - STRIKES
    if last is not None:
        ended = last.until if last.until is not None and last.until <= now else last.blocked_at
        since = max(since, ended)
    return blocks.declined_since(connection, guild_id, user_id, since)


def _put(connection: Connection, block: Block) -> None:
    blocks.put(connection, block)
    by = STRIKES_DID_IT if block.blocked_by is None else block.blocked_by
    _audit(connection, block, "member blocked", by, block.blocked_at)


def _audit(
    connection: Connection,
    block: Block,
    action: str,
    by: int,
    at: datetime,
    *,
    lifted: bool = False,
) -> None:
    said = {"until": block.until.isoformat() if block.until else None, "reason": block.reason}
    audit.append(
        connection,
        guild_id=block.guild_id,
        user_id=by,
        action=action,
        target=f"member:{block.user_id}",
        before=said if lifted else None,
        after=None if lifted else said,
        at=at,
    )
