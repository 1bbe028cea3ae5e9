"""On which servers Easel is, and what it forgets of those that it is not on any more."""

import discord
import structlog
from discord.ext import commands

from bot.domain.errors import UserError
from bot.domain.shards import Ownership
from bot.services.privacy import Privacy
from bot.services.sweeping import Sweeping

log = structlog.get_logger(__name__)


class Stay:
    """Compares what Discord says with what is stored, and sweeps what is due."""

    def __init__(
        self,
        client: commands.AutoShardedBot,
        sweeping: Sweeping,
        privacy: Privacy,
        ownership: Ownership,
    ) -> None:
        self._client = client
        self._ownership = ownership
        self._sweeping = sweeping
        self._privacy = privacy

    async def left(self, guild: discord.Guild) -> None:
        """Remember that a server removed Easel just now."""
        try:
            await self._sweeping.left([guild.id])
        except UserError as error:  # the next start finds it
            log.warning("departure_not_noted", guild=guild.id, reason=type(error).__name__)
            return
        log.info("server_left", guild=guild.id)

    async def returned(self, guild: discord.Guild) -> None:
        """Remember that a server has Easel."""
        try:
            await self._sweeping.returned([guild.id])
        except UserError as error:  # it is not purged while Easel is there
            log.warning("return_not_noted", guild=guild.id, reason=type(error).__name__)

    async def forget(self) -> None:
        """Delete what is due, and purge what servers left behind; also while Easel was away.

        Only once Discord has named every server of this process: those out of reach are among them.
        """
        try:
            swept, purged = await self._sweeping.sweep(), list[int]()
            if self._client.is_ready():
                application = self._client.application_id
                await self._sweeping.compare(self._here(), self._ownership.owns, application)
                purged = await self._sweeping.purge_left(self._here(), self._ownership.owns)
            await self._privacy.catch_up()
        except UserError as error:  # the next hour tries again; a raise would end the loop
            log.warning("not_swept", reason=type(error).__name__)
            return
        except Exception:
            log.exception("not_swept")  # a bug; the next hour tries all the same
            return
        if swept or purged:
            log.info("swept", rows=sum(swept.values()), servers=len(purged))

    def _here(self) -> set[int]:
        return {guild.id for guild in self._client.guilds}
