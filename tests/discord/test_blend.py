"""``/blend``: several pictures become one."""

from dataclasses import replace

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.providers.base import Operation
from tests.discord.files import cut_out, photo
from tests.discord.world import World
from tests.services.studio import Told, answer, picture


@pytest.fixture
def provider() -> Told:
    told = Told(answer(picture()))
    told.models["told-1"] = replace(told.models["told-1"], pictures=5, max_prompt=1000)
    return told


async def test_pictures_are_blended(
    ann: MemberActor, art_room: ChannelHandle, provider: Told
) -> None:
    result = await ann.slash(
        art_room, "blend", image=photo(640, 480), image2=cut_out(), image4=photo(), prompt="at sea"
    )

    assert result.response is not None
    first, second = result.response.content.split("\n")
    assert first == f"**at sea** — {ann.mention}"
    assert second.startswith("-# blend · ")
    (request,) = provider.requests
    assert request.operation is Operation.EDIT
    assert len(request.images) == 3
    assert request.prompt.startswith("Blend the given pictures into one")
    assert request.prompt.endswith("\n\nat sea")


async def test_no_words_are_needed_and_again_does_it_again(
    ann: MemberActor, art_room: ChannelHandle, provider: Told
) -> None:
    result = await ann.slash(art_room, "blend", image=photo(640, 480), image2=photo(480, 640))
    assert result.response is not None
    assert result.response.content.startswith(f"**a blend of pictures** — {ann.mention}")
    assert result.response.attachments[0].description == "AI image: a blend of pictures"

    again = await ann.click(result.response, label="Again")

    assert again.response is not None
    assert again.response.attachments
    assert [len(each.images) for each in provider.requests] == [2, 2]


async def test_it_is_hidden_where_no_model_takes_several(world: World, ann: MemberActor) -> None:
    assert "blend" in [command.name for command in world.easel.tree.get_commands()]
    models = world.services.provider.models
    models["told-1"] = replace(models["told-1"], pictures=1)

    await world.restart()

    assert "blend" not in [command.name for command in world.easel.tree.get_commands()]
