"""Pictures of anybody's messages, changed from the menu of the message."""

from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.domain.asks import Command, Source
from bot.domain.errors import AlreadyAnswered, NotYours
from tests.discord.files import opened, photo
from tests.discord.world import World, private_text

ELSEWHERE = "https://pictures.example/cat.png"


def _posted(result: InteractionResult) -> discord.Message:
    assert result.response is not None
    assert result.response.attachments
    return result.response.message


def _bots(world: World, room: ChannelHandle, **looks: Any) -> int:
    """Let another bot post something; return its id."""
    other = world.env.create_user("other-bot", bot=True)
    world.guild.add_member(other)
    return world.env.backend.create_message(room.id, other.id, "", **looks).id


def _seen(room: ChannelHandle, message_id: int) -> discord.Message:
    return next(each for each in room.history() if each.id == message_id)


@pytest.fixture
async def bobs(bob: MemberActor, art_room: ChannelHandle) -> discord.Message:
    """A message of Bob's with a photograph and something that is no picture."""
    return await bob.send(art_room, "look", attachments=[("notes.txt", b"words"), photo()])


async def test_anybodys_picture_is_edited_and_linked(
    world: World, ann: MemberActor, art_room: ChannelHandle, bobs: discord.Message
) -> None:
    form = await ann.context_menu(art_room, "Edit image", bobs)
    await world.restart()

    edited = _posted(await ann.submit_modal(form, {"prompt": "in winter"}))

    place = f"{ann.guild.id}/{art_room.id}/{bobs.id}"
    assert f"-# edit of https://discord.com/channels/{place} · " in edited.content
    width, height = opened(await edited.attachments[0].read()).size
    assert width / height == pytest.approx(640 / 480, rel=0.01)


async def test_anybodys_picture_is_varied(
    ann: MemberActor, art_room: ChannelHandle, bobs: discord.Message
) -> None:
    form = await ann.context_menu(art_room, "Vary image", bobs)

    varied = _posted(await ann.submit_modal(form, {"hint": "at night", "strength": "subtle"}))

    assert varied.content.startswith(f"**at night** — {ann.mention}\n-# variation of ")
    assert " · subtle · " in varied.content


async def test_what_was_made_from_a_result_remembers_it(
    ann: MemberActor, bob: MemberActor, art_room: ChannelHandle
) -> None:
    first = _posted(await ann.slash(art_room, "imagine", prompt="a kite"))
    form = await bob.context_menu(art_room, "Vary image", first)
    varied = _posted(await bob.submit_modal(form, {}))

    details = private_text(await bob.click(varied, label="Details"))

    assert "Made from" in details
    assert f"/{art_room.id}/{first.id}" in details


@pytest.mark.parametrize("how", ["embed", "thumbnail", "copy of an embed", "gallery", "forwarded"])
async def test_pictures_are_found_wherever_a_message_has_them(
    world: World, ann: MemberActor, art_room: ChannelHandle, bobs: discord.Message, how: str
) -> None:
    url = bobs.attachments[1].url
    gallery = {"type": 12, "items": [{"media": {"url": url}}]}
    looks: dict[str, dict[str, Any]] = {
        "embed": {"embeds": [{"type": "rich", "image": {"url": url}}]},
        "thumbnail": {"embeds": [{"type": "image", "thumbnail": {"url": url}}]},
        "copy of an embed": {
            "embeds": [{"type": "rich", "image": {"url": ELSEWHERE, "proxy_url": url}}]
        },
        "gallery": {"components": [{"type": 17, "components": [gallery]}], "flags": 1 << 15},
    }
    if how == "forwarded":
        channel = world.easel.get_channel(art_room.id)
        assert isinstance(channel, discord.TextChannel)
        shown = (await channel.get_partial_message(bobs.id).forward(channel)).id
    else:
        shown = _bots(world, art_room, **looks[how])

    form = await ann.context_menu(art_room, "Edit image", _seen(art_room, shown))
    edited = _posted(await ann.submit_modal(form, {"prompt": "in winter"}))

    width, height = opened(await edited.attachments[0].read()).size
    assert width / height == pytest.approx(640 / 480, rel=0.01)


async def test_a_picture_that_is_shown_twice_is_one(
    world: World, ann: MemberActor, art_room: ChannelHandle, bobs: discord.Message
) -> None:
    url = bobs.attachments[1].url
    embeds = [{"type": "rich", "image": {"url": f"{url}?size=large"}, "thumbnail": {"url": url}}]
    shown = _seen(art_room, _bots(world, art_room, embeds=embeds))

    form = await ann.context_menu(art_room, "Edit image", shown)

    assert form.modal is not None  # nothing has to be chosen before


