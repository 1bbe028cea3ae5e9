"""``/imagine`` as members meet it."""

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.domain.moderation import EventQuery
from bot.domain.windows import Clocks
from tests.discord.files import opened
from tests.discord.world import World, private_text


async def test_a_picture_is_posted_with_alt_text_and_two_lines(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    result = await ann.slash(art_room, "imagine", prompt="a red kite over the sea")

    message = result.response
    assert message is not None
    first, second = message.content.split("\n")
    assert first == f"**a red kite over the sea** — {ann.mention}"
    assert second.startswith("-# 1024×1024 · ")
    assert " · free · 19 pictures left today · #" in second
    (picture,) = message.attachments
    assert picture.description == "AI image: a red kite over the sea"
    assert opened(await picture.read()).size == (1024, 1024)


async def test_the_same_message_stands_from_start_to_end(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    await ann.slash(art_room, "imagine", prompt="a lighthouse")

    assert len(art_room.history()) == 1


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ("square", (1024, 1024)),
        ("Landscape", (1536, 1024)),
        ("portrait", (1024, 1536)),
        ("wide", (1536, 864)),
        ("tall", (864, 1536)),
        ("1280 x 768", (1280, 768)),
    ],
)
async def test_shapes_and_sizes_are_what_they_say(
    ann: MemberActor, art_room: ChannelHandle, shape: str, size: tuple[int, int]
) -> None:
    result = await ann.slash(art_room, "imagine", prompt="hills", shape=shape)

    assert result.response is not None
    assert opened(await result.response.attachments[0].read()).size == size
    assert f"-# {size[0]}×{size[1]} · " in result.response.content
    assert "asked for" not in result.response.content


async def test_a_size_that_is_nearly_made_is_named_beside_what_was_made(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    result = await ann.slash(art_room, "imagine", prompt="hills", shape="1920x1080")

    assert result.response is not None
    assert "-# 1920×1088 · asked for 1920×1080 · " in result.response.content
    assert opened(await result.response.attachments[0].read()).size == (1920, 1088)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ("round", "square, portrait, landscape, wide, tall, or a width and a height"),
        ("5000x5000", "does not make 5000x5000; the nearest that it makes is 2880x2880"),
    ],
)
async def test_a_shape_that_cannot_be_made_is_refused_with_what_can(
    ann: MemberActor, art_room: ChannelHandle, shape: str, words: str
) -> None:
    text = private_text(await ann.slash(art_room, "imagine", prompt="hills", shape=shape))

    assert text.startswith("shape: ")
    assert words in text
    assert "Nothing was charged" in text


