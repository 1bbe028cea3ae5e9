"""Every way in which a call fails, through the real SDK: right words, at most one billed call."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import httpx2
import openai
import pytest
from structlog.testing import capture_logs

from bot.domain.asks import Strength
from bot.domain.errors import (
    Billed,
    ContentRefused,
    MaybeBilled,
    ModelGone,
    NonsenseAnswer,
    NotSetUp,
    OperationMissing,
    OutOfBudget,
    ParameterRejected,
    PictureRejected,
    ProviderBusy,
    ProviderError,
    ProviderFailed,
    ProviderUnreachable,
)
from bot.domain.pictures import Size
from bot.providers.base import InputPicture, Operation, PictureRequest, ProviderSettings
from bot.providers.calls import seconds_for
from bot.providers.errors import translate
from bot.providers.parts import most_telling, shares
from tests.fakes.images_answers import Fault, base64_of, error, too_large
from tests.fakes.images_api import WRONG_KEY, FakeImages
from tests.providers.conftest import Naps, Opener
from tests.providers.pictures import square

VENDOR_WORDS = "Vendor says: @everyone see https://vendor.example/secret"
HTML = "<html><body>502 Bad Gateway https://vendor.example/secret</body></html>"

GPT = ProviderSettings(name="openai", api_key="sk-test", model="gpt-image-2")
REQUEST = PictureRequest(
    operation=Operation.GENERATE,
    model="gpt-image-2",
    prompt="a secret fox",
    size=Size(1024, 1024),
    quality="low",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the server does, what comes of it, and how often it was asked."""

    faults: Sequence[Fault]
    error: type[ProviderError]
    calls: int = 1
    naps: Sequence[float] = ()
    stage: str | None = None
    categories: tuple[str, ...] = ()
    operator: str = ""
    request: PictureRequest = field(default=REQUEST)


def quota(code: str, *, kind: str = "insufficient_quota", status: int = 429) -> Row:
    fault = error(status, VENDOR_WORDS, code=code, kind=kind)
    return Row(faults=[fault], error=OutOfBudget, operator="money")


def policy(fault: Fault, stage: str = "unknown", *categories: str) -> Row:
    return Row(faults=[fault], error=ContentRefused, stage=stage, categories=categories)


def plain(
    status: int,
    kind: type[ProviderError],
    *,
    operator: str = "",
    code: str | None = None,
    param: str | None = None,
) -> Row:
    fault = error(status, VENDOR_WORDS, code=code, param=param)
    return Row(faults=[fault], error=kind, operator=operator)


BUSY = error(429, VENDOR_WORDS, code="rate_limit_exceeded", kind="requests")
FAILED = error(500, VENDOR_WORDS, kind="server_error")

