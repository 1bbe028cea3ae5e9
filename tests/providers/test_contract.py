"""What every picture maker promises, held against every entry of the registry and each dialect."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

import pytest

from bot.domain.asks import Strength
from bot.domain.errors import OperationMissing
from bot.domain.pictures import Shape
from bot.providers.base import (
    Answer,
    Capabilities,
    ImageProvider,
    InputPicture,
    Operation,
    PictureRequest,
    ProviderSettings,
)
from bot.providers.registry import PROVIDERS, open_provider
from tests.fakes.images_api import FakeImages
from tests.providers.conftest import draw
from tests.providers.pictures import difference, mask, opened, square


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way to set a provider up."""

    settings: ProviderSettings
    loopback: bool = True


def _openai(model: str) -> Case:
    return Case(settings=ProviderSettings(name="openai", api_key="sk-test", model=model))


CASES = {
    "sketch": Case(settings=ProviderSettings(name="sketch"), loopback=False),
    "gpt-image": _openai("gpt-image-2.5-flare"),
    "gpt-image-2": _openai("gpt-image-2"),
    "dall-e-2": _openai("dall-e-2"),
    "dall-e-3": _openai("dall-e-3"),
    "compatible": _openai("our-model"),
}


@pytest.fixture(params=CASES)
async def provider(
    request: pytest.FixtureRequest, fake: FakeImages
) -> AsyncGenerator[ImageProvider]:
    case = CASES[request.param]
    settings = replace(case.settings, base_url=fake.url) if case.loopback else case.settings
    async with open_provider(settings, draw=draw) as opened_provider:
        yield opened_provider
        assert [call.refused for call in fake.calls if call.refused] == []


@pytest.fixture
def able(provider: ImageProvider) -> Capabilities:
    return next(iter(provider.models.values()))


def ask(able: Capabilities, operation: Operation, prompt: str = "a fox") -> PictureRequest:
    given = None if operation is Operation.GENERATE else square()
    return PictureRequest(
        operation=operation,
        model=able.model,
        prompt=prompt,
        size=able.sizes.shapes[Shape.SQUARE],
        images=(InputPicture(given),) if given else (),
        quality=able.default_quality,
        member="0123456789abcdef",
        strictness="auto",
        seed=1,
    )


def can(able: Capabilities, operation: Operation) -> bool:
    return operation in able.operations


async def made(provider: ImageProvider, request: PictureRequest) -> Answer:
    """Make pictures and hold them against what is promised of every answer."""
    answer = await provider.make(request)
    assert len(answer.pictures) == request.count
    for picture in answer.pictures:
        assert picture.media_type == "image/png"
        assert opened(picture.data).size == (request.size.width, request.size.height)
    assert answer.price.version
    estimate = provider.estimate(request)
    assert estimate.micros >= answer.price.micros
    assert estimate.version == answer.price.version
    return answer


def test_every_registry_entry_is_held_to_this() -> None:
    by_their_own_tests = {"azure"}  # the same class on other paths: test_azure
    held = {case.settings.name for case in CASES.values()}
    assert held | by_their_own_tests == set(PROVIDERS)


async def test_words_become_a_picture_of_every_shape(
    provider: ImageProvider, able: Capabilities
) -> None:
    for size in able.sizes.shapes.values():
        await made(provider, replace(ask(able, Operation.GENERATE), size=size))


async def test_count_gives_that_many_different_pictures(
    provider: ImageProvider, able: Capabilities
) -> None:
    answer = await made(provider, replace(ask(able, Operation.GENERATE), count=3))
    if able.model not in ("our-model", "dall-e-3"):  # the fake knows not which of three calls it is
        assert len({picture.data for picture in answer.pictures}) == 3


async def test_every_option_is_taken(provider: ImageProvider, able: Capabilities) -> None:
    request = ask(able, Operation.GENERATE)
    for quality in able.qualities:
        await made(provider, replace(request, quality=quality))
    for style in able.styles:
        await made(provider, replace(request, style=style))
    for background in able.backgrounds:
        await made(provider, replace(request, background=background))


async def test_transparent_is_really_transparent(
    provider: ImageProvider, able: Capabilities
) -> None:
    if "transparent" not in able.backgrounds:
        return
    request = replace(ask(able, Operation.GENERATE), background="transparent")
    answer = await made(provider, request)
    least, most = opened(answer.pictures[0].data).getchannel("A").getextrema()
    assert (least, most) == (0, 255)


async def test_an_edit_changes_the_whole_picture(
    provider: ImageProvider, able: Capabilities
) -> None:
    request = ask(able, Operation.EDIT, "make it green")
    if not can(able, Operation.EDIT):
        with pytest.raises(OperationMissing):
            await provider.make(request)
        return
    answer = await made(provider, request)
    assert difference(answer.pictures[0].data, square(1024)) > 5


async def test_an_edit_with_a_mask_stays_inside_it(
    provider: ImageProvider, able: Capabilities
) -> None:
    if not can(able, Operation.EDIT):
        return
    request = ask(able, Operation.EDIT, "a red boat")
    request = replace(request, images=(InputPicture(square(1024)),), mask=mask(1024))
    answer = await made(provider, request)
    before, after = opened(square(1024)), opened(answer.pictures[0].data)
    assert before.crop((0, 0, 1024, 256)).tobytes() == after.crop((0, 0, 1024, 256)).tobytes()
    inside = (256, 256, 768, 640)
    assert before.crop(inside).tobytes() != after.crop(inside).tobytes()


@pytest.mark.parametrize("hint", ["", "as a watercolour"])
async def test_a_variation_changes_the_picture(
    provider: ImageProvider, able: Capabilities, hint: str
) -> None:
    request = ask(able, Operation.VARY, hint)
    if not can(able, Operation.VARY):
        with pytest.raises(OperationMissing):
            await provider.make(request)
        return
    for strength in Strength:
        answer = await made(provider, replace(request, strength=strength))
        assert difference(answer.pictures[0].data, square(1024)) > 1


async def test_the_longest_prompt_is_taken(provider: ImageProvider, able: Capabilities) -> None:
    room = able.prompt_room(Operation.GENERATE)
    await made(provider, ask(able, Operation.GENERATE, "x" * room))
    if can(able, Operation.VARY):
        room = able.prompt_room(Operation.VARY)
        await made(provider, replace(ask(able, Operation.VARY, "x" * room)))


async def test_verbatim_fits_too(provider: ImageProvider, able: Capabilities) -> None:
    room = able.prompt_room(Operation.GENERATE, verbatim=True)
    await made(provider, replace(ask(able, Operation.GENERATE, "x" * room), verbatim=True))


async def test_a_check_spends_nothing(
    provider: ImageProvider, fake: FakeImages, able: Capabilities
) -> None:
    findings = await provider.check()
    assert findings
    assert all(finding.says for finding in findings)
    assert all(finding.cure for finding in findings if not finding.well)
    assert fake.calls == []
    assert able.model in provider.models
