"""Sizes that people say, and what a model makes of them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.pictures import Shape, Size
from bot.domain.sizes import FreeSizes, SizeImpossible, Sizes, parse_wanted

FREE = FreeSizes()
SQUARE, WIDE = Size(1024, 1024), Size(1536, 1024)
FIXED = Sizes(shapes={Shape.SQUARE: SQUARE, Shape.LANDSCAPE: WIDE}, exact=(Size(512, 512),))
ANY = Sizes(shapes=FIXED.shapes, free=FREE)
sides = st.integers(1, 99_999)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Wide", Shape.WIDE),
        (" tall ", Shape.TALL),
        ("1024x1536", Size(1024, 1536)),
        ("1024 × 1536", Size(1024, 1536)),
        ("640X480", Size(640, 480)),
    ],
)
def test_people_write_sizes_in_several_ways(text: str, wanted: Shape | Size) -> None:
    assert parse_wanted(text) == wanted


@pytest.mark.parametrize(
    "text", ["", "huge", "0x512", "12", "1x2x3", "-4x4", "123456x1", "\u0661x\u0662"]
)
def test_what_is_no_size_is_none(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - StrEnum says it in its own words
        parse_wanted(text)


@pytest.mark.parametrize(
    ("size", "accepted"),
    [
        (Size(1024, 1024), True),
        (Size(3840, 2160), True),
        (Size(1920, 1088), True),
        (Size(1920, 1080), False),  # 1080 is no multiple of 16
        (Size(512, 512), False),  # too few pixels
        (Size(3840, 3840), False),  # too many
        (Size(3856, 1600), False),  # too long
        (Size(2064, 656), False),  # longer than three to one
        (Size(1968, 656), True),
    ],
)
def test_the_rule_of_free_sizes(size: Size, accepted: bool) -> None:
    assert FREE.accepts(size) is accepted


@given(sides, sides)
def test_the_nearest_size_is_always_one_that_is_made(width: int, height: int) -> None:
    near = FREE.nearest(Size(width, height))
    assert FREE.accepts(near)
    assert FREE.nearest(near) == near


@given(sides, sides)
@example(1, 51_167)
def test_a_picture_keeps_its_aspect_where_the_rule_allows_it(width: int, height: int) -> None:
    made = ANY.like(Size(width, height))
    assert FREE.accepts(made)
    assert made.width * made.height <= SQUARE.width * SQUARE.height
    if width <= 3 * height and height <= 3 * width:
        assert made.width / made.height == pytest.approx(width / height, rel=0.03)


@pytest.mark.parametrize(
    ("sizes", "wanted", "chosen"),
    [
        (FIXED, Shape.LANDSCAPE, WIDE),
        (FIXED, Size(512, 512), Size(512, 512)),
        (FIXED, WIDE, WIDE),
        (ANY, Size(1920, 1080), Size(1920, 1088)),
        (ANY, Size(1600, 1200), Size(1600, 1200)),
    ],
)
def test_what_is_asked_for_is_made(sizes: Sizes, wanted: Shape | Size, chosen: Size) -> None:
    assert sizes.chosen(wanted) == chosen


@pytest.mark.parametrize(
    ("sizes", "wanted", "nearest"),
    [
        (FIXED, Size(1000, 1000), SQUARE),
        (FIXED, Size(1920, 1080), WIDE),
        (ANY, Size(256, 256), Size(816, 816)),
        (ANY, Size(8000, 1000), Size(3840, 1280)),
    ],
)
def test_what_cannot_be_made_names_what_can(sizes: Sizes, wanted: Size, nearest: Size) -> None:
    with pytest.raises(SizeImpossible) as caught:
        sizes.chosen(wanted)
    assert caught.value.nearest == nearest


def test_a_model_with_few_sizes_takes_the_nearest_shape() -> None:
    assert FIXED.like(Size(4000, 3000)) == WIDE
    assert FIXED.like(Size(500, 480)) == SQUARE
