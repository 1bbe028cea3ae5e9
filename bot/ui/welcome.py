"""The hello in a server that Easel has joined, with a button that sets it up."""

from collections.abc import Iterator

import discord
import structlog
from discord import ButtonStyle
from discord.ui import View

from bot.domain.errors import StorageBusy
from bot.domain.messages import Slash
from bot.services.welcomes import Welcomes
from bot.ui.panels import button
from bot.ui.words import say

log = structlog.get_logger(__name__)


async def greet(guild: discord.Guild, welcomes: Welcomes) -> None:
    """Say hello once, where Easel may write; where that is nowhere, only the log says so."""
    channel = next(_writable(guild), None)
    if channel is None:
        log.warning("no_hello", guild=guild.id, reason="no channel in which Easel may write")
        return
    try:
        if not await welcomes.is_first(guild.id):
            return
        await channel.send(_hello(guild.preferred_locale.value), view=_set_up(guild))
    except (StorageBusy, discord.HTTPException, OSError) as failed:
        log.warning("no_hello", guild=guild.id, reason=type(failed).__name__)


def _writable(guild: discord.Guild) -> Iterator[discord.TextChannel]:
    """Yield the channels in which Easel may write: the one for such news, then the others."""
    usual = [guild.system_channel] if guild.system_channel else []
    for channel in (*usual, *guild.text_channels):
        may = channel.permissions_for(guild.me)
        if may.view_channel and may.send_messages:
            yield channel


def _hello(locale: str) -> str:
    first = say(
        locale,
        "**Hello, I am Easel.** Ask me for a picture with `{imagine}`, change one with `{edit}`, "
        "and see what you can do here with `{help}`.",
        imagine=Slash("imagine"),
        edit=Slash("edit"),
        help=Slash("easel help"),
    )
    second = say(
        locale,
        "If you run this server: four short steps say where, who, how much and how safely. Only "
        "you see them.",
    )
    return f"{first}\n{second}"


def _set_up(guild: discord.Guild) -> View:
    view = View(timeout=None)
    label = say(guild.preferred_locale.value, "Set up")
    view.add_item(button(label, "setup:begin:", ButtonStyle.primary))
    view.stop()
    return view
