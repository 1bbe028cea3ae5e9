"""Our provider against aimock, which nobody here wrote: sequences, and calls counted by it."""

from collections.abc import Generator
from dataclasses import dataclass, replace

import pytest

from bot.domain.errors import (
    Billed,
    ContentRefused,
    MaybeBilled,
    ModelGone,
    NonsenseAnswer,
    NotSetUp,
    OutOfBudget,
    ParameterRejected,
    PictureRejected,
    ProviderBusy,
    ProviderError,
    ProviderFailed,
)
from bot.domain.pictures import Size
from bot.providers.base import InputPicture, Operation, PictureRequest, ProviderSettings
from bot.providers.moderations import ModeratorSettings, open_moderator
from bot.providers.scores import CLEAN
from tests.fakes.steady import aimock as aimock_server
from tests.fakes.steady import npm
from tests.fakes.steady.aimock import Aimock, Step, chaos, failing, making
from tests.providers.conftest import Naps, Opener
from tests.providers.pictures import square

GENERATIONS = "images/generations"
MODEL = "gpt-image-2"
REQUEST = PictureRequest(
    operation=Operation.GENERATE,
    model=MODEL,
    prompt="a fox",
    size=Size(1024, 1024),
    quality="low",
)
EDIT = replace(REQUEST, operation=Operation.EDIT, images=(InputPicture(square()),))

PICTURE = making(square())
BUSY = failing(429, "Rate limit reached.", code="rate_limit_exceeded", kind="requests")
FAILED = failing(500, "The server had an error.", kind="server_error")
OVERLOADED = failing(503, "Overloaded.", code="server_is_overloaded", kind="server_error")


@pytest.fixture(scope="session")
def running() -> Generator[Aimock]:
    """One server for all tests of this process; it ends with them."""
    try:
        with aimock_server.running() as server:
            yield server
    except npm.MissingError as error:
        pytest.skip(f"aimock cannot be had here: {error}")


@pytest.fixture
def aimock(running: Aimock) -> Aimock:
    running.reset()
    return running


def settings(aimock: Aimock, model: str = MODEL) -> ProviderSettings:
    return ProviderSettings(name="openai", api_key="sk-test", base_url=aimock.url, model=model)


# --- what is asked again until it is well ---------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """A sequence that ends well; the least seconds of each wait."""

    steps: list[Step]
    naps: tuple[float, ...]


def waiting(seconds: int) -> Step:
    return failing(429, "Slow down.", code="slow_down", kind="requests", retry_after=seconds)


RECOVERIES: dict[str, Recovery] = {
    "at once": Recovery(steps=[], naps=()),
    "busy": Recovery(steps=[BUSY], naps=(1,)),
    "busy, and says for how long": Recovery(
        steps=[waiting(7), waiting(11), waiting(3)], naps=(7, 11, 3)
    ),
    "busy, by the text only": Recovery(
        steps=[failing(503, "Overloaded. Please try again in 2.5s.")], naps=(2.5,)
    ),
    "failed once": Recovery(steps=[FAILED], naps=(1,)),
    "overloaded": Recovery(steps=[OVERLOADED, OVERLOADED], naps=(1, 2)),
    "all of it": Recovery(steps=[waiting(5), FAILED, OVERLOADED], naps=(5, 1, 2)),
    "limited by chaos": Recovery(steps=[chaos(rateLimitRate=1)], naps=(1,)),
    "dropped by chaos": Recovery(steps=[chaos(dropRate=1)], naps=(1,)),
}


@pytest.mark.parametrize("request_", [REQUEST, EDIT], ids=["generate", "edit"])
@pytest.mark.parametrize("name", RECOVERIES)
async def test_what_passes_is_waited_out(
    name: str, request_: PictureRequest, aimock: Aimock, open_on: Opener, naps: Naps
) -> None:
    row = RECOVERIES[name]
    aimock.script(*row.steps, PICTURE)
    provider = await open_on(settings(aimock))
    answer = await provider.make(request_)
    assert [made.data for made in answer.pictures] == [square()]
    assert len(aimock.seen) == len(row.steps) + 1
    assert aimock.seen[-1].status == 200
    assert {(call.model, call.prompt) for call in aimock.seen} == {(MODEL, "a fox")}
    assert len(naps.taken) == len(row.naps)
    for nap, least in zip(naps.taken, row.naps, strict=True):
        assert least <= nap <= least * 1.25


