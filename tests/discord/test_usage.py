"""``/usage``, as a member, a moderator and a manager use it."""

import csv
from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult, ResponseMessage

from bot.domain.errors import ContentRefused
from tests.discord.managing import take_roles
from tests.discord.world import World, private_text, text_of
from tests.services.studio import Told, answer, picture

pytestmark = pytest.mark.usefixtures("told")


async def _declined(told: Told, member: MemberActor, room: ChannelHandle) -> None:
    made, told.outcome = told.outcome, ContentRefused(stage="input", categories=("violence",))
    assert "Declined" in private_text(await member.slash(room, "imagine", prompt="a fight"))
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


def seen(result: InteractionResult) -> ResponseMessage:
    """Return the answer, whether it was deferred or not."""
    message = result.response or result.followups[0]
    assert isinstance(message, ResponseMessage)
    return message


def charts(result: InteractionResult) -> list[discord.File | discord.Attachment]:
    return [each for each in seen(result).attachments if each.filename.startswith("chart.")]


def galleries(components: list[dict[str, Any]]) -> list[str]:
    """Return what the pictures of a panel show, in words."""
    found = [
        item["description"]
        for component in components
        for item in component.get("items", [])
        if "description" in item
    ]
    inner = [galleries(component.get("components", [])) for component in components]
    return [*found, *(text for texts in inner for text in texts)]


def alts(result: InteractionResult) -> list[str]:
    return galleries(seen(result).components)


async def test_a_member_sees_the_latest_days_as_a_chart_that_says_itself(
    world: World, ann: MemberActor, bob: MemberActor, art_room: ChannelHandle
) -> None:
    await ann.slash(art_room, "imagine", prompt="a red kite")
    world.clock.advance(days=1)

    shown = await ann.slash(art_room, "usage me")
    nothing = await bob.slash(art_room, "usage me")

    (alt,) = alts(shown)
    assert alt.startswith("Your pictures, day by day. 2026-11-10: 0; ")
    assert alt.endswith("2026-11-22: 1; 2026-11-23: 0")
    assert len(charts(shown)) == 1
    assert alts(nothing) == [] == charts(nothing)


async def test_a_manager_turns_from_view_to_view_also_after_a_restart(
    world: World, told: Told, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    painter = world.guild.add_member(world.env.create_user("petra"), roles=[world.painters])
    await ann.slash(art_room, "imagine", prompt="a red kite")
    await painter.slash(art_room, "imagine", prompt="a red kite", model="told-draw")
    await _declined(told, painter, art_room)

    first = await greta.slash(art_room, "usage server")
    assert alts(first)[0].endswith("; 2026-11-20 \N{EN DASH} 11-22: $0.0260")
    assert "Declined or turned away: 1 of 3 requests (33 %)." in private_text(first)
    assert "took at most about" in private_text(first)
    await world.restart()
    panel = seen(first)
    views = {
        "members": f"{painter.mention} — 1 picture in 1 request · $0.0130 · 1 refused",
        "roles": f"{world.painters.mention} — 1 picture in 1 request · $0.0130 · 1 refused",
        "channels": f"<#{art_room.id}> — 2 pictures in 2 requests",
        "commands": "/imagine — 2 pictures in 2 requests",
        "models": "told-draw — 1 picture",
        "refusals": "declined for its content — 1\ndeclined: violence — 1",
    }
    for view, line in views.items():
        await greta.select(panel, [view], custom_id="usage:view:30")
        assert line in text_of(panel.content, panel.components), view
        assert galleries(panel.components) == []
    await greta.select(panel, ["overview"], custom_id="usage:view:30")
    assert len(galleries(panel.components)) == 1


async def test_many_members_have_pages(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    for number in range(17):
        member = world.guild.add_member(world.env.create_user(f"member{number}"))
        await world.services.guilds.change(world.guild.id, 1, roles=frozenset({1}))
        await member.slash(art_room, "imagine", prompt="a red kite")  # turned away, and counted

    panel = seen(await greta.slash(art_room, "usage server"))
    await greta.select(panel, ["members"], custom_id="usage:view:30")
    one = text_of(panel.content, panel.components)
    await greta.click(panel, label="Next")
    two = text_of(panel.content, panel.components)

    assert (one.count("<@"), two.count("<@")) == (15, 2)
    assert "1 to 15 of 17" in one
    assert "16 to 17 of 17" in two


async def test_the_whole_report_comes_as_a_private_file(
    world: World, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    hostile = world.guild.create_role("=HYPERLINK(1)")
    member = world.guild.add_member(world.env.create_user("eve"), roles=[hostile])
    await member.slash(art_room, "imagine", prompt="a red kite")

    first = await greta.slash(art_room, "usage server", days=7)
    sent = await greta.click(seen(first), label="CSV file")

    message = seen(sent)
    (file,) = message.attachments
    assert message.ephemeral
    assert file.filename == "usage-2026-11-16-7-days.csv"
    rows = list(csv.reader((await file.read()).decode("utf-8-sig").splitlines()))
    assert rows[1][:6] == ["all", "", "", "1", "1", "0.013000"]
    assert ["role", f"id:{hostile.id}", "'=HYPERLINK(1)"] in [row[:3] for row in rows]
    assert ["channel", f"id:{art_room.id}", "art-room"] in [row[:3] for row in rows]
    assert sum(row[0] == "days" for row in rows) == 7


async def test_a_panel_asks_again_who_presses_it(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    panel = seen(await greta.slash(art_room, "usage server"))
    take_roles(world, greta)

    pressed = (
        await greta.click(panel, label="CSV file"),
        await greta.select(panel, ["members"], custom_id="usage:view:30"),
    )

    for each in pressed:
        assert "Manage Server permission" in private_text(each)
