"""The commands in the menu of a message."""

from typing import Any

import discord
from discord import Interaction, app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.ui.cases import ask_to_report
from bot.ui.details import show_details_of


@app_commands.context_menu(name="Image details")
async def image_details(interaction: Interaction[Any], message: discord.Message) -> None:
    """Show words, model, money and time of a result."""
    await show_details_of(interaction, message)


@app_commands.context_menu(name="Report image")
async def report_image(interaction: Interaction[Any], message: discord.Message) -> None:
    """Ask those who moderate this server to look at a result."""
    await ask_to_report(interaction, message)


_MENUS = (image_details, report_image)


class Menus(commands.Cog):
    """Menus that lead to what a message shows."""

    def __init__(self, bot: EaselClient) -> None:
        self._tree = bot.tree

    async def cog_load(self) -> None:
        """Add the menus."""
        for menu in _MENUS:
            self._tree.add_command(menu)

    async def cog_unload(self) -> None:
        """Remove the menus."""
        for menu in _MENUS:
            self._tree.remove_command(menu.name, type=menu.type)


async def setup(bot: EaselClient) -> None:
    """Add the menus to *bot*."""
    await bot.add_cog(Menus(bot))
