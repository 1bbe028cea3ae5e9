"""An Azure resource through the real SDK: its paths, its header, a deployment for a model."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from bot.domain.errors import ContentRefused, ModelGone, NotSetUp, SetupError
from bot.domain.pictures import Size
from bot.providers.azure import API_VERSION
from bot.providers.base import InputPicture, Operation, PictureRequest, ProviderSettings
from bot.providers.registry import open_provider
from tests.fakes.azure_images import KEY, FakeAzure
from tests.providers.pictures import square

AZURE = ProviderSettings(
    name="azure",
    api_key=KEY,
    base_url="https://easel.openai.azure.com",
    model="pictures",
    model_family="gpt-image-2",
)
REQUEST = PictureRequest(
    operation=Operation.GENERATE,
    model="pictures",
    prompt="a fox",
    size=Size(1024, 1024),
    quality="low",
)


@pytest.fixture
async def azure(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[FakeAzure]:
    for name in ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN", "OPENAI_API_VERSION"):
        monkeypatch.setenv(name, "from-outside")
    async with FakeAzure("pictures", API_VERSION).run() as running:
        yield running


@pytest.mark.parametrize("operation", [Operation.GENERATE, Operation.EDIT, Operation.VARY])
async def test_pictures_come_from_the_deployment(operation: Operation, azure: FakeAzure) -> None:
    images = () if operation is Operation.GENERATE else (InputPicture(square()),)
    request = replace(REQUEST, operation=operation, images=images)
    async with open_provider(replace(AZURE, base_url=azure.url)) as provider:
        answer = await provider.make(request)
    assert len(answer.pictures) == 1
    assert answer.price.known
    assert 0 < answer.price.micros <= provider.estimate(request).micros
    assert azure.refused == []
    assert azure.asked[0].operation == ("edits" if images else "generations")


async def test_what_a_deployment_can_is_what_its_model_can(azure: FakeAzure) -> None:
    async with open_provider(replace(AZURE, base_url=azure.url)) as provider:
        assert provider.name == "azure"
        assert list(provider.models) == ["pictures"]
        assert provider.models["pictures"].qualities == ("low", "medium", "high")
        assert await provider.endings() == ()
        assert provider.stops == ()
    newer = replace(AZURE, base_url=azure.url, model_family="gpt-image-2.5-flare")
    async with open_provider(newer) as provider:
        assert "max" in provider.models["pictures"].qualities
    nameless = replace(AZURE, base_url=azure.url, model_family=None)
    async with open_provider(nameless) as provider:
        assert provider.models["pictures"].previews
        assert not provider.estimate(REQUEST).known


async def test_its_filter_is_a_refusal(azure: FakeAzure) -> None:
    async with open_provider(replace(AZURE, base_url=azure.url)) as provider:
        with pytest.raises(ContentRefused) as caught:
            await provider.make(replace(REQUEST, prompt="something forbidden"))
    assert caught.value.categories == ("hate",)


@pytest.mark.parametrize(
    ("change", "error", "cause"),
    [
        ({"api_key": "other"}, NotSetUp, "access"),
        ({"model": "elsewhere"}, ModelGone, "model"),
    ],
)
async def test_a_wrong_key_or_deployment_stops_the_calls(
    change: dict[str, str], error: type[Exception], cause: str, azure: FakeAzure
) -> None:
    settings = replace(AZURE, base_url=azure.url, **change)
    async with open_provider(settings) as provider:
        request = replace(REQUEST, model=settings.model or "")
        for _ in range(2):
            with pytest.raises(error):
                await provider.make(request)
        assert [stop.cause for stop in provider.stops] == [cause]
    assert len(azure.refused) == 1


async def test_the_check_says_what_could_be_checked(azure: FakeAzure) -> None:
    async with open_provider(replace(AZURE, base_url=azure.url)) as provider:
        found = await provider.check()
    assert all(finding.well for finding in found)
    assert "does not list its deployments" in found[0].says
    assert "pictures" in found[1].says
    assert azure.asked == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"base_url": None}, "OPENAI_BASE_URL"),
        ({"base_url": "easel.openai.azure.com"}, "OPENAI_BASE_URL"),
        ({"api_key": None}, "OPENAI_API_KEY"),
        ({"model": None}, "OPENAI_MODEL is"),
        ({"model_family": "flux"}, "OPENAI_MODEL_FAMILY"),
    ],
)
async def test_what_is_missing_is_told(change: dict[str, str | None], word: str) -> None:
    with pytest.raises(SetupError, match=word):
        async with open_provider(replace(AZURE, **change)):
            pass


async def test_an_alias_at_a_proxy_may_say_what_it_is() -> None:
    alias = replace(
        AZURE, name="openai", base_url="http://127.0.0.1:9/v1", model_family="gpt-image-2"
    )
    async with open_provider(alias) as provider:
        assert provider.models["pictures"].qualities == ("low", "medium", "high")
        assert provider.estimate(REQUEST).known
