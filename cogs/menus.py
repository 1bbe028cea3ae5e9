"""The commands in the menu of a message."""

from typing import Any

import discord
from discord import Interaction, app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.ui.details import show_details_of


@app_commands.context_menu(name="Image details")
async def image_details(interaction: Interaction[Any], message: discord.Message) -> None:
    """Show words, model, money and time of a result."""
    await show_details_of(interaction, message)


class Menus(commands.Cog):
    """Menus that lead to what a message shows."""

    def __init__(self, bot: EaselClient) -> None:
        self._tree = bot.tree

    async def cog_load(self) -> None:
        """Add the menus."""
        self._tree.add_command(image_details)

    async def cog_unload(self) -> None:
        """Remove the menus."""
        self._tree.remove_command(image_details.name, type=image_details.type)


async def setup(bot: EaselClient) -> None:
    """Add the menus to *bot*."""
    await bot.add_cog(Menus(bot))
