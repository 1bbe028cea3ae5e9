"""What is stored of a member on all servers, and erasing it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog

from bot.domain.clock import Clock
from bot.domain.errors import StillRunning, StorageBusy
from bot.domain.progress import Progress, unheard
from bot.services.admission import new_code
from bot.services.conduct import Conduct
from bot.services.returning import Returning
from bot.storage import audit, erasing, person
from bot.storage.database import SMALL, Connection, Database, Scrubbed
from bot.storage.person import Shown
from bot.storage.personal import REGISTRY, Entry

__all__ = ["ACTION", "TOLD", "Policy", "Privacy", "Receipt", "Shown"]

log = structlog.get_logger(__name__)

ACTION: Final = "data deleted"
"""What the audit calls it; whose data it was is not in it."""

QUIET_HOUR: Final = 4
"""The hour, UTC, at which a large file may be written anew."""

_BATCH: Final = 100
_PAUSES: Final = (0.0, 0.2, 1.0, 3.0)  # seconds before each try to clean the files


TOLD: Final[Mapping[str, Entry]] = {entry.table.name: entry for entry in REGISTRY if entry.told}
"""What is stored of members, by table: in words, and how long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What was erased.

    Attributes:
        code: tells it from others; it stands in the audit of every server that it touched.
        servers: on how many something was stored.
        rows: how many rows of which table were deleted or unnamed.
        mentions: in how many texts of others the member's id was replaced.
        remembered: on how many servers a limit or a block goes on to hold.
        is_scrubbed: whether unused parts of the database's files hold nothing of it any more.
    """

    code: str
    servers: int
    rows: Mapping[str, int] = field(default_factory=dict[str, int])
    mentions: int = 0
    remembered: int = 0
    is_scrubbed: bool = True


@dataclass(frozen=True, slots=True)
class Policy:
    """Where the operator's privacy policy and terms are; None: there is a summary only."""

    url: str | None
    terms: str | None


class Privacy:
    """Shows and erases what is stored of a member."""

    def __init__(
        self,
        database: Database,
        returning: Returning,
        conduct: Conduct,
        clock: Clock,
        *,
        most: int | None = SMALL,
    ) -> None:
        """Write a database file of at most *most* bytes anew after each erasing; None: any."""
        self._database = database
        self._returning = returning
        self._conduct = conduct
        self._clock = clock
        self._most = most
        self._turn = asyncio.Lock()  # each looks through all tables: pressing often must not hurt

    async def show(self, user_id: int) -> tuple[Shown, ...]:
        """Return everything that is stored of a member on all servers, by table."""
        async with self._turn:
            return await self._database.read(lambda c: person.stored(c, user_id))

    async def erase(self, user_id: int, progress: Progress = unheard) -> Receipt:
        """Erase a member on all servers, each in one transaction; *progress* hears of each.

        Raises:
            StillRunning: a request of theirs has not come to its end; nothing was erased.
            StorageBusy: the database did not answer; a second try goes on where this one ended.
        """
        async with self._turn:
            return await self._erase(user_id, progress)

    async def scrub(self) -> bool:
        """Clean unused parts of the database's files; False: `catch_up` has to do it later."""
        for pause in _PAUSES:
            await asyncio.sleep(pause)
            if (done := await self._scrubbed()) is not Scrubbed.READ:
                return done is Scrubbed.DONE
        return False

    async def catch_up(self) -> bool:
        """Do what `scrub` could not, at the hour of the day when a large file may be written anew.

        Returns whether anything was done. Raises StorageBusy.
        """
        async with self._turn:  # what is erased meanwhile would count as cleaned
            if not await self._database.read(erasing.is_unscrubbed):
                return False
            most = None if self._clock.now().hour == QUIET_HOUR else SMALL
            if await self._database.scrub(most) is not Scrubbed.DONE:
                return False
            await self._database.write(erasing.scrubbed)
            return True

    async def _erase(self, user_id: int, progress: Progress) -> Receipt:
        code = new_code()
        guilds = await self._database.read(lambda c: self._guilds(c, user_id))
        rows, remembered = Counter[str](), 0
        for done, guild_id in enumerate(guilds, start=1):
            touched, holds = await self._database.write(self._erasing(guild_id, user_id, code))
            self._conduct.forget(guild_id)
            rows += touched
            remembered += holds
            progress(done, len(guilds))
        named = await self._unname(user_id, code)
        log.info("person_erased", receipt=code, servers=len(guilds), rows=sum(rows.values()))
        return Receipt(
            code=code,
            servers=len(guilds),
            rows=rows,
            mentions=named,
            remembered=remembered,
            is_scrubbed=not (guilds or named) or await self.scrub(),
        )

    async def _scrubbed(self) -> Scrubbed:
        try:
            done = await self._database.scrub(self._most)
            if done is Scrubbed.DONE:
                await self._database.write(erasing.scrubbed)
        except StorageBusy:
            return Scrubbed.READ
        return done

    def _guilds(self, connection: Connection, user_id: int) -> list[int]:
        _require_ended(connection, user_id)
        return erasing.guilds_with(connection, user_id)

    def _erasing(
        self, guild_id: int, user_id: int, code: str
    ) -> Callable[[Connection], tuple[Counter[str], bool]]:
        now, pseudonym = self._clock.now(), erasing.new_pseudonym()

        def work(connection: Connection) -> tuple[Counter[str], bool]:
            _require_ended(connection, user_id)
            self._returning.welcome(connection, guild_id, user_id, now)  # an erasing before this
            holds = self._returning.leave(connection, guild_id, user_id, pseudonym, now)
            with erasing.allowed(connection, code):
                touched = erasing.erase(connection, guild_id, user_id, pseudonym, now)
            erasing.unscrubbed(connection, now)
            audit.append(
                connection,
                guild_id=guild_id,
                user_id=pseudonym,
                action=ACTION,
                target=f"receipt {code}",
                before=None,
                after=dict(touched),
                at=now,
            )
            return touched, holds

        return work

    async def _unname(self, user_id: int, code: str) -> int:
        """Take the member's id out of what others wrote, some texts a transaction."""
        found = await self._database.read(lambda c: erasing.mentions(c, user_id))
        now, changed = self._clock.now(), 0
        for start in range(0, len(found), _BATCH):
            some = found[start : start + _BATCH]

            def work(connection: Connection, some: list[erasing.Found] = some) -> int:
                erasing.unscrubbed(connection, now)
                with erasing.allowed(connection, code):
                    return erasing.unname(connection, some, user_id)

            changed += await self._database.write(work)
        return changed


def _require_ended(connection: Connection, user_id: int) -> None:
    """Raise StillRunning where a request of the member has not come to its end."""
    found = erasing.running(connection, user_id)
    if found is not None:
        code, _guild = found
        raise StillRunning(code=f"#{code}")
