"""``/edit`` as members meet it."""

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.domain.windows import Clocks
from tests.discord.files import Upload, black, cut_out, mask, opened, photo
from tests.discord.world import World, private_text


async def test_an_edit_keeps_the_pictures_own_shape(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    result = await ann.slash(art_room, "edit", image=photo(640, 480), prompt="in winter")

    assert result.response is not None
    first, second = result.response.content.split("\n")
    assert first == f"**in winter** — {ann.mention}"
    assert second.startswith("-# edit · ")
    width, height = opened(await result.response.attachments[0].read()).size
    assert width / height == pytest.approx(640 / 480, rel=0.01)


async def test_a_photograph_on_its_side_comes_back_upright(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    result = await ann.slash(
        art_room, "edit", image=photo(640, 480, orientation=6), prompt="in winter"
    )

    assert result.response is not None
    width, height = opened(await result.response.attachments[0].read()).size
    assert width < height


@pytest.mark.parametrize("how", ["region", "mask"])
async def test_outside_the_chosen_part_nothing_changes(
    ann: MemberActor, art_room: ChannelHandle, how: str
) -> None:
    part = {"region": "left half"} if how == "region" else {"mask": mask()}
    original = photo(640, 480)

    result = await ann.slash(art_room, "edit", image=original, prompt="a door", **part)

    assert result.response is not None
    if how == "mask":  # a part that Easel has to find is shown first
        result = await ann.click(result.response, label="Looks right")
        assert result.response is not None
    assert "% changed" in result.response.content
    before = opened(original[1]).convert("RGB")
    after = opened(await result.response.attachments[0].read()).convert("RGB")
    before = before.resize(after.size)
    right = (int(after.width * 0.6), 10, after.width - 10, after.height - 10)
    left = (10, 10, int(after.width * 0.4), after.height - 10)
    assert _difference(before.crop(right).tobytes(), after.crop(right).tobytes()) < 3
    assert _difference(before.crop(left).tobytes(), after.crop(left).tobytes()) > 3


@pytest.mark.parametrize("fit", ["crop", "stretch"])
async def test_other_fits_work(ann: MemberActor, art_room: ChannelHandle, fit: str) -> None:
    result = await ann.slash(art_room, "edit", image=photo(), prompt="in winter", fit=fit)

    assert result.response is not None
    assert result.response.attachments


async def test_a_shape_of_ones_own_choice(ann: MemberActor, art_room: ChannelHandle) -> None:
    result = await ann.slash(
        art_room, "edit", image=photo(480, 640), prompt="wider", shape="landscape"
    )

    assert result.response is not None
    width, height = opened(await result.response.attachments[0].read()).size
    assert width > height


@pytest.mark.parametrize(
    ("image", "options", "words"),
    [
        (("notes.txt", b"just some words, no picture"), {}, "not a picture"),
        (("empty.png", b""), {}, "empty"),
        ((photo()[0], photo()[1][:400]), {}, "damaged"),
        (photo(), {"mask": black()}, "selects nothing"),
        (photo(), {"mask": mask(), "region": "top"}, "not both"),
        (photo(), {"region": "top", "shape": "landscape"}, "keeps the picture's own shape"),
    ],
)
async def test_pictures_that_cannot_be_used_are_refused_privately_and_free(
    world: World,
    ann: MemberActor,
    art_room: ChannelHandle,
    image: Upload,
    options: dict[str, object],
    words: str,
) -> None:
    text = private_text(
        await ann.slash(art_room, "edit", image=image, prompt="in winter", **options)
    )

    assert words in text
    assert "Nothing was charged" in text
    assert art_room.history() == []
    usage = await world.services.reports.mine(world.guild.id, ann.id, Clocks())
    assert usage.ever.pictures == 0


async def test_nothing_of_the_photographs_metadata_is_posted(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    result = await ann.slash(art_room, "edit", image=photo(), prompt="in winter")

    assert result.response is not None
    assert b"secret place" not in await result.response.attachments[0].read()


async def test_transparent_parts_of_the_picture_can_be_what_changes(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    result = await ann.slash(
        art_room, "edit", image=cut_out(), prompt="a meadow", region="transparent parts"
    )

    assert result.response is not None
    after = opened(await result.response.attachments[0].read()).convert("RGB")
    middle = after.getpixel((after.width // 2, after.height // 2))
    assert middle == pytest.approx((200, 30, 30), abs=4)
    corners = after.crop((0, 0, after.width, after.height // 8)).getcolors(1 << 24)
    assert corners is not None
    assert len(corners) > 1


async def test_a_picture_without_transparent_parts_is_refused_as_such(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    options = {"region": "transparent parts"}

    text = private_text(await ann.slash(art_room, "edit", image=photo(), prompt="x", **options))

    assert "selects nothing" in text


def _difference(before: bytes, after: bytes) -> float:
    return sum(abs(a - b) for a, b in zip(before, after, strict=True)) / len(before)
