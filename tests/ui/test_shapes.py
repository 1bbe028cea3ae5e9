"""Shapes and sizes as people type them, and as they are offered."""

import pytest

from bot.domain.errors import BadOption
from bot.domain.pictures import Shape, Size
from bot.domain.sizes import Sizes
from bot.providers.models import DALLE_2_SIZES, FIXED_SIZES, FREE_SIZES
from bot.ui.shapes import offered_shapes, wanted_of

Offered = list[tuple[str, str]]


def _offered(sizes: Sizes, typed: str) -> Offered:
    return [(each.name, each.value) for each in offered_shapes("en-US", sizes, typed)]


def test_every_shape_is_offered_with_the_size_that_is_made() -> None:
    assert _offered(FREE_SIZES, "") == [
        ("square · 1024×1024", "square"),
        ("portrait · 1024×1536", "portrait"),
        ("landscape · 1536×1024", "landscape"),
        ("tall · 864×1536", "tall"),
        ("wide · 1536×864", "wide"),
    ]
    assert _offered(FIXED_SIZES, "WIDE") == [("wide · 1536×1024", "wide")]


def test_sizes_with_a_name_of_their_own_are_offered() -> None:
    assert _offered(DALLE_2_SIZES, "") == [
        ("square · 1024×1024", "square"),
        ("256×256", "256x256"),
        ("512×512", "512x512"),
    ]


@pytest.mark.parametrize(
    ("typed", "offer"),
    [
        ("1536x864", ("1536×864", "1536x864")),
        (" 1920 × 1080 ", ("1920×1080 → 1920×1088", "1920x1080")),
        ("5000x5000", ("2880×2880 (the nearest to 5000×5000)", "2880x2880")),
        ("4096X100", ("1408×480 (the nearest to 4096×100)", "1408x480")),
    ],
)
def test_a_size_that_is_typed_is_offered_with_what_comes_of_it(
    typed: str, offer: tuple[str, str]
) -> None:
    assert _offered(FREE_SIZES, typed) == [offer]


@pytest.mark.parametrize("sizes", [FREE_SIZES, FIXED_SIZES, DALLE_2_SIZES])
@pytest.mark.parametrize("typed", ["1x1", "99999x1", "1000x1000", "640x480", "3840x2160"])
def test_what_is_offered_for_a_size_can_be_made(sizes: Sizes, typed: str) -> None:
    ((_, value),) = _offered(sizes, typed)
    wanted = wanted_of(value)

    assert wanted is not None
    assert sizes.chosen(wanted)


@pytest.mark.parametrize("typed", ["1920x", "0x0", "round"])
def test_what_is_no_size_yet_offers_nothing(typed: str) -> None:
    assert _offered(FREE_SIZES, typed) == []


def test_what_is_sent_is_read() -> None:
    assert wanted_of(None) is None
    assert wanted_of("Wide") is Shape.WIDE
    assert wanted_of("1920×1080") == Size(1920, 1080)


@pytest.mark.parametrize("typed", ["", "round", "1920", "0x10", "1920x1080x3"])
def test_what_is_neither_shape_nor_size_is_refused_with_what_is(typed: str) -> None:
    with pytest.raises(BadOption) as refused:
        wanted_of(typed)

    problem = str(refused.value.values["problem"])
    assert "square, portrait, landscape" in problem
    assert "1536x1024" in problem
