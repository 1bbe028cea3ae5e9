"""Edit behind its button: the form, the free look at the part, and what comes of it."""

from typing import Any

import discord
import pytest
from PIL import Image
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult
from sqlalchemy import func, select

from bot.storage.tables import bookings, confirmations, drafts
from bot.ui.buttons import again_button
from tests.discord.files import black, cut_out, mask, opened, painted, photo
from tests.discord.pressing import Pressed
from tests.discord.world import World, private_text


@pytest.fixture
async def result(ann: MemberActor, art_room: ChannelHandle) -> discord.Message:
    """An edited photograph, 640 by 480."""
    return _posted(await ann.slash(art_room, "edit", image=photo(), prompt="in winter"))


async def _sent(member: MemberActor, message: discord.Message, **values: Any) -> InteractionResult:
    """Press Edit and send the form."""
    form = await member.click(message, label="Edit")
    return await member.submit_modal(form, {"prompt": "a red door", **values})


def _posted(result: InteractionResult) -> discord.Message:
    assert result.response is not None
    assert result.response.attachments
    assert not result.response.ephemeral
    return result.response.message


def _card(member: MemberActor, result: InteractionResult) -> Pressed:
    assert "Is this the part?" in private_text(result)
    assert result.response is not None
    return Pressed(member, result.response)


def _striped(card: Pressed) -> int:
    return int(card.text.partition("striped changes: ")[2].partition(" %")[0])


async def _booked(world: World) -> int:
    query = select(func.count()).select_from(bookings)
    return await world.services.database.read(lambda c: c.execute(query).scalar_one())


async def _opened(message: discord.Message) -> Image.Image:
    return opened(await message.attachments[0].read()).convert("RGB")


