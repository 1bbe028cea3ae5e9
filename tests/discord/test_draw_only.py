"""What is not shown where no model can vary."""

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.components import walk_components

from bot.providers.base import ImageProvider
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
