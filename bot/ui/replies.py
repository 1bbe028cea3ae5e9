"""Answers that only the asker sees, in whatever state the interaction is."""

from typing import Any

import discord
from discord import Interaction
from discord.ui import View

from bot.domain.errors import CallsStopped
from bot.ui.words import say

GONE = frozenset({10062, 40060})
"""Discord's codes for an interaction that is too old or was answered elsewhere."""


async def tell(interaction: Interaction[Any], text: str, view: View | None = None) -> None:
    """Say *text* to the asker alone, with the buttons of *view*.

    The first message after a public defer is public, so there the placeholder is filled with a
    neutral line, *text* follows privately, and the placeholder goes. A picture in the making that
    it showed goes first.
    """
    more: dict[str, Any] = {"view": view} if view else {}
    if not interaction.response.is_done():
        await interaction.response.send_message(text, ephemeral=True, **more)
        return
    if interaction.response.type is not discord.InteractionResponseType.deferred_channel_message:
        await interaction.followup.send(text, ephemeral=True, **more)
        return
    neutral = say(interaction.locale.value, "This request did not lead to a picture.")
    try:
        placeholder = await interaction.edit_original_response(content=neutral, attachments=[])
    except discord.NotFound:  # somebody deleted it
        await interaction.followup.send(text, ephemeral=True, **more)
        return
    if placeholder.flags.ephemeral:
        await interaction.edit_original_response(content=text, **more)
        return
    await interaction.followup.send(text, ephemeral=True, **more)
    await interaction.delete_original_response()


def is_gone(error: BaseException) -> bool:
    """Whether nobody can be answered: Discord says so, or is not called at the moment."""
    if isinstance(error, CallsStopped):
        return True
    return isinstance(error, discord.HTTPException) and error.code in GONE
