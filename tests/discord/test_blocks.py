"""Blocks by moderators and by strikes, the word list, and what the log channel offers."""

from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.domain.errors import ContentRefused
from bot.storage import audit
from tests.discord.forging import pressed_anew
from tests.discord.managing import show_to_everyone
from tests.discord.pressing import Pressed, opened
from tests.discord.world import World, log_room_of, private_text, words_of
from tests.services.studio import Told

pytestmark = pytest.mark.usefixtures("told")


async def _asked(member: MemberActor, room: ChannelHandle, prompt: str = "a kite") -> str:
    """Return what a refusal says; fails where there is a picture."""
    return private_text(await member.slash(room, "imagine", prompt=prompt))


async def _audited(world: World) -> list[tuple[int, str, str]]:
    page = await world.services.database.read(
        lambda connection: audit.page(connection, world.guild.id, most=20)
    )
    return [(each.user_id, each.action, each.target) for each in page.entries]


async def test_a_blocked_member_is_told_until_when_and_nothing_is_asked(
    world: World, told: Told, ann: MemberActor, mona: MemberActor, art_room: ChannelHandle
) -> None:
    said = await mona.slash(art_room, "block", member=ann, duration="3h", reason="*spam*")

    assert f"{ann.mention} cannot ask for pictures now." in private_text(said)
    assert r"“\*spam\*”" in private_text(said)
    text = await _asked(ann, art_room)
    assert "until <t:" in text
    assert r"\*spam\*" in text
    assert told.requests == []
    assert await _audited(world) == [(mona.id, "member blocked", f"member:{ann.id}")]

    world.clock.advance(hours=3)
    done = await ann.slash(art_room, "imagine", prompt="a kite")
    assert done.response is not None
    assert done.response.attachments


async def test_a_block_is_lifted_by_command_and_by_button(
    world: World, ann: MemberActor, mona: MemberActor, art_room: ChannelHandle
) -> None:
    await mona.slash(art_room, "block", member=ann, duration="forever")
    assert "until a moderator lifts your block" in await _asked(ann, art_room)

    assert "can ask for pictures again" in private_text(
        await mona.slash(art_room, "unblock", member=ann)
    )
    assert "is not blocked" in private_text(await mona.slash(art_room, "unblock", member=ann))
    await ann.slash(art_room, "imagine", prompt="a kite")
    said = await mona.slash(art_room, "block", member=ann)
    assert said.response is not None
    panel = Pressed(mona, said.response)
    await world.restart()
    assert ann.mention in private_text(await mona.slash(art_room, "modlog", kind="blocked"))
    assert "again" in private_text(await panel.press("Unblock"))
    assert "Nobody is blocked here." in private_text(
        await mona.slash(art_room, "modlog", kind="blocked")
    )


@pytest.mark.parametrize("duration", ["0h", "soon", "366d", "-3h", "hh", "٣h", "999999999w"])
async def test_a_duration_that_is_none_blocks_nobody(
    world: World, ann: MemberActor, mona: MemberActor, art_room: ChannelHandle, duration: str
) -> None:
    said = await mona.slash(art_room, "block", member=ann, duration=duration)

    assert "write 30m, 3h, 7d, 2w or forever" in private_text(said)
    assert await world.services.conduct.blocked(world.guild.id) == []


async def test_a_quick_block_does_not_shorten_a_longer_one(
    world: World, told: Told, ann: MemberActor, mona: MemberActor, art_room: ChannelHandle
) -> None:
    room = await log_room_of(world)
    told.outcome = ContentRefused(stage="input", categories=("violence",))
    await _asked(ann, art_room)
    await mona.slash(art_room, "block", member=ann, duration="forever", reason="enough")

    said = private_text(await mona.click(room.history()[0], label="Block for a day"))

    assert "until somebody lifts it" in said
    assert "“enough”" in said
    assert "until a moderator lifts it" in await _asked(ann, art_room)


async def test_moderating_one_channel_is_not_moderating_the_server(
    world: World, ann: MemberActor, bob: MemberActor, art_room: ChannelHandle
) -> None:
    await show_to_everyone(world, "block")
    mine: Any = {bob: discord.PermissionOverwrite(manage_messages=True)}
    room = world.guild.create_text_channel("bobs", overwrites=mine)

    said = private_text(await bob.slash(room, "block", member=ann))

    assert "Manage Messages permission" in said


async def test_nobody_blocks_themselves_or_without_the_right(
    ann: MemberActor, bob: MemberActor, mona: MemberActor, art_room: ChannelHandle
) -> None:
    assert "block yourself" in private_text(await mona.slash(art_room, "block", member=mona))
    assert "block" not in bob.available_commands(art_room)


