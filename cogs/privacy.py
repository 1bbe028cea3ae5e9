"""``/privacy``: what is stored on somebody, deleting it, and the policy."""

from typing import Any

from discord import Interaction, app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.ui.privacy import ask_to_delete, show_policy, show_stored


class Privacy(commands.GroupCog, group_name="privacy", group_description="What is stored on you."):
    """For everyone, blocked or not."""

    @app_commands.command(description="Get a file of everything that is stored on you.")
    async def show(self, interaction: Interaction[Any]) -> None:
        """Send it."""
        await show_stored(interaction)

    @app_commands.command(description="Delete everything that is stored on you, on all servers.")
    async def delete(self, interaction: Interaction[Any]) -> None:
        """Ask first."""
        await ask_to_delete(interaction)

    @app_commands.command(description="See what is stored, and for how long.")
    async def policy(self, interaction: Interaction[Any]) -> None:
        """Show it."""
        await show_policy(interaction)


async def setup(bot: EaselClient) -> None:
    """Add ``/privacy`` to *bot*."""
    await bot.add_cog(Privacy())
