"""``/show``: a result by its code."""

from typing import Any

from discord import Interaction, app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.ui.showing import show_again


class Show(commands.Cog):
    """Results that are asked for by their code."""

    @app_commands.command(description="Bring a result of yours back, also one not posted yet.")
    @app_commands.describe(code="Its code, such as k3f9q2wd; it stands below each result")
    async def show(
        self, interaction: Interaction[Any], code: app_commands.Range[str, 1, 12]
    ) -> None:
        """Show what has *code*."""
        await show_again(interaction, code.strip().lstrip("#").lower())


async def setup(bot: EaselClient) -> None:
    """Add ``/show`` to *bot*."""
    await bot.add_cog(Show())
