"""What Discord says about this bot: token, invite, commands, a channel's permissions."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

import discord
from discord import app_commands
from discord.abc import GuildChannel

from bot.domain.errors import DiscordUnreachable, SetupError
from bot.providers.base import Finding
from bot.ui.permissions import NOTICE_PERMISSIONS, PERMISSIONS, missing

_REFUSED_FOR_GOOD = {  # close codes that reconnecting repeats, and what ends them
    4004: "check DISCORD_TOKEN",
    4010: "check SHARD_COUNT and SHARD_IDS",
    4011: "the bot is on more servers than its shards may have: set a higher SHARD_COUNT, or none",
    4012: "install the newest version of Easel",
    4013: "install the newest version of Easel",
    4014: "switch the privileged intents on, on the Bot page of Discord's developer portal",
}
_GUILDS = 5  # how many servers are looked at


async def ask_discord(
    token: str, channel_id: int | None = None, operator_channel_id: int | None = None
) -> Sequence[Finding]:
    """Return what Discord says of the bot that *token* belongs to, and of one or two channels.

    Pictures are to be shown in one, those who run the bot are told what they need in the other.

    Raises:
        OSError, discord.HTTPException: Discord cannot be asked.
    """
    async with discord.Client(intents=discord.Intents(guilds=True)) as client:
        try:
            await client.login(token)
        except discord.LoginFailure:
            return [refused_token()]
        findings = [_identity(client), _intents(), _delivery(client)]
        guilds = [guild async for guild in client.fetch_guilds(limit=_GUILDS)]
        findings += [_servers(client, guilds), await _commands(client, guilds)]
        for each, needed in (channel_id, PERMISSIONS), (operator_channel_id, NOTICE_PERMISSIONS):
            if each is not None:
                findings.append(await _channel(client, each, needed))
    return findings


def invite(application_id: int) -> str:
    """Return the address that brings the bot to a server with the permissions it needs."""
    scopes = ("bot", "applications.commands")
    return discord.utils.oauth_url(application_id, permissions=PERMISSIONS, scopes=scopes)


def refused_token() -> Finding:
    """Return the finding for a token that Discord does not accept."""
    return Finding(
        subject="Token",
        well=False,
        says="Discord does not accept DISCORD_TOKEN.",
        cure="Reset it on the Bot page of Discord's developer portal and copy the new one.",
    )


@contextmanager
def discord_in_words() -> Generator[None]:
    """Turn what Discord, or the way to it, fails with into a sentence.

    Raises:
        SetupError: Discord will refuse until a setting changes.
        DiscordUnreachable: it may work later.
    """
    try:
        yield
    except discord.LoginFailure:
        refused = refused_token()
        raise SetupError(f"{refused.says} {refused.cure}") from None
    except discord.PrivilegedIntentsRequired:
        raise SetupError(
            "Discord refuses the bot's intents; switch the privileged intents on, on the Bot page "
            "of Discord's developer portal."
        ) from None
    except discord.ConnectionClosed as error:
        problem = f"Discord closed the connection for good (code {error.code})"
        if cure := _REFUSED_FOR_GOOD.get(error.code):
            raise SetupError(f"{problem}; {cure}.") from None
        raise DiscordUnreachable(f"{problem}; start again later.") from None
    except discord.Forbidden as error:
        raise SetupError(
            f"Discord does not allow this (code {error.code}); check the id, and invite the bot "
            "with the scope applications.commands."
        ) from None
    except discord.app_commands.CommandSyncFailure:
        raise  # Discord found a mistake in our commands: a bug
    except (discord.HTTPException, discord.GatewayNotFound, OSError, TimeoutError) as error:
        raise DiscordUnreachable(
            f"Discord could not be reached ({type(error).__name__}); look at the network, and at "
            "DISCORD_API_URL where it is set, then start again."
        ) from error


def _identity(client: discord.Client) -> Finding:
    return Finding(
        subject="Token",
        well=True,
        says=f"It belongs to {client.user} (application {client.application_id}).",
    )


def _intents() -> Finding:
    return Finding(subject="Intents", well=True, says="Guilds only; no privileged one is needed.")


def _delivery(client: discord.Client) -> Finding:
    application = client.application
    if application is None or not application.interactions_endpoint_url:
        return Finding(subject="Interactions", well=True, says="They come through the gateway.")
    return Finding(
        subject="Interactions",
        well=False,
        says="They go to an Interactions Endpoint URL, so Easel never sees a command.",
        cure="Empty that field on the General Information page of Discord's developer portal.",
    )


def _servers(client: discord.Client, guilds: Sequence[discord.Guild]) -> Finding:
    if guilds:
        others = ", and more" if len(guilds) == _GUILDS else ""
        names = ", ".join(guild.name for guild in guilds)
        return Finding(subject="Servers", well=True, says=f"The bot is on {names}{others}.")
    return Finding(
        subject="Servers",
        well=False,
        says="The bot is on no server.",
        cure=f"Invite it: {invite(client.application_id or 0)}",
    )


async def _commands(client: discord.Client, guilds: Sequence[discord.Guild]) -> Finding:
    tree = app_commands.CommandTree(client)
    for guild in (None, *guilds):
        if registered := await tree.fetch_commands(guild=guild):
            names = ", ".join(f"/{command.name}" for command in registered)
            where = f"on {guild.name}" if guild else "for all servers"
            return Finding(subject="Commands", well=True, says=f"{names} are registered {where}.")
    cure = "Run `easel sync`."
    return Finding(subject="Commands", well=False, says="None are registered.", cure=cure)


async def _channel(client: discord.Client, channel_id: int, needed: discord.Permissions) -> Finding:
    subject = f"Channel {channel_id}"
    try:
        lacking = await _missing(client, channel_id, needed)
    except (discord.NotFound, discord.Forbidden):
        return Finding(
            subject=subject,
            well=False,
            says="It does not exist, or the bot cannot see it.",
            cure="Check the id, invite the bot to that server, and allow it View Channels there.",
        )
    if lacking is None:
        cure = "Name a text channel or a thread of a server."
        return Finding(subject=subject, well=False, says="It is not on a server.", cure=cure)
    if not lacking:
        return Finding(
            subject=subject, well=True, says="The bot has all permissions that it needs."
        )
    return Finding(
        subject=subject,
        well=False,
        says=f"The bot lacks {', '.join(lacking)} there.",
        cure="Allow them to the bot's role in that channel's permissions.",
    )


async def _missing(
    client: discord.Client, channel_id: int, needed: discord.Permissions
) -> list[str] | None:
    """Return which of *needed* the bot lacks in a channel, or None where it has no server."""
    found = await client.fetch_channel(channel_id)
    if isinstance(found, discord.Thread):
        found = await client.fetch_channel(found.parent_id)
    if not isinstance(found, GuildChannel) or client.user is None:
        return None
    guild = await client.fetch_guild(found.guild.id, with_counts=False)
    member = await guild.fetch_member(client.user.id)
    channel = await guild.fetch_channel(found.id)
    return missing(channel.permissions_for(member), needed)