async def _same(one: discord.Message, other: discord.Message, part: str) -> bool:
    """Whether a half of two pictures is the same."""
    pictures = [await _opened(each) for each in (one, other)]
    width, height = pictures[0].size
    left, right = (10, width // 2 - 20) if part == "left" else (width // 2 + 20, width - 10)
    box = (left, 10, right, height - 10)
    halves = [each.resize((width, height)).crop(box).tobytes() for each in pictures]
    apart = sum(abs(a - b) for a, b in zip(*halves, strict=True)) / len(halves[0])
    return apart < 3


async def test_the_whole_picture_changes_at_once_and_says_of_which(
    ann: MemberActor, art_room: ChannelHandle, result: discord.Message
) -> None:
    changed = _posted(await _sent(ann, result))

    place = f"{ann.guild.id}/{art_room.id}/{result.id}"
    assert changed.content.startswith(f"**a red door** — {ann.mention}\n")
    assert f"-# edit of https://discord.com/channels/{place} · " in changed.content
    width, height = opened(await changed.attachments[0].read()).size
    assert width / height == pytest.approx(640 / 480, rel=0.01)


async def test_a_part_is_shown_first_for_nothing(
    world: World, ann: MemberActor, art_room: ChannelHandle, result: discord.Message
) -> None:
    before = await _booked(world)

    shown = await _sent(ann, result, where=["left half"])

    card = _card(ann, shown)
    assert _striped(card) == 50
    assert "At most: **free**" in card.text
    assert "This look is free. Nothing is booked yet." in card.text
    (picture,) = card.message.attachments
    assert "50 % of it, is striped" in str(card.message.components)
    assert opened(await picture.read()).size[0] > 0
    assert await _booked(world) == before
    assert len(art_room.history()) == 1


async def test_looks_right_makes_it_once_and_keeps_the_rest(
    world: World, ann: MemberActor, art_room: ChannelHandle, result: discord.Message
) -> None:
    shown = await _sent(ann, result, where=["left half"])
    card, before = _card(ann, shown), await _booked(world)

    changed = _posted(await card.press("Looks right"))

    assert "% changed" in changed.content
    assert await _same(result, changed, "right")
    assert not await _same(result, changed, "left")
    assert shown.response is None
    assert await _booked(world) == before + 1
    assert len(art_room.history()) == 2


async def test_two_presses_book_once(
    world: World, ann: MemberActor, art_room: ChannelHandle, result: discord.Message
) -> None:
    card, before = _card(ann, await _sent(ann, result, where=["top half"])), await _booked(world)
    world.env.inject_error("DELETE", "/webhooks/*/*/messages/@original", status=500, times=2)

    await card.press("Looks right")
    text = private_text(await card.press("Looks right"))

    assert "answered already" in text
    assert await _booked(world) == before + 1


async def test_it_is_inverted_and_what_is_made_is_what_was_shown(
    ann: MemberActor, result: discord.Message
) -> None:
    shown = await _sent(ann, result, where=["left half"])
    card = _card(ann, shown)

    await card.press("Invert")
    changed = _posted(await card.press("Looks right"))

    assert shown.response is None
    assert await _same(result, changed, "left")
    assert not await _same(result, changed, "right")


async def test_it_grows_and_shrinks_and_lives_through_a_restart(
    world: World, ann: MemberActor, result: discord.Message
) -> None:
    card = _card(ann, await _sent(ann, result, where=["center"]))
    assert _striped(card) == 11

    await card.press("Bigger")
    grown = _striped(card)
    await world.restart()
    await card.press("Smaller")
    await card.press("Smaller")

    assert grown > 14
    assert _striped(card) < 9
    _posted(await card.press("Looks right"))


async def test_it_cannot_be_shrunk_to_nothing(ann: MemberActor, result: discord.Message) -> None:
    card = _card(ann, await _sent(ann, result, where=["center"]))
    texts, last = "", 0
    for _ in range(6):
        last = _striped(card)
        pressed = await card.press("Smaller")
        if pressed.followups:
            texts = pressed.followups[0].content
            break

    assert "selects nothing" in texts
    assert _striped(card) == last
    _posted(await card.press("Looks right"))


async def test_several_cells_change_together(ann: MemberActor, result: discord.Message) -> None:
    card = _card(ann, await _sent(ann, result, where=["top left", "bottom right", "center"]))

    assert _striped(card) == 33


@pytest.mark.parametrize(
    ("values", "percent"),
    [
        ({"where": ["mask"], "file": mask()}, 50),
        ({"file": mask()}, 50),
        ({"where": ["copy"]}, 25),
    ],
    ids=["mask", "a file alone", "painted copy"],
)
async def test_a_file_says_what_changes(
    ann: MemberActor, result: discord.Message, values: dict[str, Any], percent: int
) -> None:
    if "file" not in values:
        values |= {"file": painted(await result.attachments[0].read())}

    card = _card(ann, await _sent(ann, result, **values))

    assert _striped(card) == pytest.approx(percent, abs=1)
    changed = _posted(await card.press("Looks right"))
    assert await _same(result, changed, "right")


async def test_without_keeping_the_rest_the_answer_is_shown_as_it_came(
    ann: MemberActor, result: discord.Message
) -> None:
    card = _card(ann, await _sent(ann, result, where=["left half"], keep=False))
    assert "stays exactly" not in card.text

    changed = _posted(await card.press("Looks right"))

    assert "% changed" not in changed.content


async def test_reference_pictures_go_along(ann: MemberActor, result: discord.Message) -> None:
    _posted(await _sent(ann, result, references=[photo(), cut_out()]))


async def test_the_picture_is_extended(ann: MemberActor, result: discord.Message) -> None:
    changed = _posted(await _sent(ann, result, where=["sides by 50 %"]))

    width, height = opened(await changed.attachments[0].read()).size
    assert width / height == pytest.approx(2 * 640 / 480, rel=0.02)
    assert "given room around it" in changed.content
    before, after = await _opened(result), await _opened(changed)
    side, edge = after.width // 4, after.height // 20
    inner = after.crop((side + edge, edge, after.width - side - edge, after.height - edge))
    scale = before.height / after.height
    inset = round(edge * scale)
    same = before.crop((inset, inset, before.width - inset, before.height - inset))
    pairs = zip(same.resize(inner.size).tobytes(), inner.tobytes(), strict=True)
    assert sum(abs(a - b) for a, b in pairs) / len(inner.tobytes()) < 3


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"where": ["mask"], "file": black()}, "selects nothing"),
        ({"where": ["mask"]}, "upload the mask or the painted copy"),
        ({"where": ["left half", "mask"], "file": mask()}, "or one of the others"),
        ({"where": ["top half"], "file": mask()}, "say that the part is your mask"),
        ({"where": ["transparent parts"]}, "selects nothing"),
        ({"where": ["mask"], "file": ("notes.txt", b"words, no picture")}, "not a picture"),
    ],
)
async def test_what_cannot_be_meant_is_told_privately_and_free(
    world: World,
    ann: MemberActor,
    art_room: ChannelHandle,
    result: discord.Message,
    values: dict[str, Any],
    words: str,
) -> None:
    before = await _booked(world)

    text = private_text(await _sent(ann, result, prompt="a long *way* of words", **values))

    assert words in text
    assert r"a long \*way\* of words" in text, "what was written is lost"
    assert await _booked(world) == before
    assert len(art_room.history()) == 1


