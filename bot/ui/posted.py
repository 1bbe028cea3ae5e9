"""The pictures of a result where they stand: read again each time, as their addresses expire."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

import discord
import structlog
from discord import Interaction

from bot.domain.jobs import Job
from bot.ui.text import message_link

log = structlog.get_logger(__name__)

_PATIENCE: Final = 5.0  # seconds


async def message_of(interaction: Interaction[Any], job: Job) -> discord.Message | None:
    """Return the message of a result; None where it is private, gone, or not to be seen."""
    if job.message_id is None or job.message_channel_id is None or job.private:
        return None
    channel = interaction.client.get_partial_messageable(job.message_channel_id)
    try:
        async with asyncio.timeout(_PATIENCE):
            return await channel.fetch_message(job.message_id)
    except Exception as error:  # noqa: BLE001 - gone, not to be seen, or Discord's trouble
        log.info("message_not_seen", reason=type(error).__name__)
        return None


async def first_pictures(interaction: Interaction[Any], jobs: Iterable[Job]) -> Mapping[int, str]:
    """Return the address of the first picture of those *jobs* that show one, by their ids."""
    meant = list(jobs)
    found = await asyncio.gather(*(message_of(interaction, each) for each in meant))
    return {
        job.id: message.attachments[0].url
        for job, message in zip(meant, found, strict=True)
        if message is not None and message.attachments
    }


def link_to(job: Job) -> str:
    """Return the address of the result's message; empty where others cannot see one."""
    if job.message_id is None or job.private:
        return ""
    return message_link(job.guild_id, f"{job.message_channel_id}/{job.message_id}")
