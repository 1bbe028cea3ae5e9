"""Every request that the table of models allows, held against what the vendor refuses."""

import asyncio
import itertools
from collections.abc import Sequence

import pytest

from bot.providers.base import ProviderSettings
from bot.providers.models import MODELS, Model
from tests.fakes.images_answers import Fault, base64_of
from tests.fakes.images_api import FakeImages
from tests.fakes.images_rules import RULES
from tests.providers.conftest import Opener
from tests.providers.every_request import Choice, all_pairs, axes, every_request, possible
from tests.providers.pictures import square

SMALL = Fault(items=[{"b64_json": base64_of(square(16))}])
ALL = pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
SERVED = [model for model in MODELS.values() if model.name in RULES]


def test_the_strict_fake_serves_all_but_the_one_that_is_shut_down() -> None:
    assert MODELS.keys() - {model.name for model in SERVED} == {"gpt-image-1"}


@pytest.mark.parametrize("model", SERVED, ids=lambda model: model.name)
async def test_no_request_is_refused_and_no_bound_exceeded(
    model: Model, fake: FakeImages, open_on: Opener
) -> None:
    settings = ProviderSettings(
        name="openai", api_key="sk-test", base_url=fake.url, model=model.name
    )
    provider = await open_on(settings)
    requests = every_request(model.name)
    fake.script(*[SMALL] * sum(-(-request.count // model.per_call) for request in requests))
    answers = await asyncio.gather(*(provider.make(request) for request in requests))
    for request, answer in zip(requests, answers, strict=True):
        assert answer.pictures
        assert provider.estimate(request).micros >= answer.price.micros
    assert [call.refused for call in fake.calls if call.refused] == []


@ALL
def test_every_choice_of_every_option_is_asked_for(model: Model) -> None:
    requests = every_request(model.name)
    assert all(possible(model.can, request) for request in requests)
    for option in axes(model.can):
        for choice in option:
            assert any(
                all(getattr(request, name) == value for name, value in choice.items())
                for request in requests
            )


def test_pairs_are_all_pairs() -> None:
    nothing: Choice = {}
    options: list[Sequence[Choice]] = [[nothing] * 2, [nothing], [nothing] * 3]
    pairs = set(all_pairs(options))
    assert len(pairs) == 2 * 1 + 2 * 3 + 1 * 3
    for (a, x), (b, y) in itertools.combinations([(0, 1), (1, 0), (2, 2)], 2):
        assert (a, x, b, y) in pairs
