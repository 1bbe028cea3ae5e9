"""The commands in the menu of a message."""

from typing import Any

import discord
from discord import Interaction, app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.domain.asks import Command
from bot.ui.alt_text import open_alt_text
from bot.ui.cases import ask_to_report
from bot.ui.details import show_details_of
from bot.ui.drafting import draft_message, open_draft
from bot.ui.offers import can


@app_commands.context_menu(name="Image details")
async def image_details(interaction: Interaction[Any], message: discord.Message) -> None:
    """Show words, model, money and time of a result."""
    await show_details_of(interaction, message)


@app_commands.context_menu(name="Report image")
async def report_image(interaction: Interaction[Any], message: discord.Message) -> None:
    """Ask those who moderate this server to look at a result."""
    await ask_to_report(interaction, message)


@app_commands.context_menu(name="Edit image")
async def edit_image(interaction: Interaction[Any], message: discord.Message) -> None:
    """Change a picture of anybody's message."""
    await open_draft(interaction, await draft_message(interaction, message, Command.EDIT))


@app_commands.context_menu(name="Vary image")
async def vary_image(interaction: Interaction[Any], message: discord.Message) -> None:
    """Make another version of a picture of anybody's message."""
    await open_draft(interaction, await draft_message(interaction, message, Command.VARY))


@app_commands.context_menu(name="Alt text")
async def alt_text(interaction: Interaction[Any], message: discord.Message) -> None:
    """Set or change what a result says to those who do not see it."""
    await open_alt_text(interaction, message)


MENUS = {
    edit_image: Command.EDIT,
    vary_image: Command.VARY,
    image_details: None,
    alt_text: None,
    report_image: None,
}
"""The menus, with what a model must be able to do for them to show."""


class Menus(commands.Cog):
    """Menus that lead to what a message shows."""

    def __init__(self, bot: EaselClient) -> None:
        self._tree = bot.tree
        models = bot.provider.models
        self._menus = [menu for menu, needs in MENUS.items() if not needs or can(models, needs)]

    async def cog_load(self) -> None:
        """Add the menus."""
        for menu in self._menus:
            self._tree.add_command(menu)

    async def cog_unload(self) -> None:
        """Remove the menus."""
        for menu in self._menus:
            self._tree.remove_command(menu.name, type=menu.type)


async def setup(bot: EaselClient) -> None:
    """Add the menus to *bot*."""
    await bot.add_cog(Menus(bot))
