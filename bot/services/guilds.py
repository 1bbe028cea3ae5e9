"""What the people who run a server choose: read often, changed seldom, every change audited."""

from dataclasses import dataclass
from datetime import datetime
from typing import Unpack

from bot.domain.clock import Clock
from bot.domain.errors import ChangedMeanwhile
from bot.domain.guild import GuildChoices
from bot.domain.seals import seal
from bot.services.guild_edits import Changes, Edit, Models, adding, changing, declining, removing
from bot.services.remembered import Remembered
from bot.storage import audit, guilds
from bot.storage.database import Connection, Database


@dataclass(frozen=True, slots=True)
class Proposal:
    """Settings before and after an edit."""

    before: GuildChoices
    after: GuildChoices

    @property
    def seal(self) -> str:
        """What tells it from a proposal that changes something else."""
        was, becomes = plain(self.before), plain(self.after)
        return seal([(n, was[n], becomes[n]) for n in was if was[n] != becomes[n]])


class Guilds:
    """The servers' settings. One process owns a server, so what it remembers is what holds."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known = Remembered(lambda guild_id: database.read(lambda c: guilds.load(c, guild_id)))

    async def choices(self, guild_id: int) -> GuildChoices:
        """Return what the server chose, with our defaults for the rest."""
        return await self._known.of(guild_id)

    async def change(
        self,
        guild_id: int,
        by_user_id: int,
        *,
        models: Models | None = None,
        **changes: Unpack[Changes],
    ) -> GuildChoices:
        """Change what is named, all or nothing, and return what holds now.

        A quality that a new model lacks is forgotten, so that the model's own holds.

        Raises:
            BadOption: a value cannot be; *models* says which models and qualities can.
        """
        return await self._make(guild_id, by_user_id, changing(models or {}, **changes))

    async def add(
        self,
        guild_id: int,
        by_user_id: int,
        *,
        channels: frozenset[int] = frozenset(),
        roles: frozenset[int] = frozenset(),
    ) -> GuildChoices:
        """Add to where, and by whom, pictures may be made. Raises BadOption: those are too many."""
        return await self._make(guild_id, by_user_id, adding(channels, roles))

    async def remove(
        self,
        guild_id: int,
        by_user_id: int,
        *,
        channels: frozenset[int] = frozenset(),
        roles: frozenset[int] = frozenset(),
    ) -> GuildChoices:
        """Remove from where, and by whom, pictures may be made; with none left, all may again."""
        return await self._make(guild_id, by_user_id, removing(channels, roles))

    async def set_threshold(
        self, guild_id: int, by_user_id: int, *, category: str, share: float | None
    ) -> GuildChoices:
        """Set the score, 0 to 1 or `NEVER_DECLINED`, from which *category* is declined.

        With None the moderation service judges again.

        Raises:
            BadOption: there is no such category, or it cannot be set.
        """
        return await self._make(guild_id, by_user_id, declining(category, share))

    async def would(self, guild_id: int, edit: Edit) -> Proposal:
        """Return what *edit* would change now. Raises BadOption: it cannot be."""
        before = await self.choices(guild_id)
        return Proposal(before, edit(before))

    async def make(self, guild_id: int, by_user_id: int, edit: Edit, *, agreed: str) -> Proposal:
        """Make *edit*; *agreed* is the seal of the proposal that was shown.

        Raises:
            ChangedMeanwhile: it would change something else than what was shown.
            BadOption: it cannot be.
        """
        made: list[Proposal] = []

        def as_agreed(before: GuildChoices) -> GuildChoices:
            proposal = Proposal(before, edit(before))
            if proposal.seal != agreed:
                raise ChangedMeanwhile
            made.append(proposal)
            return proposal.after

        await self._make(guild_id, by_user_id, as_agreed)
        return made[-1]

    def forget(self, guild_id: int) -> None:
        """Read a server's settings anew when they are asked for next."""
        self._known.forget(guild_id)

    async def _make(self, guild_id: int, by_user_id: int, edit: Edit) -> GuildChoices:
        now = self._clock.now()

        def work(connection: Connection) -> GuildChoices:
            before = hold(connection, guild_id, now)
            return keep(connection, guild_id, before, edit(before), by=by_user_id, at=now)

        try:
            return await self._database.write(work)
        finally:  # also when cancelled: it may have been written
            self.forget(guild_id)


look = guilds.load
"""Within a unit of work: return what a server chose."""

hold = guilds.load_to_change
"""Within a unit of work: the same, and nobody else changes it before that ends."""

plain = guilds.plain
"""Settings as JSON values, by name."""


def keep(
    connection: Connection,
    guild_id: int,
    before: GuildChoices,
    after: GuildChoices,
    *,
    by: int,
    at: datetime,
) -> GuildChoices:
    """Within a unit of work: let *after* hold in place of *before*, which it holds; audit it."""
    was, now_is = plain(before), plain(after)
    for name in (name for name in was if was[name] != now_is[name]):
        audit.append(
            connection,
            guild_id=guild_id,
            user_id=by,
            action="settings",
            target=name,
            before=was[name],
            after=now_is[name],
            at=at,
        )
    guilds.save(connection, guild_id, after, at)
    return after
