"""What is not shown where no model can vary."""

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.components import walk_components

from bot.providers.base import ImageProvider
from tests.discord.world import World
from tests.services.studio import Told, answer, picture


@pytest.fixture
def provider() -> ImageProvider:
    told = Told(answer(picture()))
    told.models = {"told-draw": told.models["told-draw"]}
    return told


async def test_a_result_has_no_button_that_no_model_can_serve(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    result = await ann.slash(art_room, "imagine", prompt="a cat")

    assert result.response is not None
    buttons = [each.get("label") for each in walk_components(result.response.components)]
    assert [label for label in buttons if label] == ["Again", "Details", "Delete"]


async def test_no_menu_nor_command_is_there_that_no_model_can_serve(world: World) -> None:
    names = {command.name for command in world.easel.tree.walk_commands()}
    menu = discord.AppCommandType.message
    names |= {command.name for command in world.easel.tree.get_commands(type=menu)}

    assert names >= {"imagine", "Image details", "Alt text"}
    assert not names & {"edit", "vary", "blend", "Edit image", "Vary image"}


async def test_a_stranger_is_offered_only_what_a_model_can_do(
    ann: MemberActor, bob: MemberActor, art_room: ChannelHandle
) -> None:
    result = await ann.slash(art_room, "imagine", prompt="a cat")
    assert result.response is not None

    offer = await bob.click(result.response.message, label="Again")

    assert offer.response is not None
    buttons = [each.get("label") for each in walk_components(offer.response.components)]
    assert [label for label in buttons if label] == ["Make your own"]
