"""Prices: bounds before, truth after, honesty where nobody knows."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.pictures import Size
from bot.providers.answers import parse
from bot.providers.base import InputPicture, Operation, PictureRequest
from bot.providers.models import MODELS, Model, find
from bot.providers.prices import PriceList, Tokens, most_tokens
from tests.fakes.images_answers import base64_of
from tests.providers.pictures import square

REQUEST = PictureRequest(
    operation=Operation.GENERATE,
    model="gpt-image-2.5-flare",
    prompt="",
    size=Size(1024, 1024),
    quality="medium",
)
PRICES = PriceList(unknown_micros=1_000)
FLARE = MODELS["gpt-image-2.5-flare"]


def priced(name: str, used: Tokens) -> int:
    return PRICES.actual(MODELS[name], REQUEST, 1, used).micros


def test_the_default_model_costs_about_a_cent() -> None:
    used = Tokens(text_in=0, image_in=0, image_out=439)
    assert priced("gpt-image-2.5-flare", used) == 439 * 30


@pytest.mark.parametrize(
    ("name", "text_in", "image_in", "image_out"),
    [
        ("gpt-image-2", 5, 8, 30),
        ("gpt-image-2.5-flare", 5, 8, 30),
        ("gpt-image-2.5-sunburst", 5, 8, 30),
        ("gpt-image-2.6-flare", 5, 8, 30),
        ("gpt-image-2.6-sunburst", 5, 8, 30),
        ("gpt-image-1.5", 5, 8, 32),
        ("chatgpt-image-latest", 5, 8, 32),
        ("gpt-image-1-mini", 2, 2.5, 8),
    ],
)
def test_tokens_have_the_prices_of_the_vendor_s_page(
    name: str, text_in: float, image_in: float, image_out: float
) -> None:
    """Dollars a million tokens are micro-dollars a token."""
    assert priced(name, Tokens(text_in=1000, image_in=0, image_out=0)) == text_in * 1000
    assert priced(name, Tokens(text_in=0, image_in=1000, image_out=0)) == image_in * 1000
    assert priced(name, Tokens(text_in=0, image_in=0, image_out=1000)) == image_out * 1000


def test_every_quality_has_a_bound_that_grows() -> None:
    for model in MODELS.values():
        bounds = [
            PRICES.estimate(model, replace(REQUEST, model=model.name, quality=quality), 1).micros
            for quality in model.can.qualities
        ]
        assert bounds == sorted(bounds)
        assert all(bounds)


FREE = [model for model in MODELS.values() if model.can.sizes.free]
SIDES = st.integers(16, 240).map(lambda steps: steps * 16)


def output(model: Model, size: Size, quality: str) -> int:
    expected = most_tokens(model, replace(REQUEST, size=size, quality=quality))
    assert expected is not None
    return expected.image_out


def by_rule(grid: int, size: Size) -> int:
    """The tokens of a picture by the rule that the vendor's table follows."""
    short, long = sorted((size.width, size.height))
    cells = grid * round(grid * short / long)
    return math.ceil(cells * (2_000_000 + short * long) / 4_000_000)


GRIDS = {"low": 16, "medium": 24, "high": 48, "xhigh": 64, "max": 96}


def test_the_vendor_s_table_follows_one_rule() -> None:
    for quality, row in FLARE.output_tokens.items():
        for size, tokens in row.items():
            assert by_rule(GRIDS[quality], size) == tokens


@pytest.mark.parametrize("model", FREE, ids=lambda model: model.name)
def test_no_row_of_the_table_is_above_the_bound(model: Model) -> None:
    for quality, row in model.output_tokens.items():
        for size, tokens in row.items():
            assert output(model, size, quality) >= tokens


@given(SIDES, SIDES, st.sampled_from(sorted(GRIDS)))
def test_a_bound_holds_at_any_size(width: int, height: int, quality: str) -> None:
    size = Size(width, height)
    if FLARE.can.sizes.free is not None and FLARE.can.sizes.free.accepts(size):
        bound, truth = output(FLARE, size, quality), by_rule(GRIDS[quality], size)
        assert truth <= bound <= truth * 1.2 + 1


@given(SIDES, SIDES, st.integers(1, 40), st.booleans())
def test_a_larger_picture_of_the_same_shape_is_never_cheaper(
    width: int, height: int, more: int, both: bool
) -> None:
    small = Size(width, height)
    short = min(width, height) + more
    large = Size(width * 2, height * 2) if both else Size(max(width, height, short), short)
    assert output(FLARE, large, "high") >= output(FLARE, small, "high")


@pytest.mark.parametrize("size", [Size(512, 512), Size(1536, 1024), Size(2048, 2048)])
def test_a_bound_holds_beyond_the_fixed_sizes_too(size: Size) -> None:
    model = MODELS["gpt-image-1.5"]
    pixels = size.width * size.height
    for row, tokens in model.output_tokens["high"].items():
        if row.width * row.height <= pixels:
            assert output(model, size, "high") >= tokens


def test_previews_cost_a_hundred_tokens_each() -> None:
    plain = PRICES.estimate(FLARE, REQUEST, 1).micros
    assert PRICES.estimate(FLARE, replace(REQUEST, previews=2), 1).micros == plain + 200 * 30
    for unshown in (replace(REQUEST, previews=2, count=2), replace(REQUEST, previews=0)):
        assert PRICES.estimate(FLARE, unshown, 1).micros == plain


