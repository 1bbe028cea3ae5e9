"""Prices: bounds before, truth after, honesty where nobody knows."""

from dataclasses import replace

import pytest

from bot.domain.pictures import Size
from bot.providers.base import InputPicture, Operation, PictureRequest
from bot.providers.models import MODELS, find
from bot.providers.prices import PriceList, Tokens, most_tokens

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


@pytest.mark.parametrize(
    "size", [Size(512, 512), Size(1536, 1024), Size(3840, 2160), Size(4096, 4096)]
)
def test_a_bound_holds_between_and_beyond_the_table(size: Size) -> None:
    expected = most_tokens(FLARE, replace(REQUEST, size=size, quality="max"))
    assert expected is not None
    pixels = size.width * size.height
    for row, tokens in FLARE.output_tokens["max"].items():
        if row.width * row.height <= pixels:
            assert expected.image_out >= tokens
    assert expected.image_out >= 7024


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
