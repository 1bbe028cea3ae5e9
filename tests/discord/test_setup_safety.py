"""The last step of ``/easel setup`` where there is a pre-check and a choice of strictness."""

from dataclasses import replace

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.domain.guild import Strictness
from bot.providers.base import ImageProvider
from bot.providers.scores import Moderator
from tests.discord.pressing import opened
from tests.discord.world import Unconcerned, World
from tests.services.studio import Told, answer, picture


@pytest.fixture
def moderator() -> Moderator:
    return Unconcerned()


@pytest.fixture
def provider() -> ImageProvider:
    told = Told(answer(picture()))
    told.models["told-1"] = replace(told.models["told-1"], strictness=True)
    return told


async def test_strictness_and_pre_check_are_chosen_where_there_are_such_things(
    world: World, greta: MemberActor, art_room: ChannelHandle
) -> None:
    panel = await opened(greta, art_room, "easel setup")
    for _ in range(3):
        await panel.press("Next")
    assert panel.default("setup:strictness:") == ["auto"]
    assert panel.default("setup:precheck:") == ["True"]

    await panel.choose("setup:strictness:", "low")
    await panel.choose("setup:precheck:", "False")

    chosen = await world.services.guilds.choices(world.guild.id)
    assert (chosen.strictness, chosen.precheck) == (Strictness.LOW, False)
    assert panel.default("setup:strictness:") == ["low"]
    assert panel.default("setup:precheck:") == ["False"]
    await panel.press("Done")
    assert "✅ **Pre-check**: Off, as this server chose." in panel.text
