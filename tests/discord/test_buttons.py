"""The buttons under a result, pressed by its owner, by others, and after a restart."""

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.components import walk_components
from simcord.results import InteractionResult

from bot.domain.windows import Clocks
from bot.storage import audit
from tests.discord.files import opened, photo
from tests.discord.world import World, private_text


async def _picture(ann: MemberActor, room: ChannelHandle, **options: object) -> discord.Message:
    result = await ann.slash(room, "imagine", prompt="a red kite", **options)
    assert result.response is not None
    return result.response.message


def _posted(result: InteractionResult) -> discord.Message:
    assert result.response is not None
    assert result.response.attachments
    return result.response.message


async def test_again_makes_another_with_the_same_words(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    message = await _picture(ann, art_room, shape="landscape")

    again = _posted(await ann.click(message, label="Again"))

    assert again.id != message.id
    assert again.content.startswith(f"**a red kite** — {ann.mention}")
    width, height = opened(await again.attachments[0].read()).size
    assert width > height


async def test_again_works_for_an_edit(ann: MemberActor, art_room: ChannelHandle) -> None:
    result = await ann.slash(
        art_room, "edit", image=photo(), prompt="a door", region="left half", fit="crop"
    )

    again = _posted(await ann.click(_posted(result), label="Again"))

    assert again.content.split("\n")[1].startswith("-# edit · ")


async def test_vary_makes_a_variation_of_the_chosen_picture(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    message = await _picture(ann, art_room, count=3)
    form = await ann.click(message, label="Vary")

    varied = _posted(await ann.submit_modal(form, {"which": ["2"], "strength": "strong"}))

    link = f"https://discord.com/channels/{ann.guild.id}/{art_room.id}/{message.id}"
    assert f"-# variation of {link} · " in varied.content
    assert " · strong · " in varied.content


async def test_delete_by_the_asker_removes_the_message(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    message = await _picture(ann, art_room)

    await ann.click(message, label="Delete")

    assert art_room.history() == []


async def test_a_private_result_can_be_deleted(ann: MemberActor, art_room: ChannelHandle) -> None:
    result = await ann.slash(art_room, "imagine", prompt="a surprise", private=True)
    assert result.response is not None

    await ann.click(result.response, label="Delete")

    assert result.response is None


async def test_delete_by_a_moderator_is_audited(
    world: World, ann: MemberActor, mona: MemberActor, art_room: ChannelHandle
) -> None:
    message = await _picture(ann, art_room)

    await mona.click(message, label="Delete")

    assert art_room.history() == []
    entries = await world.services.database.read(
        lambda connection: audit.page(connection, world.guild.id, most=5).entries
    )
    assert [(entry.user_id, entry.action) for entry in entries] == [(mona.id, "picture deleted")]


@pytest.mark.parametrize("label", ["Again", "Edit", "Vary", "Details", "Delete"])
async def test_a_stranger_gets_a_friendly_private_answer(
    ann: MemberActor, bob: MemberActor, art_room: ChannelHandle, label: str
) -> None:
    message = await _picture(ann, art_room)

    text = private_text(await bob.click(message, label=label))

    assert "belong to the person who asked" in text
    assert "/imagine" in text
    assert len(art_room.history()) == 1


@pytest.mark.parametrize("label", ["Again", "Edit", "Vary"])
async def test_a_moderator_may_not_spend_for_others(
    ann: MemberActor, mona: MemberActor, art_room: ChannelHandle, label: str
) -> None:
    message = await _picture(ann, art_room)

    private_text(await mona.click(message, label=label))

    assert len(art_room.history()) == 1


async def test_buttons_survive_a_restart(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    message = await _picture(ann, art_room)

    await world.restart()

    _posted(await ann.click(message, label="Again"))


async def test_a_form_survives_a_restart(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    form = await ann.click(await _picture(ann, art_room), label="Vary")

    await world.restart()

    _posted(await ann.submit_modal(form, {"hint": "at night"}))


async def test_a_form_that_was_open_too_long_is_refused(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    form = await ann.click(await _picture(ann, art_room), label="Vary")
    world.clock.advance(minutes=15)
    await world.env.advance_time(61)

    assert "it has expired" in private_text(await ann.submit_modal(form, {}))


async def test_a_stranger_makes_their_own_with_the_words_that_are_shown(
    world: World, ann: MemberActor, bob: MemberActor, art_room: ChannelHandle
) -> None:
    offer = await bob.click(await _picture(ann, art_room, shape="wide"), label="Again")
    assert offer.response is not None
    form = await bob.click(offer.response, label="Make your own")
    assert form.modal is not None
    assert form.modal["components"][0]["component"]["value"] == "a red kite"

    own = _posted(await bob.submit_modal(form, {"prompt": "a blue kite"}))

    assert own.content.startswith(f"**a blue kite** — {bob.mention}")
    width, height = opened(await own.attachments[0].read()).size
    assert width > height
    usage = await world.services.reports.mine(world.guild.id, bob.id, Clocks())
    assert usage.ever.pictures == 1


@pytest.mark.parametrize(
    ("label", "values", "says"),
    [
        ("Edit it as yours", {"prompt": "in winter"}, "-# edit of "),
        ("Vary it as yours", {"strength": "subtle"}, "-# variation of "),
    ],
)
async def test_a_stranger_changes_a_copy_as_their_own(
    ann: MemberActor,
    bob: MemberActor,
    art_room: ChannelHandle,
    label: str,
    values: dict[str, str],
    says: str,
) -> None:
    offer = await bob.click(await _picture(ann, art_room), label="Delete")
    assert offer.response is not None

    own = _posted(await bob.submit_modal(await bob.click(offer.response, label=label), values))

    assert bob.mention in own.content
    assert says in own.content
    assert len(art_room.history()) == 2


async def test_the_words_of_what_was_edited_are_not_handed_on(
    ann: MemberActor, bob: MemberActor, art_room: ChannelHandle
) -> None:
    edit = await ann.slash(art_room, "edit", image=photo(), prompt="my secret wish")
    offer = await bob.click(_posted(edit), label="Again")
    assert offer.response is not None

    form = await bob.click(offer.response, label="Make your own")

    assert "secret" not in str(form.modal)


async def test_again_says_so_when_the_words_are_erased(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    message = await _picture(ann, art_room)
    world.clock.advance(hours=25)
    assert await world.services.studio.books.erase_old_prompts() == 1

    text = private_text(await ann.click(message, label="Again"))

    assert "erased" in text


@pytest.mark.parametrize("verb", ["again", "edit", "vary", "details", "delete", "share"])
async def test_an_altered_id_reaches_no_other_message(
    world: World, ann: MemberActor, bob: MemberActor, art_room: ChannelHandle, verb: str
) -> None:
    anns, bobs = await _picture(ann, art_room), await _picture(bob, art_room)
    forged = f"easel:{verb}:{_code_of(bobs)}:0"
    _rename(world, anns, "again", forged)

    text = private_text(await bob.click(anns, custom_id=forged))

    assert "There is no request" in text
    assert {message.id for message in art_room.history()} == {anns.id, bobs.id}


async def test_deleting_what_is_already_gone_is_quiet_and_recorded(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    message = await _picture(ann, art_room)
    world.env.inject_error("DELETE", "/webhooks/*/*/messages/@original", status=404, code=10008)

    result = await ann.click(message, label="Delete")

    assert result.followups == []
    job = await world.services.studio.books.find(world.guild.id, _code_of(message))
    assert job.message_id is None


def _code_of(message: discord.Message) -> str:
    return message.content.rpartition("#")[2]


def _rename(world: World, message: discord.Message, verb: str, custom_id: str) -> None:
    """Give the stored button of *message* another id, as an altered client would send it."""
    stored = world.env.backend.get_message(message.channel.id, message.id)
    for button in walk_components(stored.components):
        if str(button.get("custom_id")).startswith(f"easel:{verb}:"):
            button["custom_id"] = custom_id
