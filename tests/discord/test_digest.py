"""The weekly digest, as a server's log channel gets it."""

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.providers.base import ImageProvider
from tests.discord.world import World, private_text
from tests.services.studio import Told, answer, picture


@pytest.fixture
def provider() -> ImageProvider:
    return Told(answer(picture()))


async def _minute(world: World, **later: float) -> None:
    world.clock.advance(**later)
    await world.env.advance_time(61)


async def test_it_comes_once_a_week_by_the_servers_clocks_and_catches_up_once(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    room = world.guild.create_text_channel("log")
    changed = await greta.slash(
        art_room,
        "settings set",
        log_channel=room,
        timezone="Asia/Kathmandu",
        digest="monday",
        digest_hour=8,
    )
    assert "**Weekly digest**: off → Monday" in private_text(changed)
    await ann.slash(art_room, "imagine", prompt="a red kite")  # Sunday noon, 17:45 there

    def said() -> list[str]:
        return [message.content for message in room.history()]

    await _minute(world, hours=14)  # Monday 7:45
    assert said() == []
    await _minute(world, minutes=15)
    await world.restart()
    await _minute(world, hours=2)
    (first,) = said()
    assert first.startswith("## The week on this server\nSince <t:")
    assert "1 picture in 1 request · $0.0130." in first
    assert f"{ann.mention} — 1 picture" in first

    await _minute(world, days=20)
    await _minute(world, minutes=20)
    assert len(said()) == 2
    assert "0 pictures in 0 requests" in said()[1]


async def test_turning_it_on_sends_no_old_one_and_off_sends_none(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    room = world.guild.create_text_channel("log")
    await greta.slash(art_room, "settings set", log_channel=room, digest="sunday", digest_hour=6)
    await _minute(world, minutes=20)
    assert list(room.history()) == []

    await greta.slash(art_room, "settings reset", what="digest")
    await _minute(world, days=8)
    assert list(room.history()) == []
