"""What a server's log channel is told of the server's money."""

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.domain.quota import Rule, Scope, Unit
from bot.domain.windows import Window
from tests.discord.world import World, private_text
from tests.services.studio import ESTIMATE, PRICE, Told

pytestmark = pytest.mark.usefixtures("told")

TEN = 10 * PRICE + ESTIMATE - PRICE
"""Micro-dollars for ten pictures, the last of which is booked at its estimate."""


@pytest.fixture
async def log_room(world: World, greta: MemberActor, art_room: ChannelHandle) -> ChannelHandle:
    room = world.guild.create_text_channel("log")
    await greta.slash(art_room, "settings set", log_channel=room)
    return room


async def _limit(world: World, micros: int, window: Window = Window.MONTH) -> None:
    limit = Rule(scope=Scope.SERVER, unit=Unit.DOLLARS, window=window, amount=micros)
    await world.services.quotas.set_rule(world.guild.id, limit, by=1)


async def _make(member: MemberActor, room: ChannelHandle, times: int) -> None:
    for _ in range(times):
        await member.slash(room, "imagine", prompt="a red kite")


async def _minute(world: World, **later: float) -> None:
    world.clock.advance(**later)
    await world.env.advance_time(61)


def _said(room: ChannelHandle) -> list[str]:
    return [message.content for message in room.history()]


async def test_each_share_is_told_once_in_a_month_also_after_a_restart(
    world: World, ann: MemberActor, art_room: ChannelHandle, log_room: ChannelHandle
) -> None:
    await _limit(world, TEN)
    await _make(ann, art_room, 6)
    await _minute(world)
    assert _said(log_room) == []  # 78,000 of 167,000

    await _make(ann, art_room, 1)
    await _minute(world)
    await world.restart()
    await _minute(world)
    (half,) = _said(log_room)
    assert half.startswith(
        "**50 % of this server's budget for the month is used**: $0.0910 of $0.17."
    )
    assert "It begins anew <t:1796083200:R>." in half

    await _make(ann, art_room, 2)  # 117,000: 50,000 are left
    await _make(ann, art_room, 1)  # 130,000: too little for another estimate
    await _minute(world)
    assert _said(log_room) == [half]
    await _make(ann, art_room, 2)  # refused
    await _minute(world)
    await _minute(world, days=1)
    _, over = _said(log_room)
    assert over.startswith("**This server's budget for the month is used up**")
    assert "$0.13 of $0.17 is used." in over

    world.clock.advance(days=10)  # December
    await _make(ann, art_room, 7)
    await _minute(world)
    assert len(_said(log_room)) == 3
    assert _said(log_room)[-1].startswith("**50 % of")


async def test_of_several_shares_at_once_the_highest_is_told(
    world: World, ann: MemberActor, art_room: ChannelHandle, log_room: ChannelHandle
) -> None:
    await _make(ann, art_room, 9)
    await _limit(world, 11 * PRICE, Window.MONTH)
    await _limit(world, 12 * PRICE, Window.WEEK)
    await _minute(world)

    week, month = sorted(_said(log_room))
    assert week.startswith("**50 % of this server's budget for the week")
    assert month.startswith("**80 % of this server's budget for the month")


async def test_without_a_log_channel_nobody_is_told(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _limit(world, TEN)
    await _make(ann, art_room, 8)
    await _minute(world)
    room = world.guild.create_text_channel("log")

    assert _said(room) == []
    await greta.slash(art_room, "settings set", log_channel=room)
    await _make(ann, art_room, 1)
    await _minute(world)
    assert len(_said(room)) == 1


async def test_a_saving_server_says_so_under_the_picture(
    world: World, told: Told, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    told.each = lambda request: ESTIMATE if request.quality == "high" else ESTIMATE - 1
    await _limit(world, 20 * PRICE)
    changed = await greta.slash(art_room, "settings set", quality="high", economy=5)
    assert "**Economy**: off → from 5 % of the month's budget on" in private_text(changed)
    await _make(ann, art_room, 1)

    made = await ann.slash(art_room, "imagine", prompt="a red kite")
    named = await ann.slash(art_room, "imagine", prompt="a red kite", quality="high")

    small = "low quality · as this server is saving"
    assert small in (made.followups[0] if made.response is None else made.response).content
    assert (
        "saving" not in (named.followups[0] if named.response is None else named.response).content
    )
