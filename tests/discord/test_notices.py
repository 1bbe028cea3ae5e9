"""Notices in the channels of those who run a server or the bot, as they see them."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from structlog.testing import capture_logs

from bot.domain.errors import PrecheckRefused, StorageBusy
from bot.providers.base import Ending, ImageProvider, Stop
from tests.discord.world import World, open_world
from tests.services.studio import Told, answer, picture

NEAR = Ending(model="told-1", day=date(2026, 12, 1), successor="told-draw")
MONEY = Stop(cause="money", operator="The account `acc` has no credit.", since=60)


@dataclass
class Moody(Told):
    """A picture maker that stops as it is told."""

    stopping: tuple[Stop, ...] = field(default=())

    @property
    def stops(self) -> tuple[Stop, ...]:
        return self.stopping


@pytest.fixture
def told() -> Moody:
    return Moody(answer(picture()))


@pytest.fixture
def provider(told: Moody) -> ImageProvider:
    return told


def _said(room: ChannelHandle) -> list[str]:
    return [message.content for message in room.history()]


async def _operator(world: World) -> ChannelHandle:
    """Return the channel of those who run the bot, once it is configured."""
    room = world.guild.create_text_channel("operators")
    world.services.alerts.operator_channel = room.id
    return room


async def _minute(world: World, **later: float) -> None:
    """Let the bot look once more, after *later* on the calendar."""
    world.clock.advance(**later)
    await world.env.advance_time(61)


async def test_a_stop_is_told_to_the_operator_once_and_so_is_its_end(
    world: World, told: Moody
) -> None:
    room = await _operator(world)
    told.stopping = (MONEY,)

    await _minute(world)
    await _minute(world)

    (text,) = _said(room)
    assert "its money is used up" in text
    assert "Since <t:1795348740:f>" in text
    assert "The account \\`acc\\` has no credit." in text

    told.stopping = ()
    await _minute(world)
    await _minute(world)

    _, over = _said(room)
    assert "has money again" in over


async def test_without_an_operators_channel_a_stop_stays_in_the_log(
    world: World, told: Moody, art_room: ChannelHandle
) -> None:
    told.stopping = (MONEY,)

    await _minute(world)

    assert world.services.alerts.operator_channel is None
    assert _said(art_room) == []


async def test_a_models_end_is_told_to_the_operator_and_to_those_who_chose_it(
    world: World, told: Moody, greta: MemberActor, art_room: ChannelHandle
) -> None:
    room = await _operator(world)
    await greta.slash(art_room, "settings set", model="told-1", log_channel=art_room)
    told.ends = (NEAR,)

    await _minute(world, days=1)
    await _minute(world, days=1)

    (told_operator,), (told_server,) = _said(room), _said(art_room)
    assert told_operator == (
        "The model **told-1** shuts down on <t:1796126400:D>. It is the bot's own model: set "
        "OPENAI_MODEL to **told-draw**. 1 server has chosen it; those with a log channel are told "
        "there."
    )
    assert told_server == (
        "The model **told-1** shuts down on <t:1796126400:D>. This server chose it for requests "
        "that name no model. Choose its successor with `/settings set model:told-draw`."
    )
    await greta.slash(art_room, "settings set", model="told-draw")
    assert (await world.services.guilds.choices(world.guild.id)).model == "told-draw"


async def test_a_server_that_chose_nothing_is_left_in_peace(
    world: World, told: Moody, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await greta.slash(art_room, "settings set", log_channel=art_room)
    told.ends = (NEAR,)

    await _minute(world, days=1)

    assert _said(art_room) == []


async def test_a_notice_mentions_nobody(world: World, told: Moody) -> None:
    room = await _operator(world)
    told.stopping = (Stop(cause="failure", operator="@everyone, <@1> and <@&2> [go](https://x)"),)
    world.rules.mentions.clear()

    await _minute(world)

    assert world.rules.mentions == [{"parse": []}]
    (text,) = _said(room)
    assert "@everyone" not in text
    assert "<@" not in text
    assert "](https://" not in text


async def test_a_closed_channel_is_logged_once(world: World, told: Moody) -> None:
    room = await _operator(world)
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50001, times=2)

    with capture_logs() as logs:
        for stopping in ((MONEY,), (), (MONEY,)):
            told.stopping = stopping
            await _minute(world)

    assert [each["code"] for each in logs if each["event"] == "notice_channel_closed"] == [50001]
    assert len(_said(room)) == 1


async def test_trouble_with_one_notice_keeps_no_other_back(
    world: World, told: Moody, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await _operator(world)
    await greta.slash(art_room, "settings set", model="told-1", log_channel=art_room)
    told.ends = (NEAR,)
    world.env.inject_error("POST", "/channels/*/messages", status=400, code=50035)

    with capture_logs() as logs:
        await _minute(world, days=1)

    assert [each["reason"] for each in logs if each["event"] == "notice_failed"] == [
        "HTTPException"
    ]
    assert len(_said(art_room)) == 1


async def test_a_busy_database_is_asked_again_a_minute_later(
    world: World, told: Moody, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await _operator(world)
    told.ends = (NEAR,)

    async def busy(work: object) -> None:
        raise StorageBusy

    with monkeypatch.context() as patch:
        patch.setattr(world.services.database, "write", busy)
        await _minute(world, days=1)
        assert _said(room) == []

    await _minute(world)
    assert len(_said(room)) == 1


async def test_a_bug_in_a_look_keeps_no_stop_back(
    world: World, told: Moody, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await _operator(world)

    async def broken() -> tuple[Ending, ...]:
        raise RuntimeError

    monkeypatch.setattr(told, "endings", broken)
    with capture_logs() as logs:
        await _minute(world, days=1)
        told.stopping = (MONEY,)
        await _minute(world)

    assert [each["log_level"] for each in logs if each["event"] == "not_told"] == ["error"]
    assert len(_said(room)) == 1


async def test_what_was_told_before_a_restart_is_not_told_again(tmp_path: Path) -> None:
    for expected in (1, 0):
        told = Moody(answer(picture()), ends=(NEAR,))
        async with open_world(tmp_path, {}, told) as world:
            room = await _operator(world)
            await _minute(world, days=1)
            assert len(_said(room)) == expected


async def test_the_servers_log_channel_reads_how_sure_its_own_check_was(
    world: World, told: Moody, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await greta.slash(art_room, "settings set", log_channel=art_room)
    scores = {"sexual": 0.042, "violence": 0.934}
    told.outcome = PrecheckRefused(stage="input", categories=tuple(scores), scores=scores)

    await ann.slash(art_room, "imagine", prompt="something forbidden")

    text = next(each for each in _said(art_room) if "#" in each)
    assert text.startswith(
        "**violence 93 %, sexual 4.2 %** — declined here, before the picture service was asked · "
        f"{ann.mention} in {art_room.mention} · #"
    )
    assert "forbidden" not in text


async def test_the_operators_channel_comes_from_the_settings(tmp_path: Path, told: Moody) -> None:
    async with open_world(tmp_path, {"OPERATOR_CHANNEL_ID": "77"}, told) as world:
        assert world.services.alerts.operator_channel == 77
