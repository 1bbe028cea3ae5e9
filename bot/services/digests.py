"""The weekly digest of a server: on its weekday, at its hour, once."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from bot.domain.clock import Clock
from bot.domain.guild import GuildChoices
from bot.domain.shards import Ownership
from bot.domain.usage import ServerUsage
from bot.domain.windows import WEEKDAY_NUMBERS, zone
from bot.services.reports import Reports
from bot.storage import guilds, notices
from bot.storage.database import Database

DAYS: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a server used in its latest seven days, for its log channel."""

    guild_id: int
    channel_id: int
    usage: ServerUsage


class Digests:
    """Finds which are due; whoever asks posts them.

    Each is written down before it is sent, so a restart rather loses one than repeats it. Of those
    that fell due while Easel was away the latest is sent; before the settings were changed last
    none was due, so that turning the digest on does not send an old one.
    """

    def __init__(
        self, database: Database, reports: Reports, clock: Clock, ownership: Ownership
    ) -> None:
        self._ownership = ownership
        self._database = database
        self._reports = reports
        self._clock = clock
        self._looked: datetime | None = None

    async def due(self) -> tuple[Digest, ...]:
        """Return the digests that are due and not sent; looks once in each quarter of an hour.

        Raises:
            StorageBusy: the next question looks again.
        """
        now = self._clock.now()
        quarter = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
        if quarter == self._looked:  # hours begin at such minutes in every zone
            return ()
        wanting = await self._database.read(guilds.with_digest)
        found: list[Digest] = []
        for guild_id, (choices, changed_at) in wanting.items():
            fell_due = latest(choices, now)
            mine = self._ownership.owns(guild_id)
            if mine and fell_due is not None and fell_due >= changed_at:
                found += await self._claimed(guild_id, choices, fell_due, now)
        self._looked = quarter
        return tuple(found)

    async def _claimed(
        self, guild_id: int, choices: GuildChoices, fell_due: datetime, now: datetime
    ) -> list[Digest]:
        notice = (f"digest:{fell_due.astimezone(zone(choices.timezone)).date()}", guild_id)
        if choices.log_channel is None or await self._database.read(
            lambda c: notices.told(c, [notice])
        ):
            return []
        usage = await self._reports.server(guild_id, choices.clocks, DAYS)
        if not await self._database.write(lambda c: notices.claim(c, [notice], now)):
            return []
        return [Digest(guild_id=guild_id, channel_id=choices.log_channel, usage=usage)]


def latest(choices: GuildChoices, now: datetime) -> datetime | None:
    """Return when the digest fell due last by the server's clocks; None where it is off."""
    if choices.digest is None:
        return None
    tz = zone(choices.timezone)
    today = now.astimezone(tz).date()
    day = today - timedelta(days=(today.weekday() - WEEKDAY_NUMBERS[choices.digest]) % 7)
    due = datetime.combine(day, time(choices.digest_hour), tz).astimezone(now.tzinfo)
    if due > now:
        before = day - timedelta(days=7)
        due = datetime.combine(before, time(choices.digest_hour), tz).astimezone(now.tzinfo)
    return due
