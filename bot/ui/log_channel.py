"""Cards in a server's log channel, in the server's language."""

from collections.abc import Callable
from typing import Any

from discord import Interaction
from discord.ui import LayoutView

from bot.ui.host import BoardHost


def server_locale(interaction: Interaction[Any]) -> str:
    """Return the language of the server, as Discord says with this very act."""
    return interaction.guild_locale.value if interaction.guild_locale else "en-US"


async def put_card(
    interaction: Interaction[Any], look: Callable[[str], LayoutView]
) -> tuple[int, int] | None:
    """Post the card that *look* makes in a language; return channel and message.

    None: the server has no log channel, or it does not take the card.
    """
    host: BoardHost = interaction.client
    choices = await host.guild_choices.choices(interaction.guild_id or 0)
    if choices.log_channel is None:
        return None
    message_id = await host.notices.put(choices.log_channel, look(server_locale(interaction)))
    return None if message_id is None else (choices.log_channel, message_id)
