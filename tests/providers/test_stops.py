"""Stops, the rate and the request's own deadline, through the real SDK and in virtual time."""

import asyncio
from dataclasses import dataclass, replace

import pytest
from structlog.testing import capture_logs

from bot.domain.errors import (
    ContentRefused,
    MaybeBilled,
    ModelGone,
    NotSetUp,
    OutOfBudget,
    ProviderBusy,
    ProviderError,
    ProviderPaused,
)
from bot.domain.pictures import Size
from bot.providers.base import Operation, PictureRequest, ProviderSettings
from tests.fakes.images_answers import Fault, error
from tests.fakes.images_api import FakeImages
from tests.providers.conftest import Naps, Opener
from tests.providers.test_streams import Onlooker

GPT = ProviderSettings(name="openai", api_key="sk-test", model="gpt-image-2")
REQUEST = PictureRequest(
    operation=Operation.GENERATE,
    model="gpt-image-2",
    prompt="a secret fox",
    size=Size(1024, 1024),
    quality="low",
)
DALLE_3 = replace(GPT, model="dall-e-3")
FOUR = replace(REQUEST, model="dall-e-3", quality="standard", count=4)

MONEY = error(429, code="insufficient_quota", kind="insufficient_quota")
BUSY = error(429, code="rate_limit_exceeded", headers={"Retry-After": "30"})


# --- stops ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """An answer that stops the calls, and the stop that comes of it; *pause* in seconds."""

    fault: Fault
    kind: type[ProviderError]
    cause: str
    model: str | None = None
    pause: float = 600


STOPPING = {
    "no money": Stopping(fault=MONEY, kind=OutOfBudget, cause="money"),
    "wrong key": Stopping(fault=error(401, code="invalid_api_key"), kind=NotSetUp, cause="access"),
    "not verified": Stopping(
        fault=error(403, "Verify your organisation."), kind=NotSetUp, cause="access"
    ),
    "retired": Stopping(
        fault=error(410, "The model was retired."),
        kind=ModelGone,
        cause="model",
        model="gpt-image-2",
        pause=3600,
    ),
}


@pytest.mark.parametrize("name", STOPPING)
async def test_what_only_the_operator_can_mend_stops_the_calls(
    name: str, fake: FakeImages, open_on: Opener, naps: Naps
) -> None:
    row = STOPPING[name]
    provider = await open_on(replace(GPT, base_url=fake.url))
    provider.ready("gpt-image-2")
    fake.script(row.fault)
    with capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(row.kind):
                await provider.make(REQUEST)
        with pytest.raises(row.kind) as caught:
            provider.ready("gpt-image-2")
        assert caught.value.billed == "no"
        (stop,) = provider.stops
        naps.now += row.pause
        provider.ready("gpt-image-2")
        assert (await provider.make(REQUEST)).pictures
    assert len(fake.calls) == 2
    assert (stop.cause, stop.model) == (row.cause, row.model)
    assert stop.operator
    assert provider.stops == ()
    told = [entry for entry in logs if entry["event"] in ("provider_stopped", "provider_resumed")]
    assert [(entry["event"], entry["log_level"], entry["cause"]) for entry in told] == [
        ("provider_stopped", "error", row.cause),
        ("provider_resumed", "info", row.cause),
    ]
    assert told[0]["hint"] == stop.operator
    assert told[1]["after"] == row.pause


