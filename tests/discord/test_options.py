"""The options of today's models, as members meet them where several models are on offer."""

from dataclasses import replace
from typing import Any

import pytest
from simcord.actors import MemberActor
from simcord.backend.errors import OptionError
from simcord.builders import ChannelHandle

from bot.domain.errors import StorageBusy
from bot.domain.guild import Fidelity, GuildChoices
from bot.domain.pictures import Size
from bot.providers.base import ImageProvider
from bot.providers.models import find
from tests.discord.files import cut_out, mask, opened, photo
from tests.discord.world import World, private_text
from tests.services.studio import Told, answer, picture

PLAIN, RICH, DRAWS = "gpt-image-2", "gpt-image-2.6-flare", "dall-e-3"


@pytest.fixture
def told() -> Told:
    told = Told(answer(picture()))
    told.models = {name: find(name).can for name in (PLAIN, RICH, DRAWS)}
    return told


@pytest.fixture
def provider(told: Told) -> ImageProvider:
    return told


async def _offered(
    member: MemberActor, room: ChannelHandle, command: str, option: str, **filled: Any
) -> list[str]:
    choices = await member.autocomplete(room, command, option, "", **filled)
    return [choice["value"] for choice in choices]


async def test_what_the_servers_model_has_is_offered(
    world: World, ann: MemberActor, art_room: ChannelHandle
) -> None:
    async def offered(option: str, **filled: Any) -> list[str]:
        return await _offered(ann, art_room, "imagine", option, **filled)

    assert await offered("quality") == ["low", "medium", "high"]
    assert await offered("quality", model=RICH) == ["low", "medium", "high", "xhigh", "max"]
    assert await offered("quality", model="gone") == ["low", "medium", "high"]
    assert await offered("format") == ["png", "jpeg", "webp"]
    assert await offered("style") == []
    assert await offered("style", model=DRAWS) == ["vivid", "natural"]
    await world.services.guilds.change(
        world.guild.id, world.greta.id, models=world.services.provider.models, model=RICH
    )
    assert await offered("quality") == ["low", "medium", "high", "xhigh", "max"]
    assert await offered("format") == ["png", "jpeg", "webp", "gif"]


