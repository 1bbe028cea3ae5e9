"""Private results, and what shares them."""

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from tests.discord.world import World, private_text


@pytest.fixture
async def secret(ann: MemberActor, art_room: ChannelHandle) -> InteractionResult:
    """A private result of Ann's with two pictures."""
    result = await ann.slash(art_room, "imagine", prompt="a surprise", count=2, private=True)
    assert result.response is not None
    assert result.response.ephemeral
    return result


async def test_a_private_result_is_shared_with_its_asker_named(
    world: World, ann: MemberActor, art_room: ChannelHandle, secret: InteractionResult
) -> None:
    assert secret.response is not None
    text = secret.response.content
    await world.restart()

    await ann.click(secret.response, label="Share here")

    (shared,) = art_room.history()
    assert shared.content == text
    assert ann.mention in shared.content
    assert [each.description for each in shared.attachments] == ["AI image: a surprise"] * 2
    assert world.rules.mentions[-2] == {"parse": []}
    link = f"https://discord.com/channels/{world.guild.id}/{art_room.id}/{shared.id}"
    assert f"Shared with everybody here: {link}" in secret.response.content
    assert secret.response.components == []


async def test_its_buttons_work_then_for_everybody(
    ann: MemberActor, bob: MemberActor, art_room: ChannelHandle, secret: InteractionResult
) -> None:
    assert secret.response is not None
    await ann.click(secret.response, label="Share here")
    (shared,) = art_room.history()

    assert "Request #" in private_text(await ann.click(shared, label="Details"))
    assert "belong to the person" in private_text(await bob.click(shared, label="Again"))
    with pytest.raises(Exception, match="Share"):
        await ann.click(shared, label="Share here")
    await ann.click(shared, label="Delete")
    assert art_room.history() == []


async def test_a_public_result_has_nothing_to_share(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    result = await ann.slash(art_room, "imagine", prompt="a kite")
    assert result.response is not None

    assert "Share here" not in str(result.response.components)


async def test_missing_rights_are_named(
    world: World, ann: MemberActor, secret: InteractionResult
) -> None:
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50013)
    assert secret.response is not None

    pressed = await ann.click(secret.response, label="Share here")

    assert "may not post pictures in this channel" in pressed.followups[0].content
    assert "Share here" in str(secret.response.components)


async def test_where_easel_may_not_attach_files_it_says_so(world: World, ann: MemberActor) -> None:
    everyone = world.guild.default_role
    room = world.guild.create_text_channel(
        "no-files", overwrites={everyone: discord.PermissionOverwrite(attach_files=False)}
    )
    result = await ann.slash(room, "imagine", prompt="a surprise", private=True)
    assert result.response is not None

    text = private_text(await ann.click(result.response, label="Share here"))

    assert "it lacks: Attach Files" in text
    assert room.history() == []
