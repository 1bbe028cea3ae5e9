"""Short notices in the log channel that a server has chosen."""

from typing import Any

import discord
import structlog
from discord import Interaction

from bot.domain.errors import ContentRefused
from bot.ui.host import Host
from bot.ui.words import say

log = structlog.get_logger(__name__)


async def note_refusal(interaction: Interaction[Any], error: ContentRefused, code: str) -> None:
    """Tell the server's log channel, if it has one, that the vendor declined a request.

    Nothing is raised: the asker has been answered, and a notice must not become a failure.
    """
    try:
        await _note(interaction, error, code)
    except discord.HTTPException as refused:
        log.warning("log_channel_closed", guild=interaction.guild_id, code=refused.code)
    except Exception as failed:  # noqa: BLE001 - a busy database, a dropped connection
        log.warning("notice_failed", reason=type(failed).__name__)


async def _note(interaction: Interaction[Any], error: ContentRefused, code: str) -> None:
    host: Host = interaction.client
    if interaction.guild_id is None:
        return
    choices = await host.guild_choices.choices(interaction.guild_id)
    if choices.log_channel is None:
        return
    text = say(
        interaction.guild_locale.value if interaction.guild_locale else "en-US",
        "Declined by the picture service ({stage}: {categories}) — {member} in {channel} · #{code}",
        stage=error.stage,
        categories=", ".join(error.categories) or "—",
        member=interaction.user.mention,
        channel=f"<#{interaction.channel_id}>",
        code=code,
    )
    channel = interaction.client.get_partial_messageable(choices.log_channel)
    await channel.send(text)
