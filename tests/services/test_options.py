"""What an ask may say of a model, and the request that comes of it."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.asks import Ask, Command, Place, Source
from bot.domain.errors import BadOption, NotSupported, PictureTooLarge
from bot.domain.guild import Fidelity, GuildChoices, Strictness
from bot.domain.pictures import Fit, Shape, Size
from bot.domain.sizes import FreeSizes, Sizes
from bot.imaging.values import SQUARE_BYTES
from bot.providers.base import PNG, Capabilities, Operation
from bot.services.options import (
    OWN_BYTES,
    SQUARE_SIDE,
    check_options,
    framing_for,
    request_for,
)
from tests.services.studio import CHANNEL, GUILD, SOURCE, ask

SQUARE = Size(1024, 1024)
RICH = Capabilities(
    model="rich",
    operations=frozenset(Operation),
    sizes=Sizes(shapes={Shape.SQUARE: SQUARE, Shape.WIDE: Size(1536, 864)}, free=FreeSizes()),
    qualities=("low", "high"),
    default_quality="low",
    backgrounds=("opaque", "transparent"),
    markup=True,
    pictures=4,
    input_sides=(256, 1024, 2048),
    input_types=(PNG, "image/webp", "image/jpeg"),
    input_bytes=50_000_000,
    own_shape=True,
    formats=("png", "jpeg", "webp", "gif"),
    compressed=("jpeg", "webp"),
    transparent=("png", "webp"),
    previews=3,
)
OLD = Capabilities(
    model="old",
    operations=frozenset(Operation),
    sizes=Sizes(shapes={Shape.SQUARE: SQUARE}, exact=(Size(512, 512),)),
)
USUAL = GuildChoices()
OWN = GuildChoices(fidelity=Fidelity.OWN)
WATCHED = GuildChoices(previews=True)


def edit(**options: Any) -> Ask:
    return ask(Command.EDIT, **options)


def source(width: int = 640, height: int = 480, size: int = 100) -> Source:
    return replace(SOURCE, pixels=Size(width, height), size=size)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"shape": Shape.TALL}, "it offers: square, wide"),
        ({"quality": "max"}, "it offers: low, high"),
        ({"output_format": "svg"}, "it offers: png, jpeg, webp, gif"),
        ({"count": 5}, "1 to 4"),
        ({"references": (SOURCE,) * 4}, "at most 4 pictures"),
        ({"mask": SOURCE, "region": "top"}, "not both"),
        ({"mask": SOURCE, "markup": SOURCE}, "not both"),
        ({"region": "nowhere"}, "it is one of"),
        ({"region": "top", "shape": Shape.WIDE}, "own shape"),
        ({"region": "top", "output_format": "gif"}, "cannot be an edit with a mask"),
        ({"background": "transparent", "output_format": "jpeg"}, "one of: png, webp"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadOption) as caught:
        check_options(edit(**options), RICH)
    assert problem in str(caught.value.values["problem"])


@pytest.mark.parametrize(
    "options",
    [{"references": (SOURCE,)}, {"markup": SOURCE}, {"verbatim": True}],
)
def test_what_a_model_lacks_is_said(options: dict[str, Any]) -> None:
    with pytest.raises(NotSupported):
        check_options(edit(**options), OLD)


@pytest.mark.parametrize("name", ["source", "mask", "markup", "references"])
def test_every_file_has_a_limit(name: str) -> None:
    huge = replace(SOURCE, size=60_000_000)
    with pytest.raises(PictureTooLarge):
        check_options(edit(**{name: (huge,) if name == "references" else huge}), RICH)


def test_pictures_guide_words_where_a_model_looks_at_them() -> None:
    drawn = ask(references=(SOURCE, SOURCE))
    check_options(drawn, RICH)
    assert len(request_for(drawn, USUAL, RICH, "").images) == 2
    with pytest.raises(NotSupported):
        check_options(drawn, replace(RICH, pictures=0))


def test_the_estimate_knows_of_every_file_to_come() -> None:
    asked = edit(references=(SOURCE,), region="top")
    request = request_for(asked, USUAL, RICH, "")
    assert len(request.images) == 2
    assert request.mask is not None
    assert request.markup is None
    assert request_for(edit(markup=SOURCE), USUAL, RICH, "").markup is not None


@pytest.mark.parametrize(
    ("asked", "choices", "size"),
    [
        (ask(), USUAL, SQUARE),
        (ask(shape=Shape.WIDE), USUAL, Size(1536, 864)),
        (ask(shape=Size(1920, 1080)), USUAL, Size(1920, 1088)),
        (edit(source=source()), USUAL, SQUARE),
        (edit(source=source()), OWN, Size(1152, 864)),
        (edit(source=source(480, 640)), OWN, Size(864, 1152)),
        (edit(), OWN, SQUARE),  # nobody said how large the picture is
        (edit(source=source(), fit=Fit.CROP), OWN, SQUARE),
        (edit(source=source(), shape=Shape.WIDE), OWN, Size(1536, 864)),
    ],
)
def test_the_size_is_the_one_named_the_pictures_own_or_a_square(
    asked: Ask, choices: GuildChoices, size: Size
) -> None:
    assert request_for(asked, choices, RICH, "").size == size


def test_an_impossible_size_offers_the_nearest() -> None:
    with pytest.raises(BadOption) as caught:
        request_for(ask(shape=Size(4000, 100)), USUAL, RICH, "")
    assert "does not make 4000x100; the nearest that it makes is" in str(
        caught.value.values["problem"]
    )
    assert request_for(ask(shape=Size(512, 512)), USUAL, OLD, "").size == Size(512, 512)


def test_pictures_keep_their_shape_where_server_and_model_want_it() -> None:
    own = framing_for(OWN, RICH, Fit.PAD)
    assert (own.fit, own.side, own.limit) == (Fit.KEEP, 2048, OWN_BYTES)
    assert own.types == RICH.input_types
    for choices, can, fit in ((USUAL, RICH, Fit.PAD), (OWN, OLD, Fit.PAD), (OWN, RICH, Fit.CROP)):
        square = framing_for(choices, can, fit)
        assert (square.fit, square.side, square.limit) == (fit, SQUARE_SIDE, SQUARE_BYTES)


@pytest.mark.parametrize(
    ("options", "upload_limit", "output_format", "compression"),
    [
        ({}, 10_000_000, None, None),
        ({}, 1_000_000, "webp", 90),
        ({"output_format": "png"}, 1_000_000, "png", None),
        ({"output_format": "jpeg"}, 10_000_000, "jpeg", 95),
        ({"output_format": "gif"}, 10_000_000, "gif", None),
    ],
)
def test_the_file_type_is_the_one_named_or_one_that_fits(
    options: dict[str, Any], upload_limit: int, output_format: str | None, compression: int | None
) -> None:
    place = Place(guild_id=GUILD, channel_id=CHANNEL, upload_limit=upload_limit)
    request = request_for(ask(place=place, **options), USUAL, RICH, "")
    assert (request.output_format, request.compression) == (output_format, compression)
    assert request_for(ask(place=place), USUAL, OLD, "").output_format is None


@pytest.mark.parametrize(
    ("choices", "options", "can", "previews"),
    [
        (WATCHED, {}, RICH, 2),
        (USUAL, {}, RICH, 0),
        (WATCHED, {"count": 2}, RICH, 0),
        (WATCHED, {"output_format": "gif"}, RICH, 0),
        (WATCHED, {}, OLD, 0),
    ],
)
def test_previews_are_asked_for_where_they_can_be_shown(
    choices: GuildChoices, options: dict[str, Any], can: Capabilities, previews: int
) -> None:
    assert request_for(ask(**options), choices, can, "").previews == previews


@pytest.mark.parametrize("age_restricted", [True, False])
def test_low_strictness_holds_in_age_restricted_channels_only(age_restricted: bool) -> None:
    place = Place(guild_id=GUILD, channel_id=CHANNEL, age_restricted=age_restricted)
    low = GuildChoices(strictness=Strictness.LOW)
    request = request_for(ask(place=place), low, RICH, "")
    assert request.strictness == (Strictness.LOW if age_restricted else Strictness.AUTO)