# --- what ends in an error ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What aimock goes on doing, what comes of it, and how often it was asked."""

    step: Step
    error: type[ProviderError]
    calls: int = 1
    billed: Billed = Billed.NO


FAILURES: dict[str, Failure] = {
    "busy for good": Failure(step=BUSY, error=ProviderBusy, calls=7),
    "busy for an hour": Failure(step=waiting(3600), error=ProviderBusy),
    "overloaded for good": Failure(step=OVERLOADED, error=ProviderBusy, calls=7),
    "failed twice": Failure(step=FAILED, error=ProviderFailed, calls=2),
    "quota": Failure(
        step=failing(429, "You exceeded it.", code="insufficient_quota", kind="insufficient_quota"),
        error=OutOfBudget,
    ),
    "quota, and says to wait": Failure(
        step=failing(429, "Credits are gone.", code="credit_balance_exhausted", retry_after=1),
        error=OutOfBudget,
    ),
    "policy": Failure(
        step=failing(400, "Your request was rejected.", code="content_policy_violation"),
        error=ContentRefused,
    ),
    "policy of today": Failure(
        step=failing(
            400,
            "Rejected. safety_violations=[violence]",
            code="moderation_blocked",
            kind="image_generation_user_error",
        ),
        error=ContentRefused,
    ),
    "wrong key": Failure(step=failing(401, "No.", code="invalid_api_key"), error=NotSetUp),
    "not verified": Failure(step=failing(403, "Must be verified."), error=NotSetUp),
    "no such model": Failure(step=failing(404, "No.", code="model_not_found"), error=ModelGone),
    "bad parameter": Failure(
        step=failing(400, "No.", code="unknown_parameter", param="mask"), error=ParameterRejected
    ),
    "bad picture": Failure(
        step=failing(400, "No.", code="invalid_image_file", param="image"), error=PictureRejected
    ),
    "gateway's timeout": Failure(
        step=failing(504, "Gateway timeout."), error=MaybeBilled, billed=Billed.MAYBE
    ),
    "lost behind a gateway": Failure(
        step=failing(524, "A timeout occurred."), error=MaybeBilled, billed=Billed.MAYBE
    ),
    "no pictures": Failure(step=making(), error=NonsenseAnswer, billed=Billed.YES),
    "not base64": Failure(step=making("%%%"), error=NonsenseAnswer, billed=Billed.YES),
    "half a picture": Failure(step=making(square()[:100]), error=NonsenseAnswer, billed=Billed.YES),
    "HTML for a picture": Failure(
        step=making(b"<html></html>"), error=NonsenseAnswer, billed=Billed.YES
    ),
    "an address of nothing": Failure(
        step=making(url="http://127.0.0.1:9/fox.png"), error=NonsenseAnswer, billed=Billed.YES
    ),
    "an answer of another kind": Failure(
        step={"response": {"content": "a fox"}}, error=ProviderFailed, calls=2
    ),
    "malformed by chaos": Failure(
        step=chaos(malformedRate=1), error=NonsenseAnswer, billed=Billed.YES
    ),
    "cut off by chaos": Failure(
        step=chaos(disconnectRate=1), error=MaybeBilled, billed=Billed.MAYBE
    ),
    "dropped by chaos for good": Failure(step=chaos(dropRate=1), error=ProviderFailed, calls=2),
    "limited by chaos for good": Failure(step=chaos(rateLimitRate=1), error=ProviderBusy, calls=7),
}


