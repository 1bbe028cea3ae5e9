"""The table of models, held against the SDK's own types and against itself."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Literal, get_args, get_origin, get_type_hints

import pytest
from openai.types.image_create_variation_params import ImageCreateVariationParams
from openai.types.image_edit_params import ImageEditParamsBase
from openai.types.image_generate_params import ImageGenerateParamsBase
from openai.types.image_model import ImageModel

from bot.domain.pictures import Shape
from bot.providers.base import Operation
from bot.providers.models import (
    DEFAULT_MODEL,
    GIF,
    LEFT_OUT,
    LEFT_OUT_FIELDS,
    MODELS,
    Dialect,
    Model,
    find,
    live_models,
)

TODAY = date(2026, 11, 22)


def literals(hint: object) -> set[str]:
    """Every word that a type hint of the SDK lists, however deep."""
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    return {word for part in get_args(hint) for word in literals(part)}


GENERATE = get_type_hints(ImageGenerateParamsBase)
EDIT = get_type_hints(ImageEditParamsBase)


def test_every_model_of_the_sdk_is_in_the_table() -> None:
    named = {*MODELS, *(dated for model in MODELS.values() for dated in model.snapshots)}
    assert set(get_args(ImageModel)) <= named


VARY = get_type_hints(ImageCreateVariationParams)
VENDOR_FIELDS = {"generate": GENERATE, "edit": EDIT, "variation": VARY}


def offered(field: str) -> set[str]:
    """Every value of *field* that some model of the table offers."""
    return {str(value) for model in MODELS.values() for value in OFFERED[field](model)}


OFFERED: dict[str, Callable[[Model], Iterable[object]]] = {
    "model": lambda model: (model.name, *model.snapshots),
    "quality": lambda model: model.can.qualities or ("standard",),
    "size": lambda model: (*model.can.sizes.shapes.values(), *model.can.sizes.exact),
    "style": lambda model: model.can.styles,
    "background": lambda model: model.can.backgrounds,
    "output_format": lambda model: model.can.formats,
    "moderation": lambda model: ("auto", "low") if model.can.strictness else (),
    "response_format": lambda model: ("b64_json",) if model.dialect is Dialect.DALLE else (),
    "complexity": lambda _: (),
    "input_fidelity": lambda _: (),
}


@pytest.mark.parametrize("endpoint", VENDOR_FIELDS)
def test_every_value_of_the_sdk_is_offered_or_left_out(endpoint: str) -> None:
    for field, hint in VENDOR_FIELDS[endpoint].items():
        if field != "svg" and (values := literals(hint)):
            assert values <= offered(field) | set(LEFT_OUT.get(field, ())), field


def test_nothing_is_left_out_that_is_offered_or_that_the_sdk_does_not_know() -> None:
    for field, values in LEFT_OUT.items():
        known = {word for fields in VENDOR_FIELDS.values() for word in literals(fields.get(field))}
        assert set(values) <= known
        assert not set(values) & offered(field)
        assert all(values.values())


SENT = {
    "prompt", "model", "n", "size", "quality", "style", "background", "output_format",
    "output_compression", "moderation", "response_format", "safety_identifier", "user",
    "image", "mask", "markup", "partial_images", "stream",
}  # fmt: skip
"""What `bot.providers.dialects` can send; test_steady sees that it does."""


def test_every_field_of_the_sdk_is_sent_or_left_out() -> None:
    known = {field for fields in VENDOR_FIELDS.values() for field in fields} | {"stream"}
    assert known == SENT | set(LEFT_OUT_FIELDS)
    assert not SENT & set(LEFT_OUT_FIELDS)


@pytest.mark.parametrize("name", ["gpt-image-1.5", "gpt-image-1-mini", "chatgpt-image-latest"])
def test_models_that_end_this_year_name_their_day(name: str) -> None:
    assert MODELS[name].ends == date(2026, 12, 1)


def test_the_sdk_s_words_on_models_are_the_table_s() -> None:
    for name, model in MODELS.items():
        newest = name.startswith(("gpt-image-2.5", "gpt-image-2.6"))
        assert model.can.markup == newest
        assert (GIF in model.can.formats) == name.startswith("gpt-image-2.6")
        assert bool(model.can.previews) == (model.dialect is Dialect.GPT_IMAGE)
        assert set(model.can.compressed) <= {"jpeg", "webp"}
        assert set(model.can.transparent) <= {"png", "webp"}
        assert model.can.pictures in ((16,) if model.dialect is Dialect.GPT_IMAGE else (0, 1))


def test_identifiers_and_strictness_are_fields_of_the_sdk() -> None:
    for model in MODELS.values():
        assert model.identifier in GENERATE
        assert model.identifier in EDIT
        assert model.can.strictness == (model.dialect is Dialect.GPT_IMAGE)
    assert "moderation" in GENERATE
    assert "moderation" not in EDIT


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_an_entry_is_whole(model: Model) -> None:
    able = model.can
    assert Shape.SQUARE in able.sizes.shapes
    assert Operation.GENERATE in able.operations
    assert (able.default_quality in able.qualities) == bool(able.qualities)
    assert (model.ends is None) == (model.successor is None)
    assert model.successor is None or MODELS[model.successor].live(TODAY)
    for quality in able.qualities or ("standard",):
        for size in able.sizes.shapes.values():
            assert model.output_tokens.get(quality) or model.picture_micros[quality, size]
    assert list(model.output_tokens) in ([], list(model.can.qualities))


def test_the_default_is_live_and_first() -> None:
    assert next(iter(MODELS)) == DEFAULT_MODEL
    assert MODELS[DEFAULT_MODEL].ends is None


def test_models_leave_on_their_last_day() -> None:
    before = {model.name for model in live_models(Dialect.GPT_IMAGE, TODAY)}
    after = {model.name for model in live_models(Dialect.GPT_IMAGE, date(2026, 12, 1))}
    assert before - after == {"gpt-image-1.5", "gpt-image-1-mini", "chatgpt-image-latest"}
    assert "gpt-image-1" not in before
    assert live_models(Dialect.DALLE, TODAY) == ()


@pytest.mark.parametrize(
    ("name", "chosen", "vendor", "dialect", "known"),
    [
        ("gpt-image-2", "auto", True, Dialect.GPT_IMAGE, True),
        ("gpt-image-2-2026-04-21", "auto", True, Dialect.GPT_IMAGE, True),
        ("gpt-image-2-2027-01-31", "auto", True, Dialect.GPT_IMAGE, True),
        ("gpt-image-2-2027-01-31", "auto", False, Dialect.GPT_IMAGE, False),
        ("gpt-image-2.5-flare-latest", "auto", True, Dialect.GPT_IMAGE, True),
        ("chatgpt-image-latest", "auto", True, Dialect.GPT_IMAGE, True),
        ("gpt-image-3-2027-01-31", "auto", True, Dialect.GPT_IMAGE, False),
        ("openai/gpt-image-2", "auto", False, Dialect.GPT_IMAGE, True),
        ("gpt-image-3", "auto", True, Dialect.GPT_IMAGE, False),
        ("gpt-image-3", "auto", False, Dialect.GPT_IMAGE, False),
        ("flux.1-dev", "auto", False, Dialect.DALLE, False),
        ("flux.1-dev", "gpt-image", False, Dialect.GPT_IMAGE, False),
        ("dall-e-2", "auto", False, Dialect.DALLE, True),
        ("gpt-image-2", "dalle", False, Dialect.DALLE, False),
        ("dall-e-2", "dalle", False, Dialect.DALLE, True),
    ],
)
def test_what_is_known_of_a_name(
    name: str,
    chosen: Literal["auto", "gpt-image", "dalle"],
    vendor: bool,
    dialect: Dialect,
    known: bool,
) -> None:
    model = find(name, chosen, vendor=vendor)
    assert model.name == name
    assert model.dialect is dialect
    assert bool(model.output_tokens or model.picture_micros) is known
