"""Opening, offering, checking, and the wire as the server sees it."""

import asyncio
from dataclasses import replace
from datetime import date

import httpx2
import openai
import pytest

from bot.domain.errors import MaybeBilled, NonsenseAnswer, NotSetUp, ParameterRejected, SetupError
from bot.domain.pictures import Size
from bot.providers import dialects, images_client
from bot.providers.base import InputPicture, Operation, PictureRequest, ProviderSettings
from bot.providers.checks import findings
from bot.providers.endings import today
from bot.providers.images_client import VENDOR_URL, ImagesClient, open_sdk
from bot.providers.models import MODELS, find
from bot.providers.openai_images import is_vendor, open_openai_images
from tests.fakes.images_answers import Fault, base64_of, error
from tests.fakes.images_api import WRONG_KEY, FakeImages
from tests.fakes.images_rules import RULES
from tests.providers.conftest import TODAY, Opener
from tests.providers.pictures import mask, square

OPENAI = ProviderSettings(name="openai", api_key="sk-test")
EDIT = PictureRequest(
    operation=Operation.EDIT,
    model="gpt-image-2.5-flare",
    prompt="a fox",
    size=Size(1024, 1024),
    quality="low",
    images=(InputPicture(square()),),
    mask=mask(),
    member="hash",
)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        (ProviderSettings(name="openai"), "OPENAI_API_KEY"),
        (ProviderSettings(name="openai", base_url="example.test/v1"), "OPENAI_BASE_URL"),
    ],
)
async def test_incomplete_settings_are_told(settings: ProviderSettings, word: str) -> None:
    with pytest.raises(SetupError, match=word):
        async with open_openai_images(settings):
            pass


def test_the_key_is_never_shown() -> None:
    assert "sk-test" not in repr(OPENAI)


async def test_the_environment_is_not_read(
    fake: FakeImages, open_on: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "from-outside")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    provider = await open_on(ProviderSettings(name="openai", base_url=fake.url))
    await provider.make(EDIT)
    assert "from-outside" not in str(dict(fake.calls[0].headers))


@pytest.mark.parametrize("change", [{"api_key": "sk-\u043a"}, {"organization": "\u00e9"}])
async def test_what_no_header_can_carry_is_told_and_not_sent(
    change: dict[str, str], fake: FakeImages, open_on: Opener
) -> None:
    provider = await open_on(replace(OPENAI, base_url=fake.url, **change))
    with pytest.raises(NotSetUp) as caught:
        await provider.make(EDIT)
    assert "OPENAI_ORGANIZATION" in caught.value.operator
    assert fake.calls == []
    assert not next(finding.well for finding in await provider.check())


async def test_words_that_no_request_can_carry_are_told(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(OPENAI, base_url=fake.url))
    with pytest.raises(ParameterRejected):
        await provider.make(replace(EDIT, operation=Operation.GENERATE, prompt="\ud800"))
    assert fake.calls == []


async def test_files_are_named_and_one_goes_bare(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(OPENAI, base_url=fake.url, organization="org-x"))
    answer = await provider.make(EDIT)
    call = fake.calls[0]
    assert set(call.request.files) == {"image", "mask"}
    (image,), (given_mask,) = call.request.files["image"], call.request.files["mask"]
    assert (image.filename, image.content_type, image.data) == ("image.png", "image/png", square())
    assert (given_mask.filename, given_mask.content_type) == ("mask.png", "image/png")
    assert call.headers["OpenAI-Organization"] == "org-x"
    assert call.headers["x-stainless-retry-count"] == "0"
    assert answer.request_id is not None


async def test_the_true_cost_comes_from_usage(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(OPENAI, base_url=fake.url))
    answer = await provider.make(EDIT)
    assert answer.price.micros == 1 * 5 + 1_024 * 8 + 196 * 30
    assert answer.price.known


async def test_revised_prompts_come_through(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(OPENAI, base_url=fake.url, model="dall-e-3"))
    request = replace(EDIT, operation=Operation.GENERATE, model="dall-e-3", quality="hd", count=2)
    answer = await provider.make(replace(request, images=(), mask=None))
    assert answer.pictures[0].revised_prompt == "A detailed picture: a fox"
    assert len(fake.calls) == 2


async def test_a_server_without_prices_says_so(fake: FakeImages, open_on: Opener) -> None:
    settings = replace(OPENAI, base_url=fake.url, model="our-model", price_micros_unknown=500)
    provider = await open_on(settings)
    request = replace(EDIT, operation=Operation.GENERATE, model="our-model", quality=None, count=2)
    answer = await provider.make(request)
    assert (answer.price.micros, answer.price.known) == (1_000, False)


