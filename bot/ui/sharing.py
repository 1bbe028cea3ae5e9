"""A private result for all to see: posted by Easel in the channel, its asker named."""

from typing import Any

import discord
from discord import Interaction

from bot.domain.errors import CannotPost, DownloadFailed
from bot.domain.jobs import Job
from bot.services.books import Shown
from bot.ui.abilities import abilities_of
from bot.ui.buttons import result_buttons
from bot.ui.host import Host
from bot.ui.permissions import missing
from bot.ui.text import message_link
from bot.ui.words import say


async def share_result(interaction: Interaction[Any], host: Host, job: Job) -> None:
    """Post the pictures of the private result that was pressed, once.

    Raises:
        CannotPost: Easel may not post pictures here.
        DownloadFailed: Discord does not give them out any more.
    """
    locale, message = interaction.locale.value, interaction.message
    _require_rights(interaction)
    await interaction.response.defer()
    try:
        attachments = message.attachments if message else []
        files = [await each.to_file() for each in attachments]
    except discord.HTTPException as error:
        raise DownloadFailed(what="picture") from error
    view = result_buttons(locale, job.code, abilities_of(host.provider.models), private=False)
    content = message.content if message else ""
    channel = interaction.client.get_partial_messageable(interaction.channel_id)
    try:
        posted = await channel.send(content, files=files, view=view, nonce=f"share-{job.code}")
    except discord.Forbidden as error:
        raise CannotPost(missing=say(locale, "Send Messages")) from error
    await host.studio.books.shared(job, Shown(posted.channel.id, posted.id))
    link = message_link(job.guild_id, f"{posted.channel.id}/{posted.id}")
    said = say(locale, "Shared with everybody here: {link}", link=link)
    await interaction.edit_original_response(content=f"{content}\n-# {said}", view=None)


def _require_rights(interaction: Interaction[Any]) -> None:
    needed = discord.Permissions(view_channel=True, attach_files=True)
    in_thread = isinstance(interaction.channel, discord.Thread)
    needed.update(**{"send_messages_in_threads" if in_thread else "send_messages": True})
    if lacking := missing(interaction.app_permissions, needed):
        names = (say(interaction.locale.value, each) for each in lacking)
        raise CannotPost(missing=", ".join(names))
