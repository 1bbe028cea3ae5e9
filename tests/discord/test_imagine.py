"""``/imagine`` as members meet it."""

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.domain.moderation import EventQuery
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
    assert " · free · #" in second
    (picture,) = message.attachments
    assert picture.description == "AI image: a red kite over the sea"
    assert opened(await picture.read()).size == (1024, 1024)


async def test_the_same_message_stands_from_start_to_end(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    await ann.slash(art_room, "imagine", prompt="a lighthouse")

    assert len(art_room.history()) == 1


@pytest.mark.parametrize(("shape", "wide"), [("square", 0), ("landscape", 1), ("portrait", -1)])
async def test_shapes_are_what_they_say(
    ann: MemberActor, art_room: ChannelHandle, shape: str, wide: int
) -> None:
    result = await ann.slash(art_room, "imagine", prompt="hills", shape=shape)

    assert result.response is not None
    width, height = opened(await result.response.attachments[0].read()).size
    assert (width > height) - (width < height) == wide


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
    assert "declined" in text
    assert "Nothing was charged" in text
    assert art_room.history() == []
    page = await world.services.moderation.page(EventQuery(guild_id=world.guild.id))
    assert [event.user_id for event in page.events] == [ann.id]
    usage = await world.services.reports.mine(world.guild.id, ann.id, "UTC")
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
    usage = await world.services.reports.mine(world.guild.id, ann.id, "UTC")
    assert usage.ever.pictures == 0


async def test_a_channel_that_lost_its_permissions_is_told_about(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    world.env.inject_error("PATCH", "/webhooks/*/*/messages/@original", status=403, code=50013)

    text = private_text(await ann.slash(art_room, "imagine", prompt="a cat"))

    assert "could not be posted" in text


async def test_half_a_character_is_replaced(ann: MemberActor, art_room: ChannelHandle) -> None:
    result = await ann.slash(art_room, "imagine", prompt="a kite \ud83e")

    assert result.response is not None
    assert result.response.content.startswith("**a kite \ufffd** — ")
    assert result.response.attachments
