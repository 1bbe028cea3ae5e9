"""Forgetting in time: what was kept long enough, and what servers left behind."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

import structlog

from bot.domain.clock import Clock
from bot.domain.retention import PURGE
from bot.storage import departures, erasing, jobs, retention
from bot.storage.database import Connection, Database
from bot.storage.personal import REGISTRY
from bot.storage.retention import SWEEPS, Sweep

log = structlog.get_logger(__name__)

_SWEEPING: Final = "sweeping"


class Sweeping:
    """Deletes what is due, some rows a transaction, so that nobody waits for it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def sweep(self) -> dict[str, int]:
        """Delete everything that is due; return of how many rows, by table. Raises StorageBusy."""
        swept: dict[str, int] = {}
        for sweep in SWEEPS:
            if number := await self._sweep(sweep):
                swept[sweep.table.name] = swept.get(sweep.table.name, 0) + number
        return swept

    async def sweep_forms(self) -> int:
        """Delete chosen pictures that nobody came back to. Raises StorageBusy."""
        return sum([await self._sweep(each) for each in SWEEPS if each.is_short])

    async def _sweep(self, sweep: Sweep) -> int:
        now, number = self._clock.now(), 0
        due = await self._database.read(lambda c: _due(c, sweep, now))
        for guild_id, before in due:
            while some := await self._database.write(partial(_some, sweep, guild_id, before)):
                number += some
        return number

    async def left(self, guild_ids: list[int]) -> None:
        """Remember that these servers removed Easel; those that did before keep their day."""
        now = self._clock.now()
        await self._database.write(lambda c: departures.note(c, guild_ids, now))

    async def returned(self, guild_ids: list[int]) -> None:
        """Remember that these servers have Easel, so that nothing of theirs is purged."""
        gone = await self._database.read(departures.known)
        if back := [each for each in guild_ids if each in gone]:
            await self._database.write(lambda c: departures.remove(c, back))

    async def compare(
        self, here: set[int], is_ours: Callable[[int], bool], application: int | None = None
    ) -> None:
        """Mark the stored servers that are not *here*, of those that this process has.

        Not where the latest request was made with another *application*: somebody started with
        the token of another bot, whose servers are others, and all would be purged in time.

        *here* must be every server that Discord names when it is ready, those included that it
        cannot reach at the moment.
        """
        latest = await self._database.read(jobs.latest_application)
        if application is not None and latest not in {None, application}:
            log.error("another_application", cure="Check DISCORD_TOKEN; nothing is marked as left.")
            return
        stored = await self._database.read(departures.stored)
        await self.returned(sorted(here))
        if missing := sorted(each for each in stored - here if is_ours(each)):
            await self.left(missing)

    async def purge_left(self, here: set[int], is_ours: Callable[[int], bool]) -> list[int]:
        """Purge the servers that removed Easel long enough ago; return them. Raises StorageBusy."""
        before = self._clock.now() - PURGE
        due = await self._database.read(lambda c: departures.due(c, before))
        purged = [each for each in due if is_ours(each) and each not in here]
        for guild_id in purged:
            if await self._database.read(lambda c, each=guild_id: erasing.busy(c, each)):
                continue  # recovery closes it first
            await self.purge(guild_id)
        return purged

    async def purge(
        self, guild_id: int, progress: Callable[[int], None] | None = None
    ) -> dict[str, int]:
        """Erase a server; the ledger's sums stay, without any id. *progress* hears of rows."""
        pseudonym, purged = erasing.new_pseudonym(), dict[str, int]()
        for entry in REGISTRY:
            if "guild_id" not in entry.columns:
                continue
            work = partial(_purge_some, entry.table, guild_id, pseudonym)
            while some := await self._database.write(work):
                purged[entry.table.name] = purged.get(entry.table.name, 0) + some
                if progress is not None:
                    progress(some)
        if purged:
            now = self._clock.now()
            await self._database.write(lambda c: erasing.unscrubbed(c, now))
        log.info("server_purged", rows=sum(purged.values()))
        return purged


def _due(connection: Connection, sweep: Sweep, now: datetime) -> list[tuple[int | None, datetime]]:
    """Return the servers of which something is due, and before when; None: all in one."""
    if sweep.setting is None and not sweep.by_server:
        before = now - sweep.lasts
        return [(None, before)] if retention.is_due(connection, sweep, None, before) else []
    chosen = retention.days_of(connection, sweep.setting) if sweep.setting else {}
    servers = [
        (each, retention.cutoff(sweep, now, chosen, each))
        for each in retention.guilds_in(connection, sweep)
    ]
    return [(each, at) for each, at in servers if retention.is_due(connection, sweep, each, at)]


def _some(sweep: Sweep, guild_id: int | None, before: datetime, connection: Connection) -> int:
    if not sweep.is_record:
        return retention.sweep_some(connection, sweep, guild_id, before)
    with erasing.allowed(connection, f"{_SWEEPING}-{guild_id}"):
        return retention.sweep_some(connection, sweep, guild_id, before)


def _purge_some(table: erasing.Table, guild_id: int, pseudonym: int, connection: Connection) -> int:
    with erasing.allowed(connection, f"purge-{guild_id}"):
        return erasing.purge(connection, table, guild_id, pseudonym)