async def test_strikes_block_and_say_so_beforehand(
    world: World, told: Told, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    room = await log_room_of(world)
    await greta.slash(art_room, "settings set", strikes=2, block_hours=5)
    told.outcome = ContentRefused(stage="output", categories=("violence",))
    await _asked(ann, art_room, "a finished picture counts for nothing")
    told.outcome = ContentRefused(stage="input", categories=("violence",))

    assert "1 of 2 declined requests within a day" in await _asked(ann, art_room)
    world.clock.advance(minutes=1)
    assert "so you cannot ask for pictures here until <t:" in await _asked(ann, art_room)

    assert "you are blocked until" in await _asked(ann, art_room)
    assert "They are blocked until" in words_of(world, room.history()[-1])
    assert (0, "member blocked", f"member:{ann.id}") in await _audited(world)
    assert "Easel" in private_text(await greta.slash(art_room, "audit"))
    await greta.click(room.history()[-1], label="Unblock")
    world.clock.advance(minutes=1)
    told.outcome = ContentRefused(stage="input", categories=("violence",))
    assert "1 of 2" in await _asked(ann, art_room), "strikes are counted anew from the block on"


async def test_old_strikes_are_forgotten(
    world: World, told: Told, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await greta.slash(art_room, "settings set", strikes=2)
    told.outcome = ContentRefused(stage="input", categories=("violence",))
    await _asked(ann, art_room)
    world.clock.advance(hours=24)

    assert "1 of 2" in await _asked(ann, art_room)


async def test_the_word_list_declines_before_anything_is_spent(
    world: World, told: Told, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    panel = await opened(greta, art_room, "words")
    assert "Nothing is on it yet." in panel.text
    await panel.write("Add…", words="Gore\n\nkitten*\nred  kite\ngore")
    assert "3 entries added." in panel.text
    assert "gore · kitten\\* · red kite" in panel.text

    text = await _asked(ann, art_room, "two KÍTTENS, please")

    assert "**Declined for your words**" in text
    assert "this server does not make pictures about “kitten\\*”" in text
    assert "Nothing was charged." in text
    assert told.requests == []
    log = private_text(await greta.slash(art_room, "modlog"))
    assert "**word list** — declined by this server's word list" in log
    assert "kittens" not in log.lower().replace("kitten\\*", "")

    await panel.write("Try some words…", words="a red kite")
    assert "declined for “red kite”" in panel.text
    await panel.write("Try some words…", words="a red house")
    assert "These words pass." in panel.text
    await world.restart()
    await panel.choose("words:remove:", "kitten*")
    assert "off the list" in panel.text
    done = await ann.slash(art_room, "imagine", prompt="two kittens")
    assert done.response is not None
    assert done.response.attachments
    assert [action for _, action, _ in await _audited(world)] == ["words", "words"]


async def test_what_cannot_be_on_the_list_adds_nothing(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    panel = await opened(greta, art_room, "words")

    said = await panel.write("Add…", words="fine\n*")

    assert "“\\*” cannot be on the list" in private_text(said)
    assert await world.services.words.of(world.guild.id) == ()


async def test_a_declined_prompt_can_be_mended(
    ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    panel = await opened(greta, art_room, "words")
    await panel.write("Add…", words="gore")
    card = await ann.slash(art_room, "imagine", prompt="a kite with gore")

    form = await ann.click(card.response, label="Edit prompt")  # type: ignore[arg-type]
    result = await ann.submit_modal(form, {"prompt": "a kite"})

    assert result.response is not None
    assert result.response.content.startswith("**a kite** — ")


async def test_a_notice_offers_to_block_and_to_look(
    world: World, told: Told, ann: MemberActor, mona: MemberActor, art_room: ChannelHandle
) -> None:
    room = await log_room_of(world)
    told.outcome = ContentRefused(stage="input", categories=("violence",))
    await _asked(ann, art_room)
    (notice,) = room.history()

    log = private_text(await mona.click(notice, label="What was declined"))
    assert "Only those of" in log
    assert ann.mention in log
    form = await mona.click(notice, label="Block…")
    said = private_text(await mona.submit_modal(form, {"duration": "2w", "reason": ""}))
    assert "cannot ask for pictures now" in said
    assert "you are blocked" in await _asked(ann, art_room)
    assert "cannot ask" in private_text(await mona.click(notice, label="Block for a day"))


async def test_a_report_reaches_the_moderators_who_delete(
    world: World,
    ann: MemberActor,
    bob: MemberActor,
    mona: MemberActor,
    art_room: ChannelHandle,
) -> None:
    shown = await ann.slash(art_room, "imagine", prompt="a kite")
    assert shown.response is not None
    form = await bob.context_menu(art_room, "Report image", shown.response.message)
    alone = await bob.submit_modal(form, {"text": "It shows my house."})
    assert "could not reach the people who moderate" in private_text(alone)

    room = await log_room_of(world)
    form = await bob.context_menu(art_room, "Report image", shown.response.message)
    await world.restart()
    sent = await bob.submit_modal(form, {"text": "It shows my house."})

    assert "Thank you." in private_text(sent)
    card = room.history()[-1]
    seen = words_of(world, card)
    assert f"{bob.mention} about a picture that {ann.mention} asked for" in seen
    assert str(shown.response.message.id) in seen
    assert "“It shows my house.”" in seen
    listed = private_text(await mona.slash(art_room, "modlog", kind="reports"))
    assert "**open**" in listed
    assert "Manage Messages" in private_text(await ann.click(card, label="Delete the picture"))

    await mona.click(card, label="Delete the picture")

    assert art_room.history() == []
    assert "The picture was deleted." in words_of(world, card)
    assert f"Closed by {mona.mention}." in words_of(world, card)
    actions = [each for each in await _audited(world) if each[0] == mona.id]
    code = seen.partition("#")[2]
    assert {action for _, action, _ in actions} == {"picture deleted", "report closed"}
    assert code == "" or actions
    late = await pressed_anew(world, mona, room, "case:block:1")
    late_again = await pressed_anew(world, mona, room, "case:block:2")
    assert "dealt with this already" in private_text(late) + private_text(late_again)


async def test_what_is_not_ours_cannot_be_reported(
    ann: MemberActor, bob: MemberActor, art_room: ChannelHandle
) -> None:
    message = await bob.send(art_room, "hello")

    text = private_text(await ann.context_menu(art_room, "Report image", message))

    assert "not a result of Easel's" in text
