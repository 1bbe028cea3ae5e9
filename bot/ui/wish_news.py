"""Telling members what became of their wishes: directly if they allow it, else when they ask next.

Nothing here is raised: it is beside what somebody asked for.
"""

from typing import Any

import discord
import structlog
from discord import Interaction

from bot.domain.wishes import Wish
from bot.ui.host import WishHost
from bot.ui.wish_card import answer_text, answered_card

log = structlog.get_logger(__name__)


async def tell_member(client: Any, wish: Wish) -> None:  # noqa: ANN401 - the client, a `WishHost`
    """Write to the member; where that is not allowed they are told when they ask next."""
    host: WishHost = client
    guild = client.get_guild(wish.guild_id)
    try:
        channel = await client.create_dm(discord.Object(wish.user_id))
        await channel.send(answer_text(wish, guild.name if guild else "?"))
        await host.wishes.told(wish)
    except Exception as error:  # noqa: BLE001 - not allowed, or Discord's trouble
        log.info("wish_answer_waits", reason=type(error).__name__)


async def tell_answers(interaction: Interaction[Any]) -> None:
    """Tell the one who acts, privately, what became of their wishes, if they do not know."""
    host: WishHost = interaction.client
    if interaction.guild is None or not interaction.response.is_done():
        return
    try:
        for wish in await host.wishes.untold(interaction.guild.id, interaction.user.id):
            if await host.wishes.told(wish):
                text = answer_text(wish, interaction.guild.name)
                await interaction.followup.send(text, ephemeral=True)
    except Exception as error:  # noqa: BLE001 - Discord's trouble, a busy database
        log.info("wish_answer_untold", reason=type(error).__name__)


async def end_card(client: discord.Client, wish: Wish) -> None:
    """Show on the card that nobody answered in time; it may be gone."""
    if wish.card_channel_id is None or wish.card_message_id is None:
        return
    guild = client.get_guild(wish.guild_id)
    locale = guild.preferred_locale.value if guild else "en-US"
    channel = client.get_partial_messageable(wish.card_channel_id)
    try:
        message = channel.get_partial_message(wish.card_message_id)
        await message.edit(view=answered_card(locale, wish))
    except Exception as error:  # noqa: BLE001 - deleted, not allowed, or Discord's trouble
        log.info("wish_card_stays", reason=type(error).__name__)