async def test_shapes_are_offered_with_their_sizes(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    anything = await ann.autocomplete(art_room, "imagine", "shape", "")
    typed = await ann.autocomplete(art_room, "imagine", "shape", "1920x1080")

    assert {"name": "wide · 1536×864", "value": "wide"} in anything
    assert len(anything) == 5
    assert typed == [{"name": "1920×1080 → 1920×1088", "value": "1920x1080"}]


async def test_several_pictures_come_in_one_message(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    result = await ann.slash(art_room, "imagine", prompt="four seasons", count=4)

    assert result.response is not None
    pictures = [await each.read() for each in result.response.attachments]
    assert len(set(pictures)) == 4


async def test_a_transparent_background_is_transparent(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    result = await ann.slash(art_room, "imagine", prompt="a sticker", background="transparent")

    assert result.response is not None
    picture = opened(await result.response.attachments[0].read())
    assert picture.mode == "RGBA"
    assert picture.getchannel("A").getextrema()[0] == 0


async def test_a_private_result_is_seen_by_the_asker_only(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    result = await ann.slash(art_room, "imagine", prompt="a surprise", private=True)

    assert result.response is not None
    assert result.response.ephemeral
    assert result.response.attachments
    assert art_room.history() == []


async def test_a_declined_prompt_is_told_privately_logged_and_free(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    result = await ann.slash(art_room, "imagine", prompt="something forbidden")

    text = private_text(result)
    assert "Declined" in text
    assert "Nothing was charged" in text
    assert art_room.history() == []
    page = await world.services.moderation.page(EventQuery(guild_id=world.guild.id))
    assert [event.user_id for event in page.events] == [ann.id]
    usage = await world.services.reports.mine(world.guild.id, ann.id, Clocks())
    assert usage.ever.pictures == 0


async def test_hostile_words_are_shown_and_ping_nobody(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    prompt = "@everyone <@&1> [free](https://evil.example) discord.gg/x **b** \u202e"

    result = await ann.slash(art_room, "imagine", prompt=prompt)

    assert result.response is not None
    assert "@everyone" not in result.response.content
    assert "[free](" not in result.response.content
    assert "discord.gg" not in result.response.content
    assert "\u202e" not in result.response.content
    assert world.rules.mentions
    assert all(mentions == {"parse": []} for mentions in world.rules.mentions)


async def test_a_very_long_prompt_is_shown_short(ann: MemberActor, art_room: ChannelHandle) -> None:
    result = await ann.slash(art_room, "imagine", prompt="word " * 1000)

    assert result.response is not None
    assert len(result.response.content) < 500
    assert len(result.response.attachments[0].description or "") <= 1024


async def test_a_channel_that_is_not_allowed_names_those_that_are(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    studio_room = world.guild.create_text_channel("studio")
    await world.services.guilds.change(
        world.guild.id, world.greta.id, channels=frozenset({studio_room.id})
    )

    text = private_text(await ann.slash(art_room, "imagine", prompt="a cat"))

    assert f"<#{studio_room.id}>" in text
    result = await ann.slash(studio_room, "imagine", prompt="a cat")
    assert result.response is not None
    assert result.response.attachments


async def test_a_missing_role_is_named(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    await world.services.guilds.change(
        world.guild.id, world.greta.id, roles=frozenset({world.painters.id})
    )
    painter = world.guild.add_member(world.env.create_user("pia"), roles=[world.painters])

    assert f"<@&{world.painters.id}>" in private_text(
        await ann.slash(art_room, "imagine", prompt="a cat")
    )
    result = await painter.slash(art_room, "imagine", prompt="a cat")
    assert result.response is not None
    assert result.response.attachments


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"quality": "legendary"}, "quality"),
        ({"background": "plaid"}, "background"),
    ],
)
async def test_values_that_no_model_has_are_refused(
    ann: MemberActor, art_room: ChannelHandle, options: dict[str, str], word: str
) -> None:
    text = private_text(await ann.slash(art_room, "imagine", prompt="a cat", **options))

    assert text.startswith(word)
    assert "Nothing was charged" in text


async def test_autocomplete_offers_what_the_model_has(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    choices = await ann.autocomplete(art_room, "imagine", "background", "tr")

    assert [choice["value"] for choice in choices] == ["transparent"]


async def test_options_that_no_model_has_are_not_shown(world: World) -> None:
    commands = {each.name: each for each in await world.easel.tree.fetch_commands()}

    names = {option.name for option in commands["imagine"].options}
    assert "style" not in names
    assert "prompt" in names


async def test_an_answer_that_comes_too_late_costs_nothing(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    world.env.inject_error("POST", "/interactions/*/*/callback", status=404, code=10062)

    await ann.slash(art_room, "imagine", prompt="too late")

    assert art_room.history() == []
    usage = await world.services.reports.mine(world.guild.id, ann.id, Clocks())
    assert usage.ever.pictures == 0


async def test_half_a_character_is_replaced(ann: MemberActor, art_room: ChannelHandle) -> None:
    result = await ann.slash(art_room, "imagine", prompt="a kite \ud83e")

    assert result.response is not None
    assert result.response.content.startswith("**a kite \ufffd** — ")
    assert result.response.attachments
