"""``/history`` and ``/show``: what somebody asked for, found again; nobody else's is."""

from collections.abc import Iterator
from typing import Any

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.domain.errors import ContentRefused
from tests.discord.forging import forged, pressed_anew
from tests.discord.pressing import Pressed, opened
from tests.discord.world import World, private_text
from tests.services.studio import Told

pytestmark = pytest.mark.usefixtures("told")


async def _made(world: World, member: MemberActor, *prompts: str, **options: Any) -> list[Any]:
    made: list[Any] = []
    for prompt in prompts:
        world.clock.advance(minutes=1)
        result = await member.slash(world.art_room, "imagine", prompt=prompt, **options)
        made.append(result.response)
    return made


def _order(panel: Pressed, *words: str) -> list[str]:
    return sorted((each for each in words if each in panel.text), key=panel.text.index)


def _thumbnails(components: list[dict[str, Any]]) -> Iterator[str]:
    for each in components:
        accessory: dict[str, Any] = each.get("accessory") or {}
        if "media" in accessory:
            yield accessory["media"]["url"]
        yield from _thumbnails(each.get("components", []))


async def test_one_finds_the_own_pictures_newest_first(
    world: World, ann: MemberActor, bob: MemberActor, art_room: ChannelHandle
) -> None:
    first, _ = await _made(world, ann, "a red kite", "a blue kite")
    await _made(world, bob, "a green kite")
    await _made(world, ann, "a private kite", private=True)

    panel = await opened(ann, art_room, "history")

    words = ("a private kite", "a blue kite", "a red kite")
    assert _order(panel, *reversed(words), "a green kite") == [*words]
    assert f"/{art_room.id}/{first.id}" in panel.text
    assert " · private · #" in panel.text
    assert len(list(_thumbnails(panel.message.components))) == 2
    assert panel.buttons() == {"Again": True, "Details": True}


async def test_pages_keep_their_filters_also_after_a_restart(
    world: World, told: Told, ann: MemberActor, art_room: ChannelHandle
) -> None:
    await _made(world, ann, *(f"kite {number} of 7: 100%" for number in range(7)), "a house")
    told.outcome = ContentRefused(stage="input")
    await _made(world, ann, "declined kite: 100%")
    panel = await opened(ann, art_room, "history", search="ITE", ended="made")
    assert "Only with “ITE” in the prompt" in panel.text
    assert "Only those that are made" in panel.text
    assert _order(panel, *(f"kite {each} " for each in range(7))) == [
        f"kite {each} " for each in (6, 5, 4, 3)
    ]
    await world.restart()

    await panel.press("Older")

    assert _order(panel, "a house", "declined", *(f"kite {each} " for each in range(7))) == [
        f"kite {each} " for each in (2, 1, 0)
    ]
    assert "Only those that are made" in panel.text
    await panel.press("Newer")
    assert "kite 6 of" in panel.text


async def test_a_search_takes_its_letters_as_they_are(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    await _made(world, ann, "100% red", "100 red")

    assert "100 red" not in (await opened(ann, art_room, "history", search="0% r")).text
    assert "Nothing found." in (await opened(ann, art_room, "history", search="0_r")).text
    colon = (await opened(ann, art_room, "history", search=":")).text
    assert "Nothing found." in colon


async def test_erased_words_are_not_found_and_not_asked_again(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    await _made(world, ann, "a red kite")
    world.clock.advance(hours=25)
    await world.services.studio.books.erase_old_prompts()

    assert "Nothing found." in (await opened(ann, art_room, "history", search="kite")).text
    panel = await opened(ann, art_room, "history")

    assert "words erased" in panel.text
    assert panel.buttons()["Again"] is False
    assert len(list(_thumbnails(panel.message.components))) == 1, "the picture is there still"


async def test_again_and_details_and_the_line_of_versions(
    world: World, told: Told, ann: MemberActor, art_room: ChannelHandle
) -> None:
    await _made(world, ann, "a red kite")
    panel = await opened(ann, art_room, "history")

    assert "Words" in private_text(await panel.press("Details"))
    again = await panel.press("Again")

    assert again.response is not None
    assert again.response.content.startswith("**a red kite**")
    assert "imagine → imagine" in (await opened(ann, art_room, "history")).text


async def test_nobody_reads_anothers_history(
    world: World, ann: MemberActor, mona: MemberActor, art_room: ChannelHandle
) -> None:
    await _made(world, ann, "a secret kite", private=True)
    code = (await opened(ann, art_room, "history")).text.partition("private · #")[2][:8]

    for verb in ("again", "details"):
        pressed = await pressed_anew(world, mona, art_room, f"history:{verb}:{code}")
        assert "belong to the person" in private_text(pressed)
    assert "secret" not in (await opened(mona, art_room, "history")).text


async def test_an_empty_history_says_where_to_begin(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    assert "try `/imagine`" in (await opened(ann, art_room, "history")).text


async def test_show_brings_a_result_back_to_its_asker_and_to_moderators(
    world: World, ann: MemberActor, bob: MemberActor, mona: MemberActor, art_room: ChannelHandle
) -> None:
    (made,) = await _made(world, ann, "a red kite")
    code = made.content.rpartition("#")[2]

    for member in (ann, mona):
        result = await member.slash(art_room, "show", code=f" #{code.upper()}")
        text = private_text(result)
        assert "a red kite" in text
        assert f"/{art_room.id}/{made.id}" in text
        assert "easel-" in str(result.response and result.response.components)
    assert "somebody else's" in private_text(await bob.slash(art_room, "show", code=code))


async def test_show_of_what_is_deleted_shows_what_is_remembered(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    (made,) = await _made(world, ann, "a red kite")
    code = made.content.rpartition("#")[2]
    await ann.click(made, label="Delete")

    assert "a red kite" in private_text(await ann.slash(art_room, "show", code=code))
    assert "no request #zzz" in private_text(await ann.slash(art_room, "show", code="zzz"))


async def test_a_forged_button_of_another_message_is_no_way_in(
    world: World, ann: MemberActor, bob: MemberActor, art_room: ChannelHandle
) -> None:
    panel = await ann.slash(art_room, "history")
    assert panel.response is not None
    await _made(world, ann, "a secret kite")
    panel = await ann.slash(art_room, "history")
    assert panel.response is not None
    boxes = panel.response.components[0]["components"]
    again = next(row for row in boxes if row["type"] == 1)["components"][0]["custom_id"]

    pressed = await forged(world, bob, art_room, panel.response.id, again)

    assert "belong to the person" in private_text(pressed)


async def test_a_page_that_emptied_meanwhile_says_so(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    await _made(world, ann, *(f"kite {number}" for number in range(6)))
    panel = await opened(ann, art_room, "history", search="kite")
    world.clock.advance(hours=25)
    await world.services.studio.books.erase_old_prompts()

    await panel.press("Older")

    assert "Nothing found." in panel.text
