"""What the doctor learns from Discord, asked over loopback."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, cast

import discord
import pytest
from discord import Permissions
from discord.http import Route

from bot.checkup import ask_discord, discord_in_words
from bot.domain.errors import DiscordUnreachable, SetupError
from bot.providers.base import Finding
from bot.ui.permissions import PERMISSION_NAMES, PERMISSIONS
from tests.fakes.discord_api import API, FakeDiscord
from tests.fakes.discord_rest import Call, Rest
from tests.fakes.discord_routes import ROUTES
from tests.fakes.discord_schema import Json
from tests.fakes.discord_world import Channel, Guild, Overwrite

THREAD: Json = {
    "type": 11,
    "owner_id": "1",
    "message_count": 0,
    "member_count": 1,
    "thread_metadata": {
        "archived": False,
        "archive_timestamp": "2024-01-01T00:00:00+00:00",
        "auto_archive_duration": 1440,
        "locked": False,
    },
}
"""What a thread has that a channel of the loopback Discord lacks."""


@pytest.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[FakeDiscord]:
    async with FakeDiscord() as started:
        monkeypatch.setattr(Route, "BASE", started.origin + API)
        yield started


@pytest.fixture
def guild(fake: FakeDiscord) -> Guild:
    return fake.add_guild("Art Club", fake.world.add_user("ann"))


def first_channel(guild: Guild) -> Channel:
    return next(iter(guild.channels.values()))


def about(findings: Sequence[Finding], subject: str) -> Finding:
    (found,) = [finding for finding in findings if finding.subject.startswith(subject)]
    return found


async def test_a_token_that_is_not_taken_is_the_only_finding(fake: FakeDiscord) -> None:
    assert fake.origin
    (finding,) = await ask_discord("wrong")

    assert (finding.subject, finding.well) == ("Token", False)
    assert "Reset it" in finding.cure
    assert "wrong" not in finding.says + finding.cure


async def test_a_bot_that_was_never_invited_gets_its_link(fake: FakeDiscord) -> None:
    findings = await ask_discord(fake.token)

    assert about(findings, "Token").well
    assert about(findings, "Intents").well
    assert about(findings, "Interactions").well
    assert not about(findings, "Servers").well
    assert f"client_id={fake.bot.id}&" in about(findings, "Servers").cure
    assert about(findings, "Commands").cure == "Run `easel sync`."


@pytest.mark.parametrize("here", [True, False])
async def test_registered_commands_are_named(
    fake: FakeDiscord, guild: Guild, *, here: bool
) -> None:
    scope = guild.id if here else None
    fake.world.commands[scope] = [
        {
            "id": "1",
            "type": 1,
            "application_id": str(fake.bot.id),
            "name": "imagine",
            "description": "Make a picture from your words.",
            "version": "1",
            "default_member_permissions": None,
            "nsfw": False,
        }
    ]

    findings = await ask_discord(fake.token)

    where = "on Art Club" if here else "for all servers"
    assert about(findings, "Commands").says == f"/imagine are registered {where}."
    assert about(findings, "Servers").well


async def test_commands_that_go_elsewhere_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def application(rest: Rest, call: Call) -> object:
        elsewhere = {"interactions_endpoint_url": "https://example.org/interactions"}
        return cast("Json", rest.application(call)) | elsewhere

    monkeypatch.setitem(ROUTES, "GET /oauth2/applications/@me", (application, None))
    async with FakeDiscord() as fake:
        monkeypatch.setattr(Route, "BASE", fake.origin + API)
        findings = await ask_discord(fake.token)

    assert not about(findings, "Interactions").well
    assert "General Information" in about(findings, "Interactions").cure


async def test_a_channel_where_all_is_allowed(fake: FakeDiscord, guild: Guild) -> None:
    channel = first_channel(guild)

    findings = await ask_discord(fake.token, channel.id)

    assert about(findings, f"Channel {channel.id}").well


async def test_a_channel_where_something_is_missing(fake: FakeDiscord, guild: Guild) -> None:
    channel = first_channel(guild)
    denied = Permissions(attach_files=True, send_messages_in_threads=True).value
    channel.overwrites[guild.id] = Overwrite(deny=denied)

    finding = about(await ask_discord(fake.token, channel.id), "Channel")

    assert not finding.well
    assert set(finding.says.removeprefix("The bot lacks ").removesuffix(" there.").split(", ")) == {
        "Attach Files",
        "Send Messages in Threads",
    }


async def test_the_operators_channel_needs_less(fake: FakeDiscord, guild: Guild) -> None:
    channel = first_channel(guild)
    channel.overwrites[guild.id] = Overwrite(deny=Permissions(attach_files=True).value)

    assert about(await ask_discord(fake.token, None, channel.id), "Channel").well

    channel.overwrites[guild.id] = Overwrite(deny=Permissions(send_messages=True).value)
    (finding,) = [
        each
        for each in await ask_discord(fake.token, None, channel.id)
        if each.subject == f"Channel {channel.id}"
    ]
    assert finding.says == "The bot lacks Send Messages there."


async def test_a_thread_follows_its_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    def channel(rest: Rest, call: Call) -> object:
        found = cast("Json", rest.channel(call))
        return found | THREAD if found["parent_id"] else found

    monkeypatch.setitem(ROUTES, "GET /channels/{channel_id}", (channel, None))
    async with FakeDiscord() as fake:
        monkeypatch.setattr(Route, "BASE", fake.origin + API)
        guild = fake.add_guild("Art Club")
        parent = first_channel(guild)
        parent.overwrites[guild.id] = Overwrite(deny=Permissions(embed_links=True).value)
        thread = fake.world.add_channel(guild, "a thread")
        thread.parent_id = parent.id

        finding = about(await ask_discord(fake.token, thread.id), "Channel")

    assert finding.says == "The bot lacks Embed Links there."


async def test_a_channel_that_is_not_there(fake: FakeDiscord) -> None:
    finding = about(await ask_discord(fake.token, 123), "Channel 123")

    assert not finding.well
    assert "cannot see it" in finding.says


async def test_a_channel_of_no_server(fake: FakeDiscord) -> None:
    channel = fake.world.dm_channel(fake.world.add_user("ann"))

    finding = about(await ask_discord(fake.token, channel.id), "Channel")

    assert finding.says == "It is not on a server."


class Answered:
    """What an HTTP library's answer has, as far as discord.py's errors look at it."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.reason = "scripted"