async def test_one_of_several_pictures_is_chosen_before(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    several = _posted(await ann.slash(art_room, "imagine", prompt="a kite", count=3))
    which = await ann.click(several, label="Edit")
    assert "Which picture shall change?" in private_text(which)
    assert which.response is not None
    await world.restart()

    form = await ann.select(which.response, ["2"])
    changed = _posted(await ann.submit_modal(form, {"prompt": "in the rain"}))

    assert "edit of" in changed.content


async def test_cancel_forgets_it(
    world: World, ann: MemberActor, art_room: ChannelHandle, result: discord.Message
) -> None:
    card = _card(ann, await _sent(ann, result, where=["left half"]))

    await card.press("Cancel")

    assert "Nothing was made" in card.text
    assert card.message.attachments == []
    query = select(func.count()).select_from(confirmations)
    assert await world.services.database.read(lambda c: c.execute(query).scalar_one()) == 0


async def test_a_look_that_nobody_answers_ends_gently(
    world: World, ann: MemberActor, result: discord.Message
) -> None:
    card = _card(ann, await _sent(ann, result, where=["left half"]))
    world.clock.advance(minutes=16)

    await world.env.advance_time(61)

    assert "This offer has ended" in card.text
    query = select(func.count()).select_from(drafts)
    assert await world.services.database.read(lambda c: c.execute(query).scalar_one()) == 0


async def test_a_look_is_its_askers_alone(
    world: World, ann: MemberActor, bob: MemberActor, result: discord.Message
) -> None:
    card, before = _card(ann, await _sent(ann, result, where=["left half"])), await _booked(world)
    stored = world.env.backend.get_message(result.channel.id, card.message.id)
    stored.flags &= ~64  # as if somebody else could see it

    for label in ("Looks right", "Invert", "Cancel"):
        pressed = await bob.click(card.message.message, label=label)
        assert "belong to the person who asked" in private_text(pressed)
    assert await _booked(world) == before


async def test_what_comes_of_a_private_picture_is_private(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    secret = await ann.slash(art_room, "imagine", prompt="a surprise", private=True)
    assert secret.response is not None
    form = await ann.click(secret.response, label="Edit")

    changed = await ann.submit_modal(form, {"prompt": "a bigger one"})

    assert changed.response is not None
    assert changed.response.ephemeral
    assert changed.response.attachments
    assert "https://" not in changed.response.content
    assert art_room.history() == []


async def test_with_a_dead_token_it_is_posted_in_the_channel(
    world: World, ann: MemberActor, art_room: ChannelHandle, result: discord.Message
) -> None:
    card = _card(ann, await _sent(ann, result, where=["left half"]))
    reply = "/webhooks/*/*/messages/@original"
    world.env.inject_error("PATCH", reply, status=401, code=50027, times=None)

    await card.press("Looks right")

    pictures = [each for each in art_room.history() if each.attachments]
    (posted,) = [each for each in pictures if each.id != result.id]
    assert f"edit of https://discord.com/channels/{ann.guild.id}/" in posted.content
    assert await _same(result, posted, "right")
    assert world.rules.mentions[-1] == {"parse": []}


async def test_an_age_restricted_channel_works_as_well(
    ann: MemberActor, result: discord.Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_nsfw(channel: discord.TextChannel) -> bool:
        return True

    monkeypatch.setattr(discord.TextChannel, "is_nsfw", is_nsfw)

    card = _card(ann, await _sent(ann, result, where=["top half"]))

    _posted(await card.press("Looks right"))


async def test_a_direct_message_says_where_it_works(world: World, ann: MemberActor) -> None:
    there = await world.easel.create_dm(discord.Object(ann.id))
    view = again_button("en-US", "0123abcd")
    message = await there.send("as if a result could be here", view=view)

    text = private_text(await ann.user.click(message, label="Again"))

    assert "works on servers only" in text


async def test_a_thread_works_as_well(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    room = world.easel.get_channel(art_room.id)
    assert isinstance(room, discord.TextChannel)
    made = await room.create_thread(name="sketches", type=discord.ChannelType.public_thread)
    (thread,) = art_room.threads
    first = _posted(await ann.slash(thread, "imagine", prompt="a kite"))

    changed = _posted(await _sent(ann, first))

    assert changed.channel.id == made.id
    assert len(art_room.history()) <= 1  # the line that says that there is a thread