async def test_failures_in_a_row_pause_the_calls(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    fake.script(*[Fault(status=502, body="<html>")] * 5)
    for _ in range(5):
        with pytest.raises(MaybeBilled):
            await provider.make(REQUEST)
    with pytest.raises(ProviderPaused):
        await provider.make(REQUEST)
    assert len(fake.calls) == 5
    assert "5 calls in a row" in provider.stops[0].operator


async def test_refusals_and_busy_answers_stop_nothing(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    fake.script(*[error(400, code="moderation_blocked")] * 6)
    for _ in range(6):
        with pytest.raises(ContentRefused):
            await provider.make(REQUEST)
    assert provider.stops == ()


async def test_a_stop_for_one_model_leaves_the_others(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    fake.script(error(404, code="model_not_found"))
    with pytest.raises(ModelGone):
        await provider.make(REQUEST)
    other = replace(REQUEST, model="gpt-image-2.5-flare")
    assert (await provider.make(other)).pictures


# --- the rate -------------------------------------------------------------------------------------


async def test_pictures_are_kept_below_the_rate_and_the_asker_is_told(
    fake: FakeImages, open_on: Opener, naps: Naps
) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url, images_per_minute=2))
    watch = Onlooker()
    for _ in range(3):
        await provider.make(REQUEST, watch)
    assert len(fake.calls) == 3
    assert sum(naps.taken) == pytest.approx(61)
    assert watch.waits == [pytest.approx(61)]


async def test_the_rate_is_learned_from_good_answers(
    fake: FakeImages, open_on: Opener, naps: Naps
) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    limits = {"x-ratelimit-limit-images": "1"}
    fake.script(Fault(headers=limits))
    await provider.make(REQUEST)
    await provider.make(REQUEST)
    assert sum(naps.taken) == pytest.approx(61)


async def test_one_refusal_holds_everybody_back(
    fake: FakeImages, open_on: Opener, naps: Naps
) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    fake.script(BUSY)
    watch = Onlooker()
    await provider.make(REQUEST, watch)
    assert len(fake.calls) == 2
    assert 30 <= sum(naps.taken) <= 37.5
    assert watch.waits == naps.taken


async def test_a_wait_that_cannot_succeed_ends_at_once(
    fake: FakeImages, open_on: Opener, naps: Naps
) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    fake.script(error(429, headers={"Retry-After": "600"}))
    for _ in range(2):
        watch = Onlooker()
        with pytest.raises(ProviderBusy) as caught:
            await provider.make(REQUEST, watch)
        assert caught.value.retry_after == pytest.approx(600)
        assert watch.waits == []
    assert len(fake.calls) == 1
    assert naps.taken == []


async def test_calls_that_were_not_taken_do_not_count(open_on: Opener, naps: Naps) -> None:
    provider = await open_on(replace(GPT, base_url="http://127.0.0.1:9/v1", images_per_minute=1))
    with pytest.raises(ProviderError):
        await provider.make(REQUEST)
    assert sum(naps.taken) < 10


# --- the request's deadline -----------------------------------------------------------------------


async def test_what_came_in_time_is_kept(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(DALLE_3, base_url=fake.url))
    fake.script(Fault(delay=30))
    answer = await provider.make(replace(FOUR, within=3))  # enough for three on any machine
    assert len(answer.pictures) == 3
    assert answer.price.micros == 4 * 40_000
    assert not answer.price.known


async def test_nothing_in_time_may_have_cost(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    fake.script(Fault(delay=5))
    with pytest.raises(MaybeBilled):
        await provider.make(replace(REQUEST, within=0.1))


async def test_a_place_that_never_comes_free_is_busy(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url, calls_at_once=1))
    fake.script(Fault(delay=5))
    first = asyncio.create_task(provider.make(REQUEST))
    await asyncio.sleep(0)
    with pytest.raises(ProviderBusy):
        await provider.make(replace(REQUEST, within=0.1))
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_refusals_beside_a_more_telling_error_are_kept(
    fake: FakeImages, open_on: Opener
) -> None:
    provider = await open_on(replace(DALLE_3, base_url=fake.url))
    fake.script(*[error(400, code="content_policy_violation")] * 3, Fault(cut="before"))
    with pytest.raises(MaybeBilled) as caught:
        await provider.make(FOUR)
    assert [refused.stage for refused in caught.value.refused] == ["unknown"] * 3

    fake.script(*[error(400, code="content_policy_violation")] * 4)
    with pytest.raises(ContentRefused) as declined:
        await provider.make(FOUR)
    assert len(declined.value.refused) == 3
    assert declined.value not in declined.value.refused
