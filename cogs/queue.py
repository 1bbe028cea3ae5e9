"""``/queue``: who waits for pictures here, and taking requests back."""

from typing import Any

from discord import Interaction, app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.client import EaselClient
from bot.domain.queue import Line
from bot.services.queue import QueueDesk
from bot.ui.asking import place_of
from bot.ui.options import Person
from bot.ui.panels import show as show_panel
from bot.ui.policy import is_manager
from bot.ui.queue import all_cancelled, cancelled, choices_of, queue_panel
from bot.ui.replies import tell


class Queue(commands.GroupCog, group_name="queue", group_description="Who waits for pictures."):
    """Requests that wait for their turn."""

    def __init__(self, desk: QueueDesk) -> None:
        self._desk = desk

    @app_commands.command(
        description="See your requests that wait or run; managers see everyone's."
    )
    async def show(self, interaction: Interaction[Any]) -> None:
        """Show the asker's requests, or the whole server's."""
        view = queue_panel(interaction.locale.value, self._lines(interaction), self._desk.now())
        await show_panel(interaction, view)

    @app_commands.command(description="Cancel a request that has not begun; managers: anyone's.")
    @app_commands.describe(request="Its code, such as k3f9q2wd")
    async def cancel(
        self, interaction: Interaction[Any], request: app_commands.Range[str, 1, 12]
    ) -> None:
        """Cancel one request."""
        guild_id, code = place_of(interaction).guild_id, request.strip().lstrip("#").lower()
        turn = await self._desk.cancel(
            guild_id, code, by=interaction.user.id, manages=is_manager(interaction)
        )
        await tell(interaction, cancelled(interaction.locale.value, turn))

    @app_commands.command(description="Cancel all that a member waits for (for managers).")
    @app_commands.describe(member="Whose requests")
    async def clear(self, interaction: Interaction[Any], member: Person) -> None:
        """Cancel whatever of a member waits."""
        turns = await self._desk.cancel_all(
            place_of(interaction).guild_id, member.id, by=interaction.user.id
        )
        await tell(interaction, all_cancelled(interaction.locale.value, turns, member.id))

    @cancel.autocomplete("request")
    async def _offer(self, interaction: Interaction[Any], current: str) -> list[Choice[str]]:
        return choices_of(interaction.locale.value, self._lines(interaction), current)

    def _lines(self, interaction: Interaction[Any]) -> list[Line]:
        whose = None if is_manager(interaction) else interaction.user.id
        return self._desk.lines(place_of(interaction).guild_id, whose)


async def setup(bot: EaselClient) -> None:
    """Add ``/queue`` to *bot*."""
    await bot.add_cog(Queue(bot.services.queue))