@pytest.mark.parametrize("request_", [REQUEST, EDIT], ids=["generate", "edit"])
@pytest.mark.parametrize("name", FAILURES)
async def test_what_does_not_pass_is_one_error(
    name: str, request_: PictureRequest, aimock: Aimock, open_on: Opener, naps: Naps
) -> None:
    row = FAILURES[name]
    aimock.script(row.step)
    provider = await open_on(settings(aimock))
    with pytest.raises(ProviderError) as caught:
        await provider.make(request_)
    assert type(caught.value) is row.error
    assert caught.value.billed is row.billed
    assert len(aimock.seen) == row.calls
    assert len(naps.taken) == row.calls - 1
    charged = [call for call in aimock.seen if call.status in (0, 200)]
    assert len(charged) <= 1


async def test_a_cut_off_call_is_in_the_journal_once(aimock: Aimock, open_on: Opener) -> None:
    aimock.script(chaos(disconnectRate=1), PICTURE)
    provider = await open_on(settings(aimock))
    with pytest.raises(MaybeBilled):
        await provider.make(REQUEST)
    assert [(call.path, call.status) for call in aimock.seen] == [(GENERATIONS, 0)]


async def test_a_slow_answer_is_given_up_once(aimock: Aimock, open_on: Opener) -> None:
    aimock.script(chaos(latencyMs=5_000), PICTURE)
    provider = await open_on(replace(settings(aimock), timeout_seconds=0.2))
    with pytest.raises(MaybeBilled):
        await provider.make(REQUEST)


async def test_parallel_calls_fail_apart(aimock: Aimock, open_on: Opener) -> None:
    aimock.script(failing(400, "No.", code="content_policy_violation"), PICTURE)
    provider = await open_on(settings(aimock, "dall-e-3"))
    answer = await provider.make(replace(REQUEST, model="dall-e-3", quality="standard", count=3))
    assert len(answer.pictures) == 2
    assert len(answer.refused) == 1
    assert sorted(call.status for call in aimock.seen) == [200, 200, 400]


# --- variations -----------------------------------------------------------------------------------

VARY = replace(
    EDIT, operation=Operation.VARY, model="dall-e-2", prompt="", quality=None, size=Size(256, 256)
)


async def test_variations_that_are_gone_become_edits(aimock: Aimock, open_on: Opener) -> None:
    aimock.script(PICTURE)
    provider = await open_on(settings(aimock, "dall-e-2"))
    for _ in range(2):
        assert (await provider.make(VARY)).pictures
    assert [(call.path, call.status) for call in aimock.seen] == [
        ("images/variations", 404),
        ("images/edits", 200),
        ("images/edits", 200),
    ]
    assert "another version" in aimock.seen[1].prompt


async def test_a_busy_edit_does_not_ask_for_the_variation_again(
    aimock: Aimock, open_on: Opener
) -> None:
    aimock.script(BUSY, PICTURE)
    provider = await open_on(settings(aimock, "dall-e-2"))
    assert (await provider.make(VARY)).pictures
    assert [(call.path, call.status) for call in aimock.seen] == [
        ("images/variations", 404),
        ("images/edits", 429),
        ("images/edits", 200),
    ]


async def test_a_model_of_today_never_asks_for_variations(aimock: Aimock, open_on: Opener) -> None:
    aimock.script(PICTURE)
    provider = await open_on(settings(aimock))
    assert (await provider.make(replace(VARY, model=MODEL, quality="low"))).pictures
    assert [call.path for call in aimock.seen] == ["images/edits"]


# --- the rest -------------------------------------------------------------------------------------


async def test_a_model_that_is_not_listed_is_found_out(aimock: Aimock, open_on: Opener) -> None:
    provider = await open_on(settings(aimock))
    told = {finding.subject: finding for finding in await provider.check()}
    assert told["Picture service"].well
    assert not told["Model"].well


async def test_words_and_a_picture_are_scored(aimock: Aimock) -> None:
    chosen = ModeratorSettings(base_url=aimock.url, api_key="sk-test")
    async with open_moderator(chosen) as moderator:
        assert await moderator.words("a fox") == CLEAN
        assert await moderator.picture(square(), "image/png") == CLEAN
    assert [(call.path, call.status) for call in aimock.seen] == [("moderations", 200)] * 2
