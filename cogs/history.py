"""``/history``: what somebody asked for on this server."""

from typing import Any, Literal

from discord import Interaction, app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.domain.asks import Command
from bot.domain.history import LONGEST_SEARCH, Ending, HistoryQuery
from bot.ui.asking import place_of
from bot.ui.history import show_history


class History(commands.Cog):
    """A member's own requests."""

    @app_commands.command(description="Look through the pictures that you asked for here.")
    @app_commands.describe(
        search="Words that the prompt has",
        command="Only requests of this command",
        ended="Only requests that ended like this",
    )
    @app_commands.choices(
        command=[app_commands.Choice(name=each.value, value=each.value) for each in Command]
    )
    async def history(
        self,
        interaction: Interaction[Any],
        search: app_commands.Range[str, 1, LONGEST_SEARCH] = "",
        command: str | None = None,
        ended: Literal["made", "declined", "failed", "under way"] | None = None,
    ) -> None:
        """Show the newest, with buttons to older ones."""
        query = HistoryQuery(
            guild_id=place_of(interaction).guild_id,
            user_id=interaction.user.id,
            search=search,
            command=Command(command) if command else None,
            ending=Ending(ended) if ended else None,
        )
        await show_history(interaction, query)


async def setup(bot: EaselClient) -> None:
    """Add ``/history`` to *bot*."""
    await bot.add_cog(History())
