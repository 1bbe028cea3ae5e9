"""``/words``: what a server does not want in prompts."""

from typing import Any

from discord import Interaction, app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.ui.word_panel import show_words


class Words(commands.Cog):
    """The word list of a server."""

    @app_commands.command(description="See and change the words that this server declines.")
    @app_commands.default_permissions(manage_guild=True)
    async def words(self, interaction: Interaction[Any]) -> None:
        """Show the list."""
        await show_words(interaction)


async def setup(bot: EaselClient) -> None:
    """Add ``/words`` to *bot*."""
    await bot.add_cog(Words())
