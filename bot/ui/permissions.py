"""What Easel needs to be allowed, and what Discord's pages call it."""

from collections.abc import Mapping
from typing import Final

import discord

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
    "read_messages": "View Channels",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
}


def missing(held: discord.Permissions, needed: discord.Permissions = PERMISSIONS) -> list[str]:
    """Return the names of what is *needed* and not *held*."""
    return [PERMISSION_NAMES[name] for name, wanted in needed if wanted and not getattr(held, name)]