ROWS: dict[str, Row] = {
    # --- refused by policy
    "policy, DALL-E era": policy(error(400, VENDOR_WORDS, code="content_policy_violation")),
    "policy, output stage": policy(
        error(
            400,
            VENDOR_WORDS,
            code="moderation_blocked",
            kind="image_generation_user_error",
            moderation_details={"moderation_stage": "output", "categories": ["sexual", "violence"]},
        ),
        "output",
        "sexual",
        "violence",
    ),
    "policy, input stage, words only": policy(
        error(
            400,
            "Your request was rejected by the safety system. safety_violations=[self-harm, hate].",
            code="moderation_blocked",
            moderation_details={"moderation_stage": "input"},
        ),
        "input",
        "self-harm",
        "hate",
    ),
    "policy, Azure": policy(
        error(
            400,
            VENDOR_WORDS,
            code="contentFilter",
            inner_error={
                "code": "ResponsibleAIPolicyViolation",
                "content_filter_results": {
                    "sexual": {"filtered": True, "severity": "high"},
                    "violence": {"filtered": False, "severity": "safe"},
                },
            },
        ),
        "unknown",
        "sexual",
    ),
    "policy, through LiteLLM": policy(
        error(400, "Your request was rejected as a result of our safety system.", code="400")
    ),
    "policy, hostile categories": policy(
        error(
            400,
            code="moderation_blocked",
            moderation_details={
                "moderation_stage": "@everyone",
                "categories": ["@everyone", "hate/threatening", 7, "a b", "hate/threatening"],
            },
        ),
        "unknown",
        "hate/threatening",
    ),
    "policy, forbidden status": policy(error(403, "Blocked by our content filter.")),
    "policy, withheld with status 200": policy(
        Fault(items=[{"respect_moderation": False, "url": ""}]), "output"
    ),
    # --- money
    "quota": quota("insufficient_quota"),
    "quota, by type only": quota("429"),
    "credit gone": quota("credit_balance_exhausted", kind="requests"),
    "organisation's limit": quota("organization_spend_limit_exceeded", kind="requests"),
    "project's limit": quota("project_spend_limit_exceeded", kind="requests"),
    "older hard limit": quota("billing_hard_limit_reached", kind="x", status=400),
    "quota, by words": Row(
        faults=[error(429, "You exceeded your current quota, check your billing details.")],
        error=OutOfBudget,
    ),
    "billing, by words": Row(faults=[error(400, "Billing limit reached.")], error=OutOfBudget),
    "payment required": plain(402, OutOfBudget),
    # --- rate
    "rate, waits and gives up": Row(
        faults=[BUSY] * 7, error=ProviderBusy, calls=7, naps=[1, 2, 4, 8, 16, 32]
    ),
    "rate, longer than we wait": Row(
        faults=[error(429, VENDOR_WORDS, headers={"Retry-After": "600"})], error=ProviderBusy
    ),
    "overloaded": Row(
        faults=[error(503, VENDOR_WORDS, code="server_is_overloaded")] * 7,
        error=ProviderBusy,
        calls=7,
        naps=[1, 2, 4, 8, 16, 32],
    ),
    # --- failures that cost nothing
    "failure": Row(faults=[FAILED] * 2, error=ProviderFailed, calls=2, naps=[1]),
    # --- failures that may have cost
    "gateway timeout 502": Row(faults=[Fault(status=502, body=HTML)], error=MaybeBilled),
    "gateway timeout 504": Row(faults=[Fault(status=504, body=HTML)], error=MaybeBilled),
    "gateway timeout 524": Row(faults=[Fault(status=524, body=HTML)], error=MaybeBilled),
    "gateway lost it 520": Row(faults=[Fault(status=520, body=HTML)], error=MaybeBilled),
    "request timeout 408": plain(408, MaybeBilled),
    "closed before the answer": Row(faults=[Fault(cut="before")], error=MaybeBilled),
    "cut in the middle of the answer": Row(faults=[Fault(cut="during")], error=MaybeBilled),
    # --- access
    "wrong key": plain(401, NotSetUp, code="invalid_api_key", operator="OPENAI_API_KEY"),
    "organisation not verified": plain(403, NotSetUp, operator="verify"),
    "no access to the model": plain(403, ModelGone, code="model_not_found"),
    "no such model": plain(404, ModelGone, code="model_not_found", operator="gpt-image-2"),
    "retired model": Row(
        faults=[error(410, "The model `gpt-image-2` was retired.")], error=ModelGone
    ),
    "no such deployment": plain(404, ModelGone, code="DeploymentNotFound"),
    "model refused": plain(400, ModelGone, code="invalid_value", param="model"),
    "model, by words": Row(faults=[error(400, "The model 'x' does not exist.")], error=ModelGone),
    "no such endpoint": Row(faults=[Fault(status=404, body="")], error=OperationMissing),
    "endpoint not allowed": Row(
        faults=[Fault(status=405, body={"detail": "Method Not Allowed"})], error=OperationMissing
    ),
    "redirected": Row(
        faults=[Fault(status=307, body="", headers={"Location": "http://127.0.0.1:1/"})],
        error=NotSetUp,
        operator="OPENAI_BASE_URL",
    ),
    # --- the request
    "wrong file type": plain(400, PictureRejected, code="unsupported_file_mimetype"),
    "wrong image": plain(400, PictureRejected, code="invalid_value", param="image"),
    "not a small PNG": Row(
        faults=[error(400, "Uploaded image must be a PNG and less than 4 MB.")],
        error=PictureRejected,
    ),
    "too large": Row(faults=[Fault(status=413, body=HTML)], error=PictureRejected),
    "unknown field": plain(400, ParameterRejected, code="unknown_parameter", param="mask"),
    "bad value": plain(400, ParameterRejected, code="invalid_value", param="size", operator="size"),
    "a text for an error": Row(
        faults=[Fault(status=400, body={"error": "size is wrong"})], error=ParameterRejected
    ),
    "FastAPI's error": Row(
        faults=[Fault(status=422, body={"detail": [{"loc": ["body", "size"], "msg": "no"}]})],
        error=ParameterRejected,
    ),
    "HTML for an error": Row(faults=[Fault(status=400, body=HTML)], error=ParameterRejected),
    # --- answers that are none
    "HTML with status 200": Row(faults=[Fault(body=HTML)], error=NonsenseAnswer),
    "no data": Row(faults=[Fault(fields={"data": None})], error=NonsenseAnswer),
    "empty data": Row(faults=[Fault(items=[])], error=NonsenseAnswer),
    "data of another kind": Row(faults=[Fault(items=["x", 7, None, {}])], error=NonsenseAnswer),
    "truncated base64": Row(
        faults=[Fault(items=[{"b64_json": base64_of(square())[:-7]}])], error=NonsenseAnswer
    ),
    "truncated picture": Row(
        faults=[Fault(items=[{"b64_json": base64_of(square()[:-40])}])], error=NonsenseAnswer
    ),
    "zero bytes": Row(faults=[Fault(items=[{"b64_json": ""}])], error=NonsenseAnswer),
    "SVG": Row(
        faults=[Fault(items=[{"b64_json": base64_of(b"<svg onload='x'/>")}])],
        error=NonsenseAnswer,
    ),
    "HTML for a picture": Row(
        faults=[Fault(items=[{"b64_json": base64_of(HTML.encode())}])], error=NonsenseAnswer
    ),
    "a page for a picture's address": Row(
        faults=[Fault(items=[{"url": "https://"}])], error=NonsenseAnswer
    ),
    "an address that has expired": Row(
        faults=[Fault(items=[{"url": "/pictures/gone.png"}])], error=NonsenseAnswer
    ),
    "a foreign host": Row(
        faults=[Fault(items=[{"url": "https://pictures.example/1.png"}])],
        error=NonsenseAnswer,
        operator="not the server's own",
    ),
    "an address inside the operator's network": Row(
        faults=[Fault(items=[{"url": "http://169.254.169.254/latest/meta-data"}])],
        error=NonsenseAnswer,
        operator="not the server's own",
    ),
    "a redirect to loopback": Row(
        faults=[Fault(items=[{"url": "/redirect?to=http://127.0.0.1:1/x.png"}])],
        error=NonsenseAnswer,
        operator="302",
    ),
    "60 MB behind an address": Row(
        faults=[Fault(items=[{"url": "/huge?megabytes=61"}])], error=NonsenseAnswer
    ),
    "60 MB and more": Row(
        faults=[Fault(items=[{"b64_json": too_large()}])],
        error=NonsenseAnswer,
    ),
}


