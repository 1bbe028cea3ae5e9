"""``/show``: pictures that are made and could not be posted."""

from typing import Any

from discord import Interaction, app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.services.recovery import Recovery
from bot.services.studio import Studio
from bot.ui.asking import place_of, show_kept


class Show(commands.Cog):
    """Pictures that wait for their asker."""

    def __init__(self, studio: Studio, recovery: Recovery) -> None:
        self._studio = studio
        self._recovery = recovery

    @app_commands.command(description="Get pictures of yours that could not be posted.")
    @app_commands.describe(code="The code that you were told, such as k3f9q2wd")
    async def show(
        self, interaction: Interaction[Any], code: app_commands.Range[str, 1, 12]
    ) -> None:
        """Show what is kept under *code*."""
        guild_id, wanted = place_of(interaction).guild_id, code.strip().lstrip("#").lower()
        ticket = await self._recovery.kept(guild_id, interaction.user.id, wanted)
        await show_kept(interaction, self._studio, ticket)


async def setup(bot: EaselClient) -> None:
    """Add ``/show`` to *bot*."""
    await bot.add_cog(Show(bot.studio, bot.services.recovery))
