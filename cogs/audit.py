"""``/audit``: what the people who run a server changed."""

from typing import Any

from discord import Interaction, app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.services.auditing import AuditLog
from bot.ui.asking import place_of
from bot.ui.audit import audit_panel
from bot.ui.panels import show


class Audit(commands.Cog):
    """The record of changes of a server."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    @app_commands.command(description="See who changed limits, grants and settings, and when.")
    @app_commands.default_permissions(manage_guild=True)
    async def audit(self, interaction: Interaction[Any]) -> None:
        """Show the newest changes, with buttons to older ones."""
        page = await self._log.page(place_of(interaction).guild_id)
        await show(interaction, audit_panel(interaction.locale.value, page))


async def setup(bot: EaselClient) -> None:
    """Add ``/audit`` to *bot*."""
    await bot.add_cog(Audit(bot.services.audit))
