"""What is seen of a request that is being looked at: it can be cancelled until the call begins."""

import asyncio

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.env import Env
from simcord.results import InteractionResult

from bot.providers.scores import CLEAN, Moderator, Scores
from tests.discord.world import World, private_text
from tests.services.studio import Told

pytestmark = pytest.mark.usefixtures("told")

CHECKED = "Your turn has come; what you gave is being fetched and checked."


class Thorough:
    """A moderation service that answers when the test says so."""

    def __init__(self) -> None:
        self.env: Env | None = None
        self.done = asyncio.Event()

    async def words(self, text: str) -> Scores:
        del text
        assert self.env is not None
        await self.env.external_wait(self.done.wait(), reason="what the test says")
        return CLEAN

    async def picture(self, data: bytes, media_type: str) -> Scores:
        del media_type
        return await self.words(str(len(data)))


@pytest.fixture
def thorough() -> Thorough:
    return Thorough()


@pytest.fixture
def moderator(thorough: Thorough) -> Moderator:
    return thorough


async def _looked_at(
    world: World, thorough: Thorough, member: MemberActor, room: ChannelHandle
) -> InteractionResult:
    thorough.env = world.env
    return await member.slash(room, "imagine", prompt="a kite")


async def test_it_is_told_only_where_it_lasts_and_cancelled_by_its_asker(
    world: World,
    ann: MemberActor,
    bob: MemberActor,
    art_room: ChannelHandle,
    thorough: Thorough,
    told: Told,
) -> None:
    asked = await _looked_at(world, thorough, ann, art_room)
    message = asked.response
    assert message is not None
    await world.env.advance_time(2)
    assert message.content == ""
    await world.env.advance_time(1.5)
    assert message.content == CHECKED
    assert "belong to the person" in private_text(await bob.click(message, label="Cancel"))

    await ann.click(message, label="Cancel")

    assert "was cancelled, as you wished. Nothing was charged." in asked.followups[0].content
    assert asked.response is None
    assert told.requests == []
    assert "0 used" in private_text(await ann.slash(art_room, "quota show"))


async def test_once_it_is_called_the_button_goes(
    world: World, ann: MemberActor, art_room: ChannelHandle, thorough: Thorough, told: Told
) -> None:
    asked = await _looked_at(world, thorough, ann, art_room)
    message = asked.response
    assert message is not None
    await world.env.advance_time(3.5)
    assert message.content == CHECKED

    thorough.done.set()
    await world.env.settle()

    assert message.attachments
    assert not any("Cancel" in str(each) for each in message.components)