@pytest.mark.parametrize("name", ROWS)
async def test_a_failed_call_is_told_in_our_words(
    name: str, fake: FakeImages, open_on: Opener, naps: Naps
) -> None:
    row = ROWS[name]
    provider = await open_on(replace(GPT, base_url=fake.url))
    fake.script(*row.faults)

    with capture_logs() as logs, pytest.raises(ProviderError) as caught:
        await provider.make(row.request)

    told = caught.value
    assert type(told) is row.error
    logged = str(logs)
    assert row.error.__name__ in logged
    assert REQUEST.prompt not in logged
    assert "vendor.example" not in logged
    assert len(fake.calls) == row.calls
    assert fake.billed <= 1
    assert fake.billed == 0 or told.billed is not Billed.NO or isinstance(told, ContentRefused)
    assert row.operator in told.operator
    for text in (str(told), told.tip, told.operator, repr(told.values)):
        assert "vendor.example" not in text
        assert "@everyone" not in text
    assert len(naps.taken) == len(row.naps)
    for nap, least in zip(naps.taken, row.naps, strict=True):
        assert least <= nap <= least * 1.25
    if isinstance(told, ContentRefused):
        assert told.stage == row.stage
        assert told.categories == row.categories


async def test_a_rate_limit_is_waited_out(fake: FakeImages, open_on: Opener, naps: Naps) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    fake.script(
        error(429, headers={"Retry-After": "7"}),
        error(429, "Rate limit reached. Please try again in 2.5s."),
        error(503, code="server_is_overloaded"),
    )
    answer = await provider.make(REQUEST)
    assert len(answer.pictures) == 1
    assert len(fake.calls) == 4
    assert fake.billed == 1
    first, second, third = naps.taken
    assert 7 <= first <= 8.75
    assert 2.5 <= second <= 3.2
    assert 4 <= third <= 5


