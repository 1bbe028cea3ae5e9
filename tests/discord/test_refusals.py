"""The refusal card and what leads on from it: other words, or a moderator's second look."""

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult, ResponseMessage

from bot.domain.errors import ContentRefused
from tests.discord.files import photo
from tests.discord.forging import forged, pressed_anew
from tests.discord.world import World, direct_messages, log_room_of, private_text, words_of
from tests.services.studio import Told, answer, picture

pytestmark = pytest.mark.usefixtures("told")


@pytest.fixture
def told() -> Told:
    told = Told(answer(picture()))
    told.outcome = ContentRefused(stage="input", categories=("violence",))
    return told


def _card(result: InteractionResult) -> ResponseMessage:
    return result.followups[-1] if result.followups else result.response  # type: ignore[return-value]


def _id(card: ResponseMessage) -> str:
    return card.components[0]["components"][0]["custom_id"]


async def test_it_says_where_for_what_at_what_cost_and_what_to_do(
    told: Told, ann: MemberActor, art_room: ChannelHandle
) -> None:
    text = private_text(await ann.slash(art_room, "imagine", prompt="a fight"))

    assert "**Declined for your words**" in text
    assert "(violence)" in text
    assert "Nothing was charged. Say it in other words" in text

    with_picture = await ann.slash(art_room, "edit", image=photo(), prompt="a fight")
    assert "**Declined for your words or your picture**" in private_text(with_picture)

    told.outcome = ContentRefused(stage="output", categories=("sexual",))
    finished = private_text(await ann.slash(art_room, "imagine", prompt="a beach"))
    assert "**Declined for the finished picture**" in finished
    assert "(sexual content)" in finished


async def test_other_words_lead_to_the_picture_also_after_a_restart(
    world: World, told: Told, ann: MemberActor, art_room: ChannelHandle
) -> None:
    card = _card(await ann.slash(art_room, "imagine", prompt="a fight", shape="landscape"))
    told.outcome = answer(picture())
    await world.restart()

    form = await ann.click(card, label="Edit prompt")
    assert form.modal is not None
    await world.restart()
    result = await ann.submit_modal(form, {"prompt": "a hug"})

    assert result.response is not None
    assert result.response.content.startswith(f"**a hug** — {ann.mention}")
    assert told.requests[-1].prompt == "a hug"
    assert told.requests[-1].size.width > told.requests[-1].size.height


async def test_nobody_else_can_press_it(
    ann: MemberActor, bob: MemberActor, mona: MemberActor, art_room: ChannelHandle, world: World
) -> None:
    """Nobody else sees it either; a client that is not Discord's may press it all the same."""
    card = _card(await ann.slash(art_room, "imagine", prompt="a fight"))

    for other in (bob, mona):
        pressed = await forged(world, other, art_room, card.id, _id(card))
        assert "belong to the person who asked" in private_text(pressed)


async def test_without_a_log_channel_there_is_nobody_to_ask(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    card = _card(await ann.slash(art_room, "imagine", prompt="a fight"))

    assert [each["label"] for row in card.components for each in row["components"]] == [
        "Edit prompt"
    ]


async def test_a_moderator_looks_again_and_answers(
    world: World, ann: MemberActor, mona: MemberActor, bob: MemberActor, art_room: ChannelHandle
) -> None:
    room = await log_room_of(world)
    card = _card(await ann.slash(art_room, "imagine", prompt="a pillow fight"))
    form = await ann.click(card, label="Ask a moderator")

    sent = await ann.submit_modal(form, {"text": "It is about *pillows*."})

    assert "see it now" in private_text(sent)
    posted = room.history()[-1]
    seen = words_of(world, posted)
    assert "Somebody thinks a refusal was a mistake" in seen
    assert ann.mention in seen
    assert "a pillow fight" in seen
    assert r"“It is about \*pillows\*.”" in seen

    again = await ann.submit_modal(await ann.click(card, label="Ask a moderator"), {"text": "!"})
    assert "have this already" in private_text(again)
    assert room.history()[-1].id == posted.id

    assert "Manage Messages" in private_text(await bob.click(posted, label="Close"))
    await world.restart()
    form = await mona.click(posted, label="Answer…")
    await mona.submit_modal(form, {"text": "Say that they are pillows in your words."})

    assert "The member was answered." in words_of(world, posted)
    (letter,) = direct_messages(world, ann)
    assert "Say that they are pillows" in letter.content
    assert "Painters" in letter.content
    late = await pressed_anew(world, mona, room, "case:close:1")
    assert "dealt with this already" in private_text(late)


async def test_a_member_who_takes_no_letters_stays_open(
    world: World, ann: MemberActor, mona: MemberActor, art_room: ChannelHandle
) -> None:
    room = await log_room_of(world)
    card = _card(await ann.slash(art_room, "imagine", prompt="a fight"))
    await ann.submit_modal(await ann.click(card, label="Ask a moderator"), {"text": "please"})
    posted = room.history()[-1]
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50007)
    form = await mona.click(posted, label="Answer…")

    answered = await mona.submit_modal(form, {"text": "No."})

    (told,) = answered.followups
    assert told.ephemeral
    assert "does not take direct messages" in told.content
    assert "was answered" not in words_of(world, posted)