async def test_calls_in_flight_are_limited(fake: FakeImages, open_on: Opener) -> None:
    settings = replace(OPENAI, base_url=fake.url, model="our-model", calls_at_once=1)
    provider = await open_on(settings)
    item = {"b64_json": base64_of(square())}
    fake.script(*[Fault(delay=0.05, items=[item])] * 3)
    request = replace(EDIT, operation=Operation.GENERATE, model="our-model", quality=None, count=3)
    assert len((await provider.make(request)).pictures) == 3


async def test_what_is_offered_depends_on_the_server(open_on: Opener, fake: FakeImages) -> None:
    vendor = await open_on(OPENAI)
    assert vendor.name == "openai"
    assert next(iter(vendor.models)) == "gpt-image-2.5-flare"
    assert len(vendor.models) == 8
    chosen = await open_on(replace(OPENAI, model="gpt-image-2-2026-04-21"))
    assert list(chosen.models)[:2] == ["gpt-image-2-2026-04-21", "gpt-image-2.5-flare"]
    old = await open_on(replace(OPENAI, model="dall-e-2"))
    assert list(old.models) == ["dall-e-2"]
    foreign = await open_on(replace(OPENAI, base_url=fake.url, model="our-model"))
    assert list(foreign.models) == ["our-model"]


def test_the_vendor_s_own_address() -> None:
    assert is_vendor(None)
    assert is_vendor(VENDOR_URL + "/")
    assert is_vendor("https://eu.api.openai.com/v1")
    assert not is_vendor("http://api.openai.com/v1")
    assert not is_vendor("https://notapi.openai.com.evil.test/v1")
    assert not is_vendor("http://127.0.0.1:8080/v1")
    assert today() >= TODAY


async def test_what_one_of_several_calls_was_refused_is_told(
    fake: FakeImages, open_on: Opener
) -> None:
    provider = await open_on(replace(OPENAI, base_url=fake.url, model="our-model"))
    fake.script(
        Fault(items=[{"b64_json": base64_of(square())}]),
        error(400, "No.", code="moderation_blocked"),
        Fault(items=[{"b64_json": base64_of(square())}]),
    )
    request = replace(EDIT, operation=Operation.GENERATE, model="our-model", quality=None, count=3)
    answer = await provider.make(request)
    assert len(answer.pictures) == 2
    assert [refused.stage for refused in answer.refused] == ["unknown"]
    assert answer.refused[0].request_id not in (None, answer.request_id)


async def test_pictures_withheld_beside_others_are_told(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(OPENAI, base_url=fake.url))
    withheld = {"respect_moderation": False}
    fake.script(Fault(items=[withheld, {"b64_json": base64_of(square())}, withheld]))
    answer = await provider.make(replace(EDIT, count=3))
    assert len(answer.pictures) == 1
    assert [refused.stage for refused in answer.refused] == ["output", "output"]
    assert {refused.request_id for refused in answer.refused} == {answer.request_id}
    assert (await provider.make(EDIT)).refused == ()


# --- checks ---------------------------------------------------------------------------------------


async def checked(fake: FakeImages, model: str, *, vendor: bool = False, key: str = "sk") -> str:
    """Return the findings in short: subject, + or -, and the cure."""
    async with open_sdk(base_url=fake.url, api_key=key, organization=None, seconds=5) as (sdk, _):
        found = await findings(ImagesClient(sdk), find(model), vendor=vendor, today=TODAY)
    return " | ".join(
        f"{'+' if finding.well else '-'} {finding.says} {finding.cure}".strip() for finding in found
    )


async def test_a_good_set_up_is_said_to_be_well(fake: FakeImages) -> None:
    told = await checked(fake, "gpt-image-2")
    assert told == "+ The server answers and accepts the key. | + gpt-image-2 is offered."


async def test_a_wrong_key_is_found(fake: FakeImages) -> None:
    told = await checked(fake, "gpt-image-2", key=WRONG_KEY)
    assert told.startswith("- The server does not accept the key. Check OPENAI_API_KEY")


async def test_a_missing_model_is_found(fake: FakeImages) -> None:
    told = await checked(fake, "gpt-image-9")
    assert "- The server does not offer gpt-image-9" in told
    assert "Set OPENAI_MODEL to gpt-image-2.5-flare" in told


