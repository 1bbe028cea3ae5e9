"""``/vary`` as members meet it."""

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from tests.discord.files import opened, photo


@pytest.mark.parametrize("strength", ["subtle", "medium", "strong"])
async def test_a_variation_is_another_picture_of_the_same_shape(
    ann: MemberActor, art_room: ChannelHandle, strength: str
) -> None:
    original = photo(480, 640)

    result = await ann.slash(art_room, "vary", image=original, strength=strength)

    assert result.response is not None
    assert "**a variation of a picture**" in result.response.content
    data = await result.response.attachments[0].read()
    width, height = opened(data).size
    assert width / height == pytest.approx(480 / 640, rel=0.01)
    assert data != original[1]
    assert (result.response.attachments[0].description or "").startswith("AI image:")


async def test_a_hint_is_shown(ann: MemberActor, art_room: ChannelHandle) -> None:
    result = await ann.slash(art_room, "vary", image=photo(), prompt="at night", count=2)

    assert result.response is not None
    assert result.response.content.startswith("**at night** — ")
    assert len(result.response.attachments) == 2