def closed(code: int) -> discord.ConnectionClosed:
    socket = cast("Any", None)
    return discord.ConnectionClosed(socket, shard_id=None, code=code)


def refused(kind: type[discord.HTTPException], status: int) -> discord.HTTPException:
    return kind(cast("Any", Answered(status)), {"code": 50001, "message": "scripted"})


@pytest.mark.parametrize(
    "error",
    [
        discord.LoginFailure("improper token"),
        discord.PrivilegedIntentsRequired(None),
        closed(4004),
        closed(4014),
        refused(discord.Forbidden, 403),
    ],
)
def test_what_only_a_setting_mends_says_so(error: Exception) -> None:
    with pytest.raises(SetupError) as caught, discord_in_words():
        raise error

    assert "improper token" not in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    "error",
    [
        closed(4000),
        refused(discord.DiscordServerError, 503),
        discord.GatewayNotFound(),
        ConnectionRefusedError(111, "nobody there"),
        TimeoutError(),
    ],
)
def test_what_may_pass_says_to_start_again(error: Exception) -> None:
    with pytest.raises(DiscordUnreachable, match=r"start again"), discord_in_words():
        raise error


def test_every_needed_permission_has_a_name() -> None:
    needed = {name for name, needed in PERMISSIONS if needed}

    assert needed == PERMISSION_NAMES.keys()
