"""What Easel needs to be allowed, and what Discord's pages call it."""

from collections.abc import Mapping
from typing import Final

import discord

from bot.domain.messages import N_

PERMISSIONS: Final = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
)
"""What Easel needs on a server, and nothing more."""

NOTICE_PERMISSIONS: Final = discord.Permissions(
    view_channel=True, send_messages=True, send_messages_in_threads=True
)
"""What it needs where it only tells those who run it."""

PERMISSION_NAMES: Final[Mapping[str, str]] = {
    "read_messages": N_("View Channels"),
    "send_messages": N_("Send Messages"),
    "send_messages_in_threads": N_("Send Messages in Threads"),
    "embed_links": N_("Embed Links"),
    "attach_files": N_("Attach Files"),
    "read_message_history": N_("Read Message History"),
}


def missing(held: discord.Permissions, needed: discord.Permissions = PERMISSIONS) -> list[str]:
    """Return the names of what is *needed* and not *held*."""
    return [PERMISSION_NAMES[name] for name, wanted in needed if wanted and not getattr(held, name)]
