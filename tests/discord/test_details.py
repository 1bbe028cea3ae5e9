"""What is remembered of a result: for its asker and for moderators, privately."""

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from tests.discord.files import photo
from tests.discord.world import World, private_text

WORDS = "a red kite over the *harbour*"


@pytest.fixture
async def picture(ann: MemberActor, art_room: ChannelHandle) -> discord.Message:
    result = await ann.slash(art_room, "imagine", prompt=WORDS, quality="high", shape="wide")
    assert result.response is not None
    return result.response.message


async def test_words_model_money_and_time_are_told(
    ann: MemberActor, picture: discord.Message
) -> None:
    text = private_text(await ann.click(picture, label="Details"))

    assert r"a red kite over the \*harbour\*" in text
    assert "/imagine" in text
    assert "with sketch" in text
    assert "Quality: high" in text
    assert "Shape: wide" in text
    assert "Strength" not in text
    assert "It cost $0.00; at most $0.00 was reserved before." in text
    assert "s until it was shown" in text
    assert "Made from" not in text


async def test_what_it_was_made_from_is_linked(
    world: World, ann: MemberActor, art_room: ChannelHandle, picture: discord.Message
) -> None:
    varied = await ann.submit_modal(await ann.click(picture, label="Vary"), {})
    assert varied.response is not None
    again = await ann.click(varied.response.message, label="Again")
    assert again.response is not None

    text = private_text(await ann.click(again.response.message, label="Details"))

    assert "Strength: medium" in text
    links = [f"/{art_room.id}/{each.id}" for each in (picture, varied.response.message)]
    assert text.index(links[0]) < text.index(links[1])
    assert "Words\n**\n" not in text


async def test_erased_words_stay_erased(
    world: World, ann: MemberActor, picture: discord.Message
) -> None:
    world.clock.advance(hours=25)
    assert await world.services.studio.books.erase_old_prompts() == 1

    text = private_text(await ann.click(picture, label="Details"))

    assert "harbour" not in text
    assert "They have been erased" in text


async def test_it_lives_after_a_restart(
    world: World, ann: MemberActor, picture: discord.Message
) -> None:
    await world.restart()

    assert "harbour" in private_text(await ann.click(picture, label="Details"))


async def test_the_menu_of_the_message_shows_the_same(
    ann: MemberActor, mona: MemberActor, art_room: ChannelHandle, picture: discord.Message
) -> None:
    anns = private_text(await ann.context_menu(art_room, "Image details", picture))
    monas = private_text(await mona.context_menu(art_room, "Image details", picture))

    assert "harbour" in anns
    assert monas == anns


async def test_the_menu_tells_a_stranger_nothing(
    bob: MemberActor, art_room: ChannelHandle, picture: discord.Message
) -> None:
    text = private_text(await bob.context_menu(art_room, "Image details", picture))

    assert "harbour" not in text
    assert "belong to the person who asked" in text


async def test_the_menu_says_what_is_none_of_ours(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    message = await ann.send(art_room, "look at this")

    text = private_text(await ann.context_menu(art_room, "Image details", message))

    assert "not a result of Easel" in text


async def test_the_picture_before_an_edit_is_shown(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    result = await ann.slash(art_room, "edit", image=photo(), prompt="a door", region="left half")
    assert result.response is not None

    details = await ann.click(result.response.message, label="Details")

    assert details.response is not None
    parts = details.response.components[0]["components"]
    (gallery,) = [each for each in parts if each["type"] == 12]
    (item,) = gallery["items"]
    assert item["description"] == "The picture before"
    assert item["media"]["url"].endswith("/photo.jpg")