async def test_one_of_several_is_chosen_in_the_menu_as_well(
    world: World, ann: MemberActor, bob: MemberActor, art_room: ChannelHandle
) -> None:
    several = await bob.send(art_room, "two", attachments=[photo(640, 480), photo(300, 600)])
    which = await ann.context_menu(art_room, "Edit image", several)
    assert "Which picture shall change?" in private_text(which)
    assert which.response is not None

    form = await ann.select(which.response, ["1"])
    edited = _posted(await ann.submit_modal(form, {"prompt": "in winter"}))

    width, height = opened(await edited.attachments[0].read()).size
    assert width / height == pytest.approx(300 / 600, rel=0.01)


async def test_chosen_pictures_are_for_whoever_chose_them(
    world: World, ann: MemberActor, bob: MemberActor
) -> None:
    drafts = world.services.drafts
    source = Source(url="https://cdn.discordapp.com/x", name="x", size=1)
    draft = await drafts.keep(
        Command.VARY, [source], guild_id=world.guild.id, user_id=ann.id, found_in="1/2"
    )

    assert await drafts.find(world.guild.id, draft.code, ann.id) == draft
    with pytest.raises(NotYours):
        await drafts.find(world.guild.id, draft.code, bob.id)
    with pytest.raises(AlreadyAnswered):
        await drafts.find(world.guild.id + 1, draft.code, ann.id)


@pytest.mark.parametrize("menu", ["Edit image", "Vary image"])
async def test_a_message_without_a_picture_is_told_from_one_with(
    ann: MemberActor, art_room: ChannelHandle, menu: str
) -> None:
    message = await ann.send(art_room, "nothing", attachments=[("notes.txt", b"words")])

    assert "no picture in this message" in private_text(
        await ann.context_menu(art_room, menu, message)
    )


# --- alt text ---------------------------------------------------------------------------------


async def test_alt_text_is_changed_in_its_place(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    result = _posted(await ann.slash(art_room, "imagine", prompt="a kite", count=2))
    form = await ann.context_menu(art_room, "Alt text", result)
    assert form.modal is not None
    fields = [each["component"] for each in form.modal["components"]]
    assert [each["value"] for each in fields] == ["a kite", "a kite"]
    second = fields[1]["custom_id"]
    await world.restart()

    told = private_text(
        await ann.submit_modal(
            form, {fields[0]["custom_id"]: "a kite", second: "A red kite\nover the sea"}
        )
    )

    assert "alt text is changed" in told
    (after,) = art_room.history()
    assert [each.description for each in after.attachments] == [
        "AI image: a kite",
        "AI image: A red kite over the sea",
    ]
    assert after.content == result.content
    assert [each.filename for each in after.attachments] == [
        each.filename for each in result.attachments
    ]


async def test_alt_text_always_says_that_it_is_made(
    ann: MemberActor, mona: MemberActor, art_room: ChannelHandle
) -> None:
    """A moderator may set it too."""
    result = _posted(await ann.slash(art_room, "imagine", prompt="a kite"))
    form = await mona.context_menu(art_room, "Alt text", result)
    name = str(result.attachments[0].id)

    await mona.submit_modal(form, {name: "AI image: " + "long " * 200})

    (after,) = art_room.history()
    said = after.attachments[0].description or ""
    assert said.startswith("AI image: long long")
    assert len(said) <= 1024


async def test_alt_text_says_it_once_in_whatever_language(
    world: World, ann: MemberActor, mona: MemberActor, art_room: ChannelHandle
) -> None:
    world.rules.locale = "de"
    result = _posted(await ann.slash(art_room, "imagine", prompt="eine Katze"))
    assert result.attachments[0].description == "KI-Bild: eine Katze"
    world.rules.locale = "en-US"
    form = await mona.context_menu(art_room, "Alt text", result)
    assert form.modal is not None
    (field,) = [each["component"] for each in form.modal["components"]]
    assert field["value"] == "eine Katze"

    await mona.submit_modal(form, {field["custom_id"]: "KI-Bild: eine Katze"})

    (after,) = art_room.history()
    assert after.attachments[0].description == "AI image: eine Katze"


async def test_alt_text_is_not_for_strangers_nor_for_others_messages(
    ann: MemberActor, bob: MemberActor, art_room: ChannelHandle, bobs: discord.Message
) -> None:
    result = _posted(await ann.slash(art_room, "imagine", prompt="a kite"))

    theirs = private_text(await bob.context_menu(art_room, "Alt text", result))
    none = private_text(await ann.context_menu(art_room, "Alt text", bobs))

    assert "belong to the person who asked" in theirs
    assert "not a result of Easel" in none


async def test_alt_text_of_what_is_gone_is_told(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    result = _posted(await ann.slash(art_room, "imagine", prompt="a kite"))
    form = await ann.context_menu(art_room, "Alt text", result)
    world.env.inject_error("PATCH", "/channels/*/messages/*", status=404, code=10008)

    text = private_text(await ann.submit_modal(form, {str(result.attachments[0].id): "x"}))

    assert "did not let Easel change" in text