async def test_one_failure_is_asked_again(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    fake.script(FAILED)
    assert (await provider.make(REQUEST)).pictures
    assert len(fake.calls) == 2


async def test_what_the_vendor_says_of_waiting_is_kept(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    fake.script(error(429, headers={"Retry-After": "600", "x-request-id": "req_busy"}))
    with pytest.raises(ProviderBusy) as caught:
        await provider.make(REQUEST)
    assert caught.value.retry_after == 600
    assert caught.value.request_id == "req_busy"


async def test_no_connection_is_tried_three_times(open_on: Opener, naps: Naps) -> None:
    provider = await open_on(replace(GPT, base_url="http://127.0.0.1:9/v1"))
    with pytest.raises(ProviderUnreachable):
        await provider.make(REQUEST)
    assert len(naps.taken) == 2


async def test_a_slow_answer_ends_at_the_deadline(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url, timeout_seconds=0.2))
    fake.script(Fault(trickle=0.01))
    with pytest.raises(MaybeBilled):
        await provider.make(REQUEST)
    assert len(fake.calls) == 1


async def test_no_answer_ends_at_the_deadline(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url, timeout_seconds=0.1))
    fake.script(Fault(delay=5))
    with pytest.raises(MaybeBilled):
        await provider.make(REQUEST)


async def test_cancelling_is_not_an_error_of_the_vendor(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    fake.script(Fault(delay=5))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await provider.make(REQUEST)


async def test_a_wrong_key_is_a_matter_of_set_up(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url, api_key=WRONG_KEY))
    with pytest.raises(NotSetUp):
        await provider.make(REQUEST)


# --- parallel calls -------------------------------------------------------------------------------

DALLE_3 = replace(GPT, model="dall-e-3")
FOUR = replace(REQUEST, model="dall-e-3", quality="standard", count=4)


async def test_what_came_is_returned_and_priced(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(DALLE_3, base_url=fake.url))
    fake.script(error(400, code="content_policy_violation"))
    answer = await provider.make(FOUR)
    assert len(answer.pictures) == 3
    assert answer.price.micros == 3 * 40_000
    assert answer.price.known
    assert len(fake.calls) == 4


async def test_a_lost_call_is_counted_at_its_estimate(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(DALLE_3, base_url=fake.url))
    fake.script(Fault(cut="before"))
    answer = await provider.make(FOUR)
    assert len(answer.pictures) == 3
    assert answer.price.micros == 4 * 40_000
    assert not answer.price.known


