"""``/usage``: what was made and what it cost, for oneself and for the whole server."""

from typing import Any

from discord import Interaction, app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.imaging.pool import Imaging
from bot.services.guilds import Guilds
from bot.services.reports import MOST_DAYS, Reports
from bot.ui.asking import place_of
from bot.ui.panels import show
from bot.ui.usage import drawn, member_chart, member_panel
from bot.ui.usage_panel import show_usage


class Usage(commands.GroupCog, group_name="usage", group_description="What was made here."):
    """Reports of use."""

    def __init__(self, reports: Reports, guilds: Guilds, imaging: Imaging) -> None:
        self._reports = reports
        self._guilds = guilds
        self._imaging = imaging

    @app_commands.command(description="See what you made here and what it cost.")
    async def me(self, interaction: Interaction[Any]) -> None:
        """Show the asker's own use."""
        guild_id = place_of(interaction).guild_id
        choices = await self._guilds.choices(guild_id)
        await interaction.response.defer(ephemeral=True, thinking=True)
        usage = await self._reports.mine(guild_id, interaction.user.id, choices.clocks)
        locale = interaction.locale.value
        drawing = await drawn(self._imaging, member_chart(locale, usage))
        await show(interaction, member_panel(locale, usage, drawing), drawing)

    @app_commands.command(description="See what everyone made here (for managers).")
    @app_commands.describe(days="How many days back, today included (30 unless you say)")
    async def server(
        self, interaction: Interaction[Any], days: app_commands.Range[int, 1, MOST_DAYS] = 30
    ) -> None:
        """Show the whole server's use."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await show_usage(interaction, days)


async def setup(bot: EaselClient) -> None:
    """Add ``/usage`` to *bot*."""
    services = bot.services
    await bot.add_cog(Usage(services.reports, services.guilds, services.imaging))
