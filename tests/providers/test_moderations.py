"""The moderation endpoint through the real SDK: scores, limits, and what goes wrong."""

import asyncio
import io
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.domain.errors import (
    Billed,
    Cost,
    ModerationUnavailable,
    PictureTooLarge,
    ProviderError,
    SetupError,
)
from bot.providers.moderations import (
    MAX_PICTURE,
    MAX_WORDS,
    NEVER,
    OVERLAP,
    Moderator,
    ModeratorSettings,
    exceeded,
    open_moderator,
    pieces,
)
from bot.providers.scores import CATEGORIES, CLEAN, PICTURE_CATEGORIES
from tests.fakes.images_answers import Fault, error
from tests.fakes.images_api import WRONG_KEY
from tests.fakes.moderations_api import FakeModerations
from tests.fakes.steady import server
from tests.providers.conftest import Naps
from tests.providers.pictures import square

VENDOR_WORDS = "Vendor says: @everyone see https://vendor.example/secret"
HTML = "<html><body>https://vendor.example/secret</body></html>"
BUSY = error(429, VENDOR_WORDS, code="rate_limit_exceeded", kind="requests")

OpenModerator = Callable[[ModeratorSettings], Awaitable[Moderator]]


@pytest.fixture
async def fake() -> AsyncGenerator[FakeModerations]:
    async with FakeModerations().run() as running:
        yield running


@pytest.fixture
async def open_on(naps: Naps) -> AsyncGenerator[OpenModerator]:
    async with AsyncExitStack() as stack:

        async def opener(settings: ModeratorSettings) -> Moderator:
            return await stack.enter_async_context(open_moderator(settings, sleep=naps))

        yield opener


@pytest.fixture
async def moderator(fake: FakeModerations, open_on: OpenModerator) -> Moderator:
    return await open_on(ModeratorSettings(base_url=fake.url, api_key="sk-test"))


# --- words ----------------------------------------------------------------------------------------


async def test_words_are_scored(fake: FakeModerations, moderator: Moderator) -> None:
    fake.words["knife"] = {"violence": 0.9, "illicit/violent": 0.3}
    told = await moderator.words("a fox with a knife")
    assert set(told.categories) == set(CATEGORIES)
    assert told.categories["illicit/violent"] == 0.3
    assert told.flagged == {"violence"}
    assert exceeded(told, {"violence": NEVER}, default=0.3) == {"illicit/violent": 0.3}
    assert [asked.words for asked in fake.asked] == ["a fox with a knife"]


async def test_clean_words_are_clean(moderator: Moderator) -> None:
    assert await moderator.words("a fox in the snow") == CLEAN


@pytest.mark.parametrize("text", ["", "  \n", "\x00\ud83d"])
async def test_no_words_are_no_question(
    text: str, fake: FakeModerations, moderator: Moderator
) -> None:
    assert await moderator.words(text) == CLEAN
    assert fake.asked == []


async def test_what_no_request_can_carry_is_left_out(
    fake: FakeModerations, moderator: Moderator
) -> None:
    fake.words["knife"] = {"violence": 0.9}
    told = await moderator.words(
        "a k\x00n\ud83di\x1bf\ude00e\n\tand \U0001f98a e\u0301\u202e\ufeff\x7f"
    )
    assert told.flagged == {"violence"}
    assert fake.asked[0].words == "a knife\n\tand \U0001f98a e\u0301\u202e\ufeff"


async def test_long_words_count_by_their_worst_piece(
    fake: FakeModerations, moderator: Moderator
) -> None:
    fake.words["knife"] = {"violence": 0.9}
    fake.words["狐狸"] = {"hate": 0.4}
    told = await moderator.words("狐狸" * 8_000 + " a knife " + "雪" * 8_000)
    assert (told.categories["violence"], told.categories["hate"]) == (0.9, 0.4)
    assert [asked.status for asked in fake.asked] == [200, 200, 200]


def test_the_longest_prompt_in_ascii_is_one_piece() -> None:
    text = "fox " * 8_000
    assert pieces(text) == [text.strip()]
    assert len(pieces("x" * MAX_WORDS)) == 1
    assert len(pieces("x" * (MAX_WORDS + 1))) == 2
    assert len(pieces("x" * (2 * MAX_WORDS - OVERLAP))) == 2


def test_a_sea_of_blanks_is_no_question() -> None:
    assert len(pieces("a" + " " * 4 * MAX_WORDS + "b")) == 2


