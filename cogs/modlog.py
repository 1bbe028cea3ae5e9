"""``/modlog``: what was declined, who is blocked, what members reported."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

from discord import Interaction, app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.client import EaselClient
from bot.domain.moderation import EventQuery
from bot.services.moderation import ModerationLog
from bot.ui.asking import place_of
from bot.ui.blocks import show_blocked
from bot.ui.cases import show_cases
from bot.ui.modlog import LONGEST_CATEGORY, modlog_panel
from bot.ui.options import Person, offered
from bot.ui.panels import show

_OTHERS: Mapping[str, Callable[[Interaction[Any], int | None], Awaitable[None]]] = {
    "blocked": show_blocked,
    "reports": show_cases,
}


class Modlog(commands.Cog):
    """The moderation log of a server."""

    def __init__(self, log: ModerationLog) -> None:
        self._log = log

    @app_commands.command(description="See what was declined, who is blocked and what is reported.")
    @app_commands.describe(
        kind="What to see: declined requests, blocked members, or reports and second looks",
        member="Only requests of this member",
        category="Only requests that were declined for this reason",
        stage="Only requests declined for what was asked, or for what was made",
    )
    @app_commands.default_permissions(manage_messages=True)
    async def modlog(
        self,
        interaction: Interaction[Any],
        kind: Literal["declined", "blocked", "reports"] = "declined",
        member: Person | None = None,
        category: app_commands.Range[str, 1, LONGEST_CATEGORY] | None = None,
        stage: Literal["input", "output", "unknown"] | None = None,
    ) -> None:
        """Show the newest events, with buttons to older ones."""
        if kind != "declined":
            await _OTHERS[kind](interaction, member.id if member else None)
            return
        query = EventQuery(
            guild_id=place_of(interaction).guild_id,
            member=member.id if member else None,
            category=category,
            stage=stage,
        )
        page = await self._log.page(query)
        await show(interaction, modlog_panel(interaction.locale.value, query, page))

    @modlog.autocomplete("category")
    async def _category(self, interaction: Interaction[Any], typed: str) -> list[Choice[str]]:
        known = await self._log.categories(place_of(interaction).guild_id)
        return offered([each for each in known if len(each) <= LONGEST_CATEGORY], typed)


async def setup(bot: EaselClient) -> None:
    """Add ``/modlog`` to *bot*."""
    await bot.add_cog(Modlog(bot.services.moderation))