async def test_the_most_telling_error_is_raised(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(DALLE_3, base_url=fake.url))
    refused = error(400, code="content_policy_violation")
    fake.script(*[refused] * 3, error(429, code="insufficient_quota"))
    with pytest.raises(OutOfBudget):
        await provider.make(FOUR)


def test_an_error_that_may_cost_is_the_most_telling() -> None:
    refused, lost = ContentRefused(stage="input"), MaybeBilled()
    assert most_telling([refused, lost]) is lost
    failed = ProviderFailed()
    assert most_telling([failed, refused]) is refused
    assert most_telling([failed]) is failed


async def test_fewer_pictures_than_asked_is_fine(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    whole = {"b64_json": base64_of(square())}
    fake.script(Fault(items=[whole, {"b64_json": "%%%"}]))
    answer = await provider.make(replace(REQUEST, count=3))
    assert len(answer.pictures) == 1


async def test_more_pictures_than_asked_are_left_out(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    fake.script(Fault(items=[{"b64_json": base64_of(square())}] * 3))
    assert len((await provider.make(REQUEST)).pictures) == 1


# --- variations -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 405, 410])
async def test_missing_variations_become_edits_for_good(
    status: int, fake: FakeImages, open_on: Opener
) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url, model="dall-e-2"))
    request = replace(
        REQUEST,
        operation=Operation.VARY,
        model="dall-e-2",
        prompt="",
        quality=None,
        images=(InputPicture(square()),),
    )
    fake.script(Fault(status=status, body="", check=False))
    for _ in range(2):
        assert (await provider.make(replace(request, strength=Strength.SUBTLE))).pictures
    assert [call.request.operation for call in fake.calls] == ["variations", "edits", "edits"]
    assert fake.billed == 2
    assert "very close" in (fake.calls[1].request.text("prompt") or "")


async def test_a_hint_rules_the_variations_endpoint_out(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url, model="dall-e-2"))
    request = replace(
        REQUEST,
        operation=Operation.VARY,
        model="dall-e-2",
        prompt="in oil",
        images=(InputPicture(square()),),
    )
    assert (await provider.make(request)).pictures
    assert [call.request.operation for call in fake.calls] == ["edits"]
    assert (fake.calls[0].request.text("prompt") or "").endswith("in oil")


# --- small things ---------------------------------------------------------------------------------

_ASKED = httpx2.Request("POST", "http://127.0.0.1/v1")


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (httpx2.ConnectError("refused"), ProviderUnreachable),
        (httpx2.ConnectTimeout("slow"), ProviderUnreachable),
        (httpx2.ProxyError("no"), ProviderUnreachable),
        (ssl.SSLCertVerificationError("self-signed"), ProviderUnreachable),
        (httpx2.ReadTimeout("slow"), MaybeBilled),
        (httpx2.RemoteProtocolError("gone"), MaybeBilled),
        (httpx2.UnsupportedProtocol("ftp"), NotSetUp),
    ],
)
def test_a_call_without_an_answer_by_its_cause(cause: Exception, kind: type[Exception]) -> None:
    wrapped = openai.APIConnectionError(request=_ASKED)
    wrapped.__cause__ = cause
    for raised in (wrapped, cause):
        told = translate(raised, model="m", operation=Operation.GENERATE)
        assert type(told) is kind


def test_only_sure_failures_are_free() -> None:
    assert MaybeBilled.billed is Billed.MAYBE
    assert NonsenseAnswer.billed is Billed.YES
    assert not MaybeBilled.retry


def test_a_request_is_shared_out() -> None:
    assert shares(4, 10) == [4]
    assert shares(4, 1) == [1, 1, 1, 1]
    assert shares(5, 2) == [2, 2, 1]


def test_large_and_careful_pictures_get_more_time() -> None:
    assert seconds_for(REQUEST, 300) == 300
    assert seconds_for(replace(REQUEST, quality="max"), 300) == 600
    assert seconds_for(replace(REQUEST, size=Size(2560, 1440)), 300) == 600
