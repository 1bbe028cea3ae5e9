"""Every request that we can send, held against the vendor's own OpenAPI file by steady."""

import json
from collections.abc import Generator
from dataclasses import replace
from datetime import date
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from openai.types.image_create_variation_params import ImageCreateVariationParams
from openai.types.image_edit_params import ImageEditParamsBase
from openai.types.image_generate_params import ImageGenerateParamsBase

from bot.domain.errors import ParameterRejected
from bot.providers.base import ProviderSettings
from bot.providers.models import MODELS, Model
from bot.providers.openai_images import open_openai_images
from tests.fakes.steady import server
from tests.providers.conftest import Opener
from tests.providers.every_request import every_request

SCHEMAS: dict[str, Any] = json.loads(server.SPEC.read_bytes())["components"]["schemas"]


@pytest.fixture(scope="module")
def steady() -> Generator[str]:
    try:
        with server.running() as url:
            yield url
    except server.SteadyMissingError as error:
        pytest.skip(f"steady cannot be had here: {error}")


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
async def test_every_request_is_valid(model: Model, steady: str, open_on: Opener) -> None:
    settings = ProviderSettings(name="openai", api_key="sk-test", base_url=steady, model=model.name)
    provider = await open_on(settings)
    for request in every_request(model.name):
        answer = await provider.make(request)
        assert answer.pictures


async def test_steady_does_refuse(steady: str, open_on: Opener) -> None:
    settings = ProviderSettings(name="openai", api_key="sk-test", base_url=steady)
    provider = await open_on(settings)
    request = every_request("gpt-image-2")[0]
    with pytest.raises(ParameterRejected):
        await provider.make(replace(request, quality="splendid"))


async def test_the_list_of_models_is_read(steady: str) -> None:
    settings = ProviderSettings(name="openai", api_key="sk-test", base_url=steady)
    async with open_openai_images(settings, today=lambda: date(2026, 11, 22)) as provider:
        assert (await provider.check())[0].well


# --- the cut is not older than the SDK ------------------------------------------------------------

PARAMETERS = {
    "CreateImageRequest": ImageGenerateParamsBase,
    "CreateImageEditRequest": ImageEditParamsBase,
    "CreateImageVariationRequest": ImageCreateVariationParams,
}


def literals(hint: object) -> set[object]:
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    return {word for part in get_args(hint) for word in literals(part)}


def allowed(schema: Any) -> set[object]:
    found = set(schema.get("enum", ()))
    for inner in schema.get("anyOf", ()):
        found |= allowed(inner)
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return found | (allowed(SCHEMAS[name]) if name else set())


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_cut_knows_what_the_sdk_knows(name: str) -> None:
    properties = SCHEMAS[name]["properties"]
    for field, hint in get_type_hints(PARAMETERS[name]).items():
        if field == "svg":  # Easel asks for no drawings in SVG
            continue
        assert field in properties
        if field != "model":  # any name is allowed there
            assert literals(hint) - {False, True} <= allowed(properties[field])