async def test_a_model_without_a_price_is_told() -> None:
    async with FakeImages(RULES, listed={"gpt-image-3": None}).run() as fake:
        told = await checked(fake, "gpt-image-3", vendor=True)
        assert "- No price list covers gpt-image-3; a picture counts as the dearest" in told
        assert "Upgrade Easel, or set OPENAI_MODEL to gpt-image-2.5-flare." in told
        foreign = await checked(fake, "gpt-image-3")
        assert "+ No price list covers gpt-image-3; a picture costs what UNKNOWN_PRICE" in foreign


async def test_at_the_vendor_no_model_is_free(open_on: Opener) -> None:
    provider = await open_on(replace(OPENAI, model="gpt-image-3"))
    request = replace(EDIT, model="gpt-image-3")
    assert provider.estimate(request).micros > provider.estimate(EDIT).micros


async def test_a_missing_model_among_strangers_is_found() -> None:
    async with FakeImages(RULES, listed={"flux": None}).run() as fake:
        assert "one of the names that the server lists" in await checked(fake, "gpt-image-2")


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        ("2026-12-01", "- gpt-image-2 shuts down on 2026-12-01. Set OPENAI_MODEL to"),
        ("2026-11-01T00:00:00Z", "- gpt-image-2 was shut down on 2026-11-01."),
        ("2027-06-01", "+ gpt-image-2 is offered."),
        ("soon", "+ gpt-image-2 is offered."),
        (None, "+ gpt-image-2 is offered."),
    ],
)
async def test_an_end_that_is_near_is_told(ends: str | None, says: str) -> None:
    async with FakeImages(RULES, listed={"gpt-image-2": ends}).run() as fake:
        assert says in await checked(fake, "gpt-image-2")


async def test_the_table_knows_ends_that_the_vendor_does_not_tell(fake: FakeImages) -> None:
    told = await checked(fake, "gpt-image-1.5", vendor=True)
    assert "shuts down on 2026-12-01. Set OPENAI_MODEL to gpt-image-2.5-flare." in told
    assert "is offered" in await checked(fake, "gpt-image-1.5", vendor=False)


async def test_a_server_that_lists_nothing_is_not_wrong() -> None:
    async with FakeImages(RULES, lists_models=False).run() as fake:
        assert (await checked(fake, "flux")).startswith("+ The server answers; it does not list")
        told = await checked(fake, "gpt-image-1", vendor=True)
        assert told.startswith("- The server could not be asked.")
        assert "was shut down on 2026-10-23" in told
    async with FakeImages(RULES, listed={}).run() as fake:
        assert "was not checked" in await checked(fake, "gpt-image-2")


async def test_a_server_that_is_not_there_is_found() -> None:
    fake = FakeImages()
    fake.url = "http://127.0.0.1:9/v1"
    assert (await checked(fake, "gpt-image-2")).startswith("- The server could not be asked.")


@pytest.mark.parametrize("body", ["<html>", "[", '{"data": 7}'])
async def test_a_list_that_is_none_is_not_wrong(body: str) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, text=body, request=request)

    async with sdk_on(httpx2.MockTransport(answer)) as sdk:
        found = await findings(ImagesClient(sdk), find("flux"), vendor=False, today=TODAY)
    assert [finding.subject for finding in found if finding.well] == [
        "Picture service",
        "Model",
        "Price",
    ]


async def test_a_list_that_never_comes_is_given_up() -> None:
    async def answer(request: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(5)
        return httpx2.Response(200, request=request)

    async with sdk_on(httpx2.MockTransport(answer)) as sdk:
        with pytest.raises(MaybeBilled):
            await ImagesClient(sdk).models(seconds=0.05)


async def test_an_endless_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images_client, "MAX_ANSWER", 1_000)

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=bytes(2_000), request=request)

    call = dialects.generation(find("gpt-image-2"), EDIT, 1, vendor=True)
    async with sdk_on(httpx2.MockTransport(answer)) as sdk:
        with pytest.raises(NonsenseAnswer):
            await ImagesClient(sdk).ask(Operation.GENERATE, call, seconds=5)


def sdk_on(transport: httpx2.MockTransport) -> openai.AsyncOpenAI:
    http = httpx2.AsyncClient(transport=transport)
    return openai.AsyncOpenAI(
        api_key="sk", base_url="http://images.test/v1", max_retries=0, http_client=http
    )


async def test_the_provider_s_own_check(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(OPENAI, base_url=fake.url))
    assert all(finding.well for finding in await provider.check())


def test_every_end_in_the_table_is_a_day() -> None:
    assert all(isinstance(model.ends, date | None) for model in MODELS.values())