async def test_shapes_have_the_size_that_the_chosen_model_makes(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    async def wide(**filled: Any) -> list[dict[str, Any]]:
        return await ann.autocomplete(art_room, "imagine", "shape", "wide", **filled)

    assert await wide() == [{"name": "wide · 1536×864", "value": "wide"}]
    assert await wide(model=DRAWS) == [{"name": "wide · 1792×1024", "value": "wide"}]


async def test_something_is_offered_while_the_database_is_busy(
    world: World, ann: MemberActor, art_room: ChannelHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(guild_id: int) -> GuildChoices:
        raise StorageBusy(guild=guild_id)

    monkeypatch.setattr(world.services.guilds, "choices", busy)

    assert await _offered(ann, art_room, "imagine", "quality") == ["low", "medium", "high"]


async def test_only_models_that_can_do_it_are_offered(
    ann: MemberActor, art_room: ChannelHandle
) -> None:
    assert await _offered(ann, art_room, "imagine", "model") == [PLAIN, RICH, DRAWS]
    assert await _offered(ann, art_room, "edit", "model") == [PLAIN, RICH]
    assert await _offered(ann, art_room, "vary", "model") == [PLAIN, RICH]
    with pytest.raises(OptionError, match="has no option"):
        await ann.slash(art_room, "edit", image=photo(), prompt="x", style="vivid")


async def test_a_picture_is_asked_for_as_the_options_say(
    told: Told, ann: MemberActor, art_room: ChannelHandle
) -> None:
    result = await ann.slash(
        art_room,
        "imagine",
        prompt="a kite",
        shape="tall",
        quality="max",
        model=RICH,
        background="transparent",
        format="webp",
    )

    assert result.response is not None
    (asked,) = told.requests
    assert (asked.model, asked.size, asked.quality) == (RICH, Size(864, 1536), "max")
    assert (asked.background, asked.output_format) == ("transparent", "webp")
    assert "max quality" in result.response.content


@pytest.mark.parametrize("command", ["imagine", "edit"])
async def test_pictures_to_go_by_are_sent_in_their_order(
    told: Told, ann: MemberActor, art_room: ChannelHandle, command: str
) -> None:
    image = {"image": cut_out()} if command == "edit" else {}

    result = await ann.slash(
        art_room,
        command,
        prompt="in this style",
        reference=photo(640, 480),
        reference3=photo(480, 640),
        **image,
    )

    assert result.response is not None
    assert result.response.attachments
    (asked,) = told.requests
    assert len(asked.images) == len(image) + 2
    wide, tall = (opened(each.data) for each in asked.images[-2:])
    assert wide.getchannel("A").getpixel((512, 10)) == 0  # padded above and below
    assert tall.getchannel("A").getpixel((512, 10)) == 255


async def test_pictures_to_go_by_are_refused_by_a_model_that_takes_none(
    told: Told, ann: MemberActor, art_room: ChannelHandle
) -> None:
    text = private_text(
        await ann.slash(art_room, "imagine", prompt="x", model=DRAWS, reference=photo())
    )

    assert text.startswith(f"{DRAWS} cannot do that (reference).")
    assert told.requests == []


async def test_marks_on_the_picture_guide_an_edit(
    told: Told, ann: MemberActor, art_room: ChannelHandle
) -> None:
    result = await ann.slash(
        art_room, "edit", image=photo(512, 512), prompt="a hat", markup=cut_out(512), model=RICH
    )

    assert result.response is not None
    (asked,) = told.requests
    assert asked.markup is not None
    marks = opened(asked.markup)
    assert marks.size == opened(asked.images[0].data).size
    corner, middle = marks.getpixel((5, 5)), marks.getpixel((marks.width // 2, marks.height // 2))
    assert isinstance(corner, tuple)
    assert isinstance(middle, tuple)
    assert (corner[-1], middle[-1]) == (0, 255)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"markup": cut_out(), "region": "top", "model": RICH}, "not both"),
        ({"markup": cut_out()}, f"{PLAIN} cannot do that (markup)"),
        ({"format": "gif"}, "format: "),
        ({"format": "gif", "model": RICH, "mask": mask()}, "animated"),
        ({"model": DRAWS}, f"{DRAWS} cannot do that (/edit)"),
        ({"quality": "max"}, "quality: "),
    ],
)
async def test_options_that_do_not_go_together_are_refused_for_free(
    told: Told,
    ann: MemberActor,
    art_room: ChannelHandle,
    options: dict[str, Any],
    words: str,
) -> None:
    text = private_text(await ann.slash(art_room, "edit", image=photo(), prompt="x", **options))

    assert words in text
    assert "Nothing was charged" in text
    assert told.requests == []


async def test_a_variation_is_made_by_the_model_and_quality_that_are_named(
    told: Told, ann: MemberActor, art_room: ChannelHandle
) -> None:
    result = await ann.slash(art_room, "vary", image=photo(), model=RICH, quality="xhigh")

    assert result.response is not None
    assert [(each.model, each.quality) for each in told.requests] == [(RICH, "xhigh")]


async def test_a_picture_is_sent_in_its_own_shape_where_the_server_wants_it(
    told: Told, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle, world: World
) -> None:
    await greta.slash(art_room, "settings set", fidelity="own")
    assert (await world.services.guilds.choices(world.guild.id)).fidelity is Fidelity.OWN
    told.outcome = answer(_wide())

    result = await ann.slash(art_room, "edit", image=photo(640, 480), prompt="in winter")

    assert result.response is not None
    (asked,) = told.requests
    assert opened(asked.images[0].data).size == (640, 480)
    assert asked.size.width / asked.size.height == pytest.approx(4 / 3, rel=0.02)


async def test_again_asks_for_the_same_once_more(
    told: Told, ann: MemberActor, art_room: ChannelHandle
) -> None:
    result = await ann.slash(
        art_room, "imagine", prompt="a kite", shape="1920x1080", format="webp", reference=photo()
    )
    assert result.response is not None

    await ann.click(result.response, label="Again")

    first, second = told.requests
    assert replace(first, images=()) == replace(second, images=())
    assert [len(each.images) for each in told.requests] == [1, 1]


def _wide() -> bytes:
    return photo(1280, 960)[1]
