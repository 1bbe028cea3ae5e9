"""What the doctor learns from Discord, asked over loopback."""

from collections.abc import AsyncGenerator, Sequence
from typing import cast

import pytest
from discord import Permissions
from discord.http import Route

from bot.checkup import PERMISSION_NAMES, PERMISSIONS, ask_discord
from bot.providers.base import Finding
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
async def discord(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[FakeDiscord]:
    async with FakeDiscord() as fake:
        monkeypatch.setattr(Route, "BASE", fake.origin + API)
        yield fake


@pytest.fixture
def guild(discord: FakeDiscord) -> Guild:
    return discord.add_guild("Art Club", discord.world.add_user("ann"))


def first_channel(guild: Guild) -> Channel:
    return next(iter(guild.channels.values()))


def about(findings: Sequence[Finding], subject: str) -> Finding:
    (found,) = [finding for finding in findings if finding.subject.startswith(subject)]
    return found


async def test_a_token_that_is_not_taken_is_the_only_finding(discord: FakeDiscord) -> None:
    assert discord.origin
    (finding,) = await ask_discord("wrong")

    assert (finding.subject, finding.well) == ("token", False)
    assert "Reset it" in finding.cure
    assert "wrong" not in finding.says + finding.cure


async def test_a_bot_that_was_never_invited_gets_its_link(discord: FakeDiscord) -> None:
    findings = await ask_discord(discord.token)

    assert about(findings, "token").well
    assert about(findings, "intents").well
    assert about(findings, "interactions").well
    assert not about(findings, "servers").well
    assert f"client_id={discord.bot.id}&" in about(findings, "servers").cure
    assert about(findings, "commands").cure == "Run `easel sync`."


@pytest.mark.parametrize("here", [True, False])
async def test_registered_commands_are_named(
    discord: FakeDiscord, guild: Guild, *, here: bool
) -> None:
    scope = guild.id if here else None
    discord.world.commands[scope] = [
        {
            "id": "1",
            "type": 1,
            "application_id": str(discord.bot.id),
            "name": "imagine",
            "description": "Make a picture from your words.",
            "version": "1",
            "default_member_permissions": None,
            "nsfw": False,
        }
    ]

    findings = await ask_discord(discord.token)

    where = "on Art Club" if here else "for all servers"
    assert about(findings, "commands").says == f"/imagine are registered {where}"
    assert about(findings, "servers").well


async def test_commands_that_go_elsewhere_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def application(rest: Rest, call: Call) -> object:
        elsewhere = {"interactions_endpoint_url": "https://example.org/interactions"}
        return cast("Json", rest.application(call)) | elsewhere

    monkeypatch.setitem(ROUTES, "GET /oauth2/applications/@me", (application, None))
    async with FakeDiscord() as discord:
        monkeypatch.setattr(Route, "BASE", discord.origin + API)
        findings = await ask_discord(discord.token)

    assert not about(findings, "interactions").well
    assert "General Information" in about(findings, "interactions").cure


async def test_a_channel_where_all_is_allowed(discord: FakeDiscord, guild: Guild) -> None:
    channel = first_channel(guild)

    findings = await ask_discord(discord.token, channel.id)

    assert about(findings, f"channel {channel.id}").well


async def test_a_channel_where_something_is_missing(discord: FakeDiscord, guild: Guild) -> None:
    channel = first_channel(guild)
    denied = Permissions(attach_files=True, send_messages_in_threads=True).value
    channel.overwrites[guild.id] = Overwrite(deny=denied)

    finding = about(await ask_discord(discord.token, channel.id), "channel")

    assert not finding.well
    assert set(finding.says.removeprefix("missing there: ").split(", ")) == {
        "Attach Files",
        "Send Messages in Threads",
    }


async def test_a_thread_follows_its_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    def channel(rest: Rest, call: Call) -> object:
        found = cast("Json", rest.channel(call))
        return found | THREAD if found["parent_id"] else found

    monkeypatch.setitem(ROUTES, "GET /channels/{channel_id}", (channel, None))
    async with FakeDiscord() as discord:
        monkeypatch.setattr(Route, "BASE", discord.origin + API)
        guild = discord.add_guild("Art Club")
        parent = first_channel(guild)
        parent.overwrites[guild.id] = Overwrite(deny=Permissions(embed_links=True).value)
        thread = discord.world.add_channel(guild, "a thread")
        thread.parent_id = parent.id

        finding = about(await ask_discord(discord.token, thread.id), "channel")

    assert finding.says == "missing there: Embed Links"


async def test_a_channel_that_is_not_there(discord: FakeDiscord) -> None:
    finding = about(await ask_discord(discord.token, 123), "channel 123")

    assert not finding.well
    assert "cannot see it" in finding.says


async def test_a_channel_of_no_server(discord: FakeDiscord) -> None:
    channel = discord.world.dm_channel(discord.world.add_user("ann"))

    finding = about(await ask_discord(discord.token, channel.id), "channel")

    assert finding.says == "is not on a server"


def test_every_needed_permission_has_a_name() -> None:
    needed = {name for name, needed in PERMISSIONS if needed}

    assert needed == PERMISSION_NAMES.keys()
