"""``/usage``, as a member, a moderator and a manager use it."""

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.domain.errors import ContentRefused
from bot.providers.base import ImageProvider
from tests.discord.world import World, private_text
from tests.services.studio import Told, answer, picture


@pytest.fixture
def told() -> Told:
    return Told(answer(picture()))


@pytest.fixture
def provider(told: Told) -> ImageProvider:
    return told


async def _declined(told: Told, member: MemberActor, room: ChannelHandle) -> None:
    made, told.outcome = told.outcome, ContentRefused(stage="input", categories=("violence",))
    assert "declined" in private_text(await member.slash(room, "imagine", prompt="a fight"))
    told.outcome = made


async def test_a_member_sees_what_they_made_and_paid(
    told: Told, ann: MemberActor, bob: MemberActor, art_room: ChannelHandle
) -> None:
    told.outcome = answer(picture(), picture())
    await ann.slash(art_room, "imagine", prompt="a red kite", count=2)
    await bob.slash(art_room, "imagine", prompt="a blue kite", count=2)
    await _declined(told, ann, art_room)

    text = private_text(await ann.slash(art_room, "usage me"))

    for window in ("Today", "This week", "This month", "In all"):
        assert f"**{window}**: 2 pictures in 1 request · $0.0130" in text
    assert "begins anew <t:1795392000:R>" in text
    assert "Requests of this month: 1 done, 1 declined." in text


async def test_a_member_who_made_nothing_reads_so(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    text = private_text(await ann.slash(art_room, "usage me"))

    assert "**Today**: 0 pictures in 0 requests · $0.00" in text
    assert "Requests of this month: none yet." in text


async def test_a_manager_sees_the_whole_server(
    told: Told, ann: MemberActor, bob: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await ann.slash(art_room, "imagine", prompt="a red kite")
    await ann.slash(art_room, "imagine", prompt="a red kite", model="told-draw")
    await bob.slash(art_room, "imagine", prompt="a blue kite")
    await _declined(told, bob, art_room)

    text = private_text(await greta.slash(art_room, "usage server"))

    assert "Since <t:1792800000:D>: 3 pictures in 3 requests · $0.0390." in text
    assert "Requests: 3 done, 1 declined." in text
    assert f"{ann.mention} — 2 pictures in 2 requests · $0.0260" in text
    assert f"{bob.mention} — 1 picture in 1 request · $0.0130" in text
    assert "/imagine — 3 pictures in 3 requests" in text
    assert "told-1 — 2 pictures" in text
    assert "told-draw — 1 picture" in text
    assert "**Why requests were declined**\nviolence — 1" in text


async def test_an_empty_report_has_no_empty_headings(
    greta: MemberActor, art_room: ChannelHandle
) -> None:
    text = private_text(await greta.slash(art_room, "usage server"))

    assert "0 pictures in 0 requests · $0.00." in text
    assert "By member" not in text


async def test_a_manager_chooses_how_far_back(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await ann.slash(art_room, "imagine", prompt="a red kite")
    world.clock.advance(days=2)

    days = {d: private_text(await greta.slash(art_room, "usage server", days=d)) for d in (2, 3)}

    assert "0 pictures" in days[2]
    assert "1 picture in 1 request" in days[3]


async def test_many_members_fit_into_one_panel(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await greta.slash(
        art_room, "quota set", scope="server", unit="dollars", window="month", amount="1000"
    )
    for number in range(12):
        member = world.guild.add_member(world.env.create_user(f"member{number}"))
        await member.slash(art_room, "imagine", prompt="a red kite")

    text = private_text(await greta.slash(art_room, "usage server"))

    assert text.count("<@") == 10
    assert "everyone else — 2 pictures in 2 requests · $0.0260" in text


async def test_only_managers_see_the_whole_server(
    ann: MemberActor, mona: MemberActor, art_room: ChannelHandle
) -> None:
    for member in (ann, mona):
        text = private_text(await member.slash(art_room, "usage server"))
        assert text.startswith("This is for people with the Manage Server permission.")
