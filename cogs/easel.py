"""``/easel``: first steps, help, and what is missing on a server."""

from typing import Any

from discord import Interaction, app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.ui.server_doctor import show_doctor
from bot.ui.server_help import show_help
from bot.ui.setup_panel import show_setup


class Easel(commands.GroupCog, group_name="easel", group_description="Set up, help, and check."):
    """What Easel says of itself on a server."""

    @app_commands.command(description="Set Easel up in four short steps (for managers).")
    async def setup(self, interaction: Interaction[Any]) -> None:
        """Show the first step."""
        await show_setup(interaction)

    @app_commands.command(description="See what you can do here, where, and how much is left.")
    async def help(self, interaction: Interaction[Any]) -> None:
        """Show it."""
        await show_help(interaction)

    @app_commands.command(description="See what is missing here and its cure (for managers).")
    async def doctor(self, interaction: Interaction[Any]) -> None:
        """Look at this server."""
        await show_doctor(interaction)


async def setup(bot: EaselClient) -> None:
    """Add ``/easel`` to *bot*."""
    await bot.add_cog(Easel())