@given(st.text(st.characters(exclude_categories=[])))
def test_any_words_can_be_sent(text: str) -> None:
    for piece in pieces(text):
        assert piece.strip()
        assert piece.encode()


@pytest.mark.parametrize("letter", ["x", "é", "狐", "\U0001f98a"])
@pytest.mark.parametrize("count", [MAX_WORDS // 4, MAX_WORDS - 1, MAX_WORDS + 1, 100_000])
def test_no_word_gets_lost_between_pieces(letter: str, count: int) -> None:
    needle = "needle"
    for place in (0, count // 3, count // 2, count):
        text = letter * place + needle + letter * (count - place)
        found = pieces(text)
        assert any(needle in piece for piece in found)
        assert all(len(piece.encode()) <= MAX_WORDS for piece in found)
        assert sum(piece.count(letter) for piece in found) >= count
        assert set("".join(found)) == {letter, *needle}


def test_a_word_on_a_seam_is_whole_in_one_piece() -> None:
    for end in range(MAX_WORDS - 12, MAX_WORDS + 12):
        assert any("needle" in piece for piece in pieces("é" + "x" * end + "needle" + "x" * 9_999))
    assert OVERLAP < MAX_WORDS


# --- pictures -------------------------------------------------------------------------------------


def saved(kind: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(data, kind)
    return data.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
async def test_pictures_are_scored(kind: str, fake: FakeModerations, moderator: Moderator) -> None:
    fake.pictures = dict.fromkeys(CATEGORIES, 0.7)
    data = saved(kind)
    told = await moderator.picture(data, f"image/{kind.lower()}")
    assert {name for name, score in told.categories.items() if score} == PICTURE_CATEGORIES
    assert told.flagged == PICTURE_CATEGORIES
    assert [asked.picture for asked in fake.asked] == [data]


async def test_a_large_picture_gets_there_whole(
    fake: FakeModerations, moderator: Moderator
) -> None:
    data = square() + bytes(MAX_PICTURE - len(square()))
    assert await moderator.picture(data, "image/png") == CLEAN
    assert fake.asked[0].picture == data


async def test_a_picture_that_is_too_large_is_not_sent(
    fake: FakeModerations, moderator: Moderator
) -> None:
    with pytest.raises(PictureTooLarge) as caught:
        await moderator.picture(bytes(MAX_PICTURE + 1), "image/png")
    assert "20,000,000 B" in caught.value.message.format(**caught.value.values)
    assert fake.asked == []


async def test_words_and_pictures_go_by_one_connection(
    fake: FakeModerations, moderator: Moderator
) -> None:
    await moderator.words("a fox")
    await moderator.picture(square(), "image/png")
    assert len({asked.peer for asked in fake.asked}) == 1


# --- what goes wrong ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the server does, and what the operator reads."""

    faults: list[Fault]
    operator: str
    lasting: bool = False
    calls: int = 1
    naps: tuple[float, ...] = ()


def once(fault: Fault, operator: str, *, lasting: bool = False) -> Row:
    return Row(faults=[fault], operator=operator, lasting=lasting)


def twice(fault: Fault, operator: str) -> Row:
    return Row(faults=[fault] * 2, operator=operator, calls=2, naps=(1,))


def nonsense(**fields: object) -> Row:
    return once(Fault(fields=fields), "no answer")


SCORELESS = {"categories": dict.fromkeys(CATEGORIES, False), "flagged": False}
WILD = {**SCORELESS, "category_scores": dict.fromkeys(CATEGORIES, 1.5)}

ROWS: dict[str, Row] = {
    "no such endpoint": once(
        Fault(status=404, body="", check=False), "MODERATION=off", lasting=True
    ),
    "no such endpoint, in JSON": once(
        Fault(status=404, body={"detail": "Not Found"}), "MODERATION_BASE_URL", lasting=True
    ),
    "not allowed": once(Fault(status=405, body={"detail": "x"}), "MODERATION=off", lasting=True),
    "no such model": once(
        error(404, VENDOR_WORDS, code="model_not_found"), "MODERATION_MODEL", lasting=True
    ),
    "wrong key": once(
        error(401, VENDOR_WORDS, code="invalid_api_key"), "MODERATION_API_KEY", lasting=True
    ),
    "no access": once(error(403, VENDOR_WORDS), "MODERATION_API_KEY", lasting=True),
    "redirected": once(
        Fault(status=307, body="", headers={"Location": "http://127.0.0.1:1/"}),
        "MODERATION_BASE_URL",
        lasting=True,
    ),
    "out of money": once(
        error(429, VENDOR_WORDS, code="insufficient_quota", kind="insufficient_quota"),
        "money",
        lasting=True,
    ),
    "busy": Row(faults=[BUSY] * 3, operator="busy", calls=3, naps=(1, 2)),
    "busy for long": once(error(429, VENDOR_WORDS, headers={"Retry-After": "30"}), "busy"),
    "overloaded": Row(
        faults=[error(503, VENDOR_WORDS, code="server_is_overloaded")] * 3,
        operator="busy",
        calls=3,
        naps=(1, 2),
    ),
    "failure": twice(error(500, VENDOR_WORDS, kind="server_error"), "failed"),
    "gateway": twice(Fault(status=502, body=HTML), "failed"),
    "gateway's timeout": twice(Fault(status=504, body=HTML), "failed"),
    "closed before the answer": twice(Fault(cut="before"), "cut off"),
    "cut in the middle": twice(Fault(cut="during"), "cut off"),
    "refused": once(error(400, VENDOR_WORDS, code="invalid_value"), "this kind"),
    "refused by policy": once(error(400, VENDOR_WORDS, code="content_policy_violation"), "refused"),
    "bad picture": once(error(400, VENDOR_WORDS, code="invalid_image"), "picture"),
    "HTML with status 200": once(Fault(body=HTML), "not JSON"),
    "a text with status 200": once(Fault(body='"fine"'), "no results"),
    "no results": nonsense(results=None),
    "empty results": nonsense(results=[]),
    "results of another kind": nonsense(results=["fine"]),
    "no scores": nonsense(results=[SCORELESS]),
    "scores out of range": nonsense(results=[WILD]),
    "not a number": nonsense(
        results=[{**SCORELESS, "category_scores": dict.fromkeys(CATEGORIES, float("nan"))}]
    ),
    "a flood": once(Fault(body="x" * 1_000_001), "more than"),
}


@pytest.mark.parametrize("name", ROWS)
async def test_what_goes_wrong_is_one_error(
    name: str, fake: FakeModerations, moderator: Moderator, naps: Naps
) -> None:
    row = ROWS[name]
    fake.script(*(replace(fault, check=False) for fault in row.faults))
    with pytest.raises(ProviderError) as caught:
        await moderator.words("a secret fox")
    told = caught.value
    assert isinstance(told, ModerationUnavailable)
    assert row.operator in told.operator
    assert told.lasting is row.lasting
    assert (told.billed, told.cost, told.retry) == (Billed.NO, Cost.NOTHING, False)
    for text in (str(told), told.tip, told.operator, repr(told.values)):
        assert "vendor.example" not in text
        assert "@everyone" not in text
        assert "secret" not in text
    assert len(fake.asked) == row.calls
    assert len(naps.taken) == len(row.naps)
    for nap, least in zip(naps.taken, row.naps, strict=True):
        assert least <= nap <= least * 1.25


async def test_a_server_that_is_busy_for_a_moment_is_waited_for(
    fake: FakeModerations, moderator: Moderator, naps: Naps
) -> None:
    fake.words["fox"] = {"hate": 0.2}
    fake.script(error(429, headers={"Retry-After": "3"}), error(500), Fault(cut="before"))
    with pytest.raises(ModerationUnavailable):  # one failure is enough
        await moderator.words("a fox")
    fake.script(error(429, headers={"Retry-After": "3"}), error(500))
    told = await moderator.words("a fox")
    assert told.categories["hate"] == 0.2
    assert 3 <= naps.taken[2] <= 3.75
    assert len(naps.taken) == 4


async def test_the_call_is_named_for_questions_to_the_vendor(
    fake: FakeModerations, moderator: Moderator
) -> None:
    fake.script(error(401, headers={"x-request-id": "req_one"}))
    with pytest.raises(ModerationUnavailable) as caught:
        await moderator.words("a fox")
    assert caught.value.request_id == "req_one"


async def test_no_answer_ends_at_the_deadline(
    fake: FakeModerations, open_on: OpenModerator
) -> None:
    moderator = await open_on(
        ModeratorSettings(base_url=fake.url, api_key="sk-test", timeout_seconds=0.2)
    )
    fake.script(Fault(delay=5))
    with pytest.raises(ModerationUnavailable, match="content check") as caught:
        await moderator.picture(square(), "image/png")
    assert "0.2 s" in caught.value.operator
    assert not caught.value.lasting


async def test_waiting_counts_toward_the_deadline(
    fake: FakeModerations,
) -> None:
    settings = ModeratorSettings(base_url=fake.url, api_key="sk-test", timeout_seconds=0.3)

    async def forever(seconds: float) -> None:
        assert seconds <= settings.timeout_seconds / 2
        await asyncio.Event().wait()

    fake.script(error(429, headers={"Retry-After": "0.1"}))
    async with open_moderator(settings, sleep=forever) as moderator:
        with pytest.raises(ModerationUnavailable):
            await moderator.words("a fox")
    assert len(fake.asked) == 1


async def test_no_connection_is_tried_twice(open_on: OpenModerator, naps: Naps) -> None:
    moderator = await open_on(ModeratorSettings(base_url="http://127.0.0.1:9/v1", api_key="k"))
    with pytest.raises(ModerationUnavailable) as caught:
        await moderator.words("a fox")
    assert "could not be reached" in caught.value.operator
    assert len(naps.taken) == 1


async def test_cancelling_is_not_an_error_of_the_service(
    fake: FakeModerations, moderator: Moderator
) -> None:
    fake.script(Fault(delay=5))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await moderator.words("a fox")


@pytest.mark.parametrize("key", [WRONG_KEY, "schlüssel"])
async def test_a_wrong_key_is_for_the_operator(
    key: str, fake: FakeModerations, open_on: OpenModerator
) -> None:
    moderator = await open_on(ModeratorSettings(base_url=fake.url, api_key=key))
    with pytest.raises(ModerationUnavailable) as caught:
        await moderator.words("a fox")
    assert "MODERATION_API_KEY" in caught.value.operator
    assert caught.value.lasting


async def test_another_model_can_be_asked(fake: FakeModerations, open_on: OpenModerator) -> None:
    settings = ModeratorSettings(base_url=fake.url, api_key="sk-test")
    dated = await open_on(replace(settings, model="omni-moderation-2024-09-26"))
    assert await dated.words("a fox") == CLEAN
    unknown = await open_on(replace(settings, model="text-moderation-latest"))
    with pytest.raises(ModerationUnavailable, match="content check"):
        await unknown.words("a fox")


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (ModeratorSettings(), "MODERATION_API_KEY"),
        (ModeratorSettings(base_url="https://api.openai.com/v1"), "MODERATION_API_KEY"),
        (ModeratorSettings(base_url="127.0.0.1/v1", api_key="k"), "MODERATION_BASE_URL"),
    ],
)
async def test_an_incomplete_set_up_is_said_at_once(
    settings: ModeratorSettings, names: str
) -> None:
    with pytest.raises(SetupError, match=names):
        async with open_moderator(settings):
            pass


async def test_opening_asks_nothing() -> None:
    async with open_moderator(ModeratorSettings(api_key="sk-test")) as moderator:
        assert moderator is not None
    assert "sk-test" not in repr(ModeratorSettings(api_key="sk-test"))


# --- the vendor's own OpenAPI file ----------------------------------------------------------------


@pytest.fixture(scope="module")
def steady() -> Generator[str]:
    try:
        with server.running() as url:
            yield url
    except server.SteadyMissingError as error:
        pytest.skip(f"steady cannot be had here: {error}")


async def test_every_question_is_valid(steady: str, open_on: OpenModerator) -> None:
    moderator = await open_on(ModeratorSettings(base_url=steady, api_key="sk-test"))
    quarters = dict.fromkeys(CATEGORIES, 0.25)
    assert (await moderator.words("a fox \U0001f98a\n\x00")).categories == quarters
    assert (await moderator.words("狐" * 12_000)).categories == quarters
    for kind in ("PNG", "JPEG", "WEBP", "GIF"):
        told = await moderator.picture(saved(kind), f"image/{kind.lower()}")
        assert told.categories == quarters


@pytest.mark.parametrize("wrong", [{"model": "m"}, {"input": "a fox", "strictness": "low"}])
def test_steady_does_refuse(wrong: dict[str, str], steady: str) -> None:
    assert httpx2.post(f"{steady}/moderations", json=wrong).status_code == 400


@pytest.mark.usefixtures("steady")  # where it cannot be had this is skipped as well
def test_steady_does_doubt() -> None:
    with pytest.raises(server.DoubtfulRequestError, match="No variant"), server.running() as url:
        assert httpx2.post(f"{url}/moderations", json={"input": 7}).status_code == 200
