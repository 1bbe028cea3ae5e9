"""The table of models, held against the SDK's own types and against itself."""

from datetime import date
from typing import Literal, get_args, get_origin, get_type_hints

import pytest
from openai.types.image_edit_params import ImageEditParamsBase
from openai.types.image_generate_params import ImageGenerateParamsBase
from openai.types.image_model import ImageModel

from bot.domain.pictures import Shape
from bot.providers.base import Operation
from bot.providers.models import DEFAULT_MODEL, MODELS, Dialect, Model, find, live_models

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


@pytest.mark.parametrize(
    ("field", "left_out"),
    [("quality", {"auto"}), ("style", set[str]()), ("background", set[str]())],
)
def test_every_value_of_the_sdk_is_offered_by_some_model(field: str, left_out: set[str]) -> None:
    names = {"quality": "qualities", "style": "styles", "background": "backgrounds"}
    offered = {value for model in MODELS.values() for value in getattr(model.can, names[field])}
    assert literals(GENERATE[field]) - left_out == offered


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