def test_every_picture_mask_and_drawing_that_is_brought_counts() -> None:
    one = InputPicture(b"png")
    plain = PRICES.estimate(FLARE, REQUEST, 1).micros
    four = PRICES.estimate(FLARE, replace(REQUEST, images=(one,) * 4), 1).micros
    guided = PRICES.estimate(FLARE, replace(REQUEST, images=(one,), markup=b"png"), 1).micros
    assert four - plain == 4 * 1_536 * 8
    assert guided - plain == 2 * 1_536 * 8


def test_an_animated_picture_counts_as_nine() -> None:
    model = MODELS["gpt-image-2.6-flare"]
    still = output(model, REQUEST.size, "medium")
    expected = most_tokens(model, replace(REQUEST, output_format="gif"))
    assert expected is not None
    assert expected.image_out == 9 * still


def test_a_streamed_answer_is_priced_as_a_picture() -> None:
    """Its usage does not split the output; priced as text it would cost a third."""
    usage = {
        "input_tokens": 50,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
        "output_tokens": 4_160,
        "total_tokens": 4_210,
    }
    body = json.dumps({"data": [{"b64_json": base64_of(square())}], "usage": usage})
    used = parse(body.encode()).used
    expected = Tokens(text_in=10, image_in=40, image_out=4_160)
    assert used == expected
    assert priced("gpt-image-1.5", expected) == 10 * 5 + 40 * 8 + 4_160 * 32


def test_pictures_given_and_instructions_are_counted() -> None:
    plain = PRICES.estimate(FLARE, REQUEST, 1).micros
    vary = replace(REQUEST, operation=Operation.VARY, images=(InputPicture(b"png"),))
    assert PRICES.estimate(FLARE, vary, 1).micros > plain + 1_024 * 8
    assert PRICES.estimate(FLARE, vary, 3).micros == 3 * PRICES.estimate(FLARE, vary, 1).micros


def test_lone_surrogates_have_a_price() -> None:
    assert PRICES.estimate(FLARE, replace(REQUEST, prompt="\ud800"), 1).known


@pytest.mark.parametrize(
    ("name", "quality", "size", "micros"),
    [
        ("dall-e-2", None, Size(256, 256), 16_000),
        ("dall-e-2", None, Size(1024, 1024), 20_000),
        ("dall-e-3", None, Size(1024, 1024), 40_000),
        ("dall-e-3", "hd", Size(1792, 1024), 120_000),
    ],
)
def test_pictures_priced_by_the_piece(
    name: str, quality: str | None, size: Size, micros: int
) -> None:
    request = replace(REQUEST, quality=quality, size=size)
    for price in (
        PRICES.estimate(MODELS[name], request, 2),
        PRICES.actual(MODELS[name], request, 2, None),
    ):
        assert (price.micros, price.known) == (2 * micros, True)


def test_unknown_models_cost_what_the_operator_says() -> None:
    model = find("flux", vendor=False)
    for price in (PRICES.estimate(model, REQUEST, 2), PRICES.actual(model, REQUEST, 2, None)):
        assert (price.micros, price.known) == (2_000, False)
    counted = PRICES.actual(model, REQUEST, 1, Tokens(text_in=1, image_in=0, image_out=9))
    assert (counted.micros, counted.known) == (1_000, False)


AT_VENDOR = PriceList(unknown_micros=0, vendor=True)


@pytest.mark.parametrize("quality", ["low", "medium", "high", "xhigh", "max"])
@pytest.mark.parametrize("operation", [Operation.GENERATE, Operation.VARY])
def test_at_the_vendor_an_unknown_model_is_as_dear_as_any(
    quality: str, operation: Operation
) -> None:
    request = replace(REQUEST, quality=quality, operation=operation, images=(InputPicture(b"png"),))
    bound = AT_VENDOR.estimate(find("gpt-image-3"), request, 1)
    known = [
        AT_VENDOR.estimate(model, request, 1).micros
        for model in MODELS.values()
        if quality in model.can.qualities
    ]
    assert bound.micros == max(known)
    assert not bound.known
    assert AT_VENDOR.actual(find("gpt-image-3"), request, 2, None).micros == 2 * bound.micros


@pytest.mark.parametrize("quality", [None, "ultra"])
def test_at_the_vendor_an_unknown_quality_is_the_dearest(quality: str | None) -> None:
    other = AT_VENDOR.estimate(find("gpt-image-2", "dalle"), replace(REQUEST, quality=quality), 1)
    dearest = AT_VENDOR.estimate(find("gpt-image-3"), replace(REQUEST, quality="max"), 1)
    assert other.micros >= dearest.micros > 200_000
    assert not other.known


def test_at_the_vendor_the_tokens_of_an_unknown_model_have_the_dearest_prices() -> None:
    used = Tokens(text_in=1_000, image_in=1_000, image_out=1_000)
    price = AT_VENDOR.actual(find("gpt-image-3"), REQUEST, 1, used)
    dearest = max(priced(name, used) for name in MODELS if MODELS[name].priced_as)
    assert (price.micros, price.known) == (dearest, False)


def test_a_dated_name_has_the_price_of_its_model() -> None:
    price = AT_VENDOR.estimate(find("gpt-image-2-2027-01-31"), REQUEST, 1)
    assert price == AT_VENDOR.estimate(MODELS["gpt-image-2"], REQUEST, 1)
    assert price.known


def test_without_usage_the_bound_is_booked_and_said_to_be_unknown() -> None:
    price = PRICES.actual(FLARE, REQUEST, 1, None)
    assert price.micros == PRICES.estimate(FLARE, REQUEST, 1).micros
    assert not price.known


def test_a_price_says_which_list_it_came_from() -> None:
    assert "genai-prices 0.2" in PRICES.estimate(FLARE, REQUEST, 1).version
