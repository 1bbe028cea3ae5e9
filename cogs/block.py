"""``/block`` and ``/unblock``: who may not ask for pictures for a while."""

from typing import Any

from discord import Interaction, app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.client import EaselClient
from bot.ui.blocks import REASON, block_member, unblock_member
from bot.ui.options import Person, offered

DURATIONS = ("1h", "6h", "1d", "3d", "7d", "30d", "forever")


class Block(commands.Cog):
    """Blocks of members."""

    @app_commands.command(description="Keep a member from asking for pictures for a while.")
    @app_commands.describe(
        member="Whom to block",
        duration="How long: 30m, 3h, 7d, 2w, or forever (until somebody lifts it)",
        reason="Why; the member reads it",
    )
    @app_commands.default_permissions(manage_messages=True)
    async def block(
        self,
        interaction: Interaction[Any],
        member: Person,
        duration: app_commands.Range[str, 2, 10] = "1d",
        reason: app_commands.Range[str, 1, REASON] = "",
    ) -> None:
        """Block *member*."""
        await block_member(interaction, member.id, duration, reason)

    @app_commands.command(description="Let a blocked member ask for pictures again.")
    @app_commands.describe(member="Whose block to lift")
    @app_commands.default_permissions(manage_messages=True)
    async def unblock(self, interaction: Interaction[Any], member: Person) -> None:
        """Lift the block of *member*."""
        await unblock_member(interaction, member.id)

    @block.autocomplete("duration")
    async def _duration(self, interaction: Interaction[Any], typed: str) -> list[Choice[str]]:
        del interaction
        return offered(DURATIONS, typed)


async def setup(bot: EaselClient) -> None:
    """Add both to *bot*."""
    await bot.add_cog(Block())
