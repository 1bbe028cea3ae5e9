"""What people see when a connection or the database drops at the wrong moment."""

from typing import Any

import aiohttp
import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.client import EaselClient
from bot.domain.errors import StorageBusy
from bot.services.guilds import Guilds
from tests.discord.world import World, log_room_of, private_text


class _Edits:
    """Drops the first *drops* edits of a reply after they used up their files."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, drops: int) -> None:
        edit = discord.Interaction[Any].edit_original_response
        self.left = drops

        async def edited(interaction: discord.Interaction[Any], **reply: Any) -> Any:
            if not self.left:
                return await edit(interaction, **reply)
            self.left -= 1
            for file in reply.get("attachments", []):
                file.fp.read()
                file.close()
            raise aiohttp.ServerDisconnectedError

        monkeypatch.setattr(discord.Interaction, "edit_original_response", edited)


class _SoonBusy:
    """Answers once, when the request is asked; the log channel's question comes too late."""

    def __init__(self, real: Guilds) -> None:
        self._answers = iter([real.choices])

    async def choices(self, guild_id: int) -> Any:
        for answer in self._answers:
            return await answer(guild_id)
        raise StorageBusy(guild=guild_id)


async def _drop(*_: object, **__: object) -> None:
    raise aiohttp.ServerDisconnectedError


async def test_a_connection_that_drops_once_loses_no_picture(
    ann: MemberActor, art_room: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    _Edits(monkeypatch, 2)

    result = await ann.slash(art_room, "imagine", prompt="a cat")

    assert result.response is not None
    assert await result.response.attachments[0].read()


async def test_a_connection_that_keeps_dropping_is_told(
    ann: MemberActor, art_room: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    _Edits(monkeypatch, 3)

    text = private_text(await ann.slash(art_room, "imagine", prompt="a cat"))

    assert "could not be posted" in text


async def test_an_answer_that_cannot_be_given_is_not_raised(
    ann: MemberActor, art_room: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = _Edits(monkeypatch, 4)

    result = await ann.slash(art_room, "imagine", prompt="a cat")

    assert edits.left == 0
    assert result.followups == []


async def test_a_refusal_is_told_whatever_becomes_of_the_notice(
    world: World, ann: MemberActor, art_room: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.services.guilds.change(world.guild.id, world.greta.id, log_channel=art_room.id)
    monkeypatch.setattr(discord.abc.Messageable, "send", _drop)

    assert "Declined" in private_text(await ann.slash(art_room, "imagine", prompt="forbidden"))


async def test_moderators_are_told_although_the_asker_cannot_be(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    room = await log_room_of(world)
    world.env.inject_error("POST", "/webhooks/*/*", status=404, code=10015, times=None)
    world.env.inject_error("PATCH", "/webhooks/*/*", status=404, code=10015, times=None)

    await ann.slash(art_room, "imagine", prompt="forbidden")

    (notice,) = room.history()
    assert "declined by the picture service" in notice.content


async def test_a_refusal_is_told_while_the_database_is_busy(
    world: World, ann: MemberActor, art_room: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.easel, "guild_choices", _SoonBusy(world.services.guilds))

    assert "Declined" in private_text(await ann.slash(art_room, "imagine", prompt="forbidden"))


async def test_prompts_are_forgotten_a_minute_later_when_the_database_is_busy(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy() -> int:
        raise StorageBusy

    monkeypatch.setattr(world.services.studio.books, "erase_old_prompts", busy)

    await vars(EaselClient)["_tidy"].coro(world.easel)
