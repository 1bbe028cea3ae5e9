"""Previews over the real SDK: what is shown, what comes, what it costs, what goes wrong."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

import pytest
from structlog.testing import capture_logs

from bot.domain.errors import (
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
from bot.providers import streams
from bot.providers.base import InputPicture, Operation, PictureRequest, ProviderSettings
from bot.providers.stream_errors import of_event
from bot.providers.streams import Events, read_stream
from bot.providers.watching import Careful, partials_for
from tests.fakes.images_answers import Fault, base64_of, error
from tests.fakes.images_api import FakeImages
from tests.fakes.images_streams import completed, event, partial
from tests.providers.conftest import Opener
from tests.providers.pictures import square

GPT = ProviderSettings(name="openai", api_key="sk-test", model="gpt-image-2.5-flare")
REQUEST = PictureRequest(
    operation=Operation.GENERATE,
    model="gpt-image-2.5-flare",
    prompt="a secret fox",
    size=Size(1024, 1024),
    quality="low",
    previews=2,
)
EDIT = replace(REQUEST, operation=Operation.EDIT, images=(InputPicture(square()),))
PICTURE = base64_of(square())


class Onlooker:
    """A `Watch` that remembers, and may be slow or fail."""

    def __init__(self, *, fails: bool = False, hangs: bool = False) -> None:
        self.seen: list[bytes] = []
        self.waits: list[float] = []
        self.shown = asyncio.Event()
        self._fails = fails
        self._hangs = hangs

    async def waiting(self, seconds: float) -> None:
        self.waits.append(seconds)
        await self._misbehave()

    async def partial(self, picture: bytes) -> None:
        self.seen.append(picture)
        self.shown.set()
        await self._misbehave()

    async def _misbehave(self) -> None:
        if self._fails:
            raise ValueError("the reply is gone")
        if self._hangs:
            await asyncio.Event().wait()


@pytest.mark.parametrize("request_", [REQUEST, EDIT], ids=["generate", "edit"])
async def test_pictures_in_the_making_are_shown_before_the_answer(
    request_: PictureRequest, fake: FakeImages, open_on: Opener
) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    watch = Onlooker()
    answer = await provider.make(request_, watch)
    assert len(answer.pictures) == 1
    assert answer.request_id is not None
    assert watch.seen
    assert set(watch.seen) == {answer.pictures[0].data}
    call = fake.calls[0].request
    assert (call.text("stream"), call.text("partial_images")) in {("True", "2"), ("true", "2")}
    assert fake.billed == 1


async def test_a_streamed_picture_is_priced_as_a_picture(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    plain = await provider.make(replace(REQUEST, previews=0))
    streamed = await provider.make(REQUEST)
    assert streamed.price.known
    assert streamed.price.micros == plain.price.micros + 2 * 100 * 30
    assert [call.request.text("stream") for call in fake.calls] == [None, "True"]


@pytest.mark.parametrize("change", [{"previews": 0}, {"count": 2}])
async def test_nothing_is_streamed_that_cannot_be(
    change: dict[str, int], fake: FakeImages, open_on: Opener
) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    await provider.make(replace(REQUEST, **change))
    assert {call.request.text("stream") for call in fake.calls} == {None}


async def test_a_watcher_cannot_harm_the_picture(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    for watch in (Onlooker(fails=True), Onlooker(hangs=True)):
        async with asyncio.timeout(5):
            assert (await provider.make(REQUEST, watch)).pictures
        assert watch.seen
    assert fake.billed == 2


async def test_a_watcher_that_fails_is_logged_and_one_that_hangs_is_left() -> None:
    for watch, reason in (
        (Onlooker(fails=True), "ValueError"),
        (Onlooker(hangs=True), "TimeoutError"),
    ):
        with capture_logs() as logs:
            await Careful(watch, seconds=0.01).waiting(3)
            await Careful(watch, seconds=0.01).partial(b"x")
        assert [entry["reason"] for entry in logs] == [reason, reason]


async def test_a_slow_watcher_sees_the_latest() -> None:
    watch = Onlooker(hangs=True)
    async with partials_for(watch) as offer:
        offer(b"first")
        await watch.shown.wait()
        for late in (b"second", b"third"):
            offer(late)
    assert watch.seen == [b"first"]


# --- what goes wrong --------------------------------------------------------------------------

BLOCKED = {
    "type": "image_generation_user_error",
    "code": "moderation_blocked",
    "message": "Rejected by the safety system.",
    "moderation_details": {"moderation_stage": "output", "categories": ["violence"]},
}
FLAT = {"type": "error", "code": "server_error", "message": "Something broke.", "param": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is streamed, what comes of it, and how often the server was asked."""

    stream: list[str]
    error: type[ProviderError] | None = None
    calls: int = 1
    cut: str | None = None
    shown: int = 0


ROWS: dict[str, Row] = {
    "error in an envelope": Row(
        stream=[event({"type": "error", "error": BLOCKED})], error=ContentRefused
    ),
    "flat error of a policy": Row(
        stream=[event({**BLOCKED, "type": "error"})], error=ContentRefused
    ),
    "error without a type": Row(stream=[event({"error": BLOCKED}, "error")], error=ContentRefused),
    "refused after a preview": Row(
        stream=[partial(PICTURE), event({"type": "error", "error": BLOCKED})],
        error=ContentRefused,
        shown=1,
    ),
    "money": Row(
        stream=[event({"error": {"type": "insufficient_quota", "code": None}})], error=OutOfBudget
    ),
    "failure before anything was drawn": Row(stream=[event(FLAT)], calls=2),
    "failure after something was drawn": Row(
        stream=[partial(PICTURE), event(FLAT)], error=MaybeBilled, shown=1
    ),
    "busy before anything was drawn": Row(
        stream=[event({"error": {"code": "rate_limit_exceeded"}})], calls=2
    ),
    "a text for an error": Row(stream=[event({"error": "boom"})], calls=2),
    "an error that is no JSON": Row(stream=[event("boom", "error")], calls=2),
    "stream not known, said in the stream": Row(
        stream=[event({"error": {"code": "unknown_parameter", "param": "stream"}})], calls=2
    ),
    "nothing at all": Row(stream=[], error=MaybeBilled),
    "only a comment": Row(stream=[": ping\n\n"], error=MaybeBilled),
    "ends without the answer": Row(stream=[partial(PICTURE)], error=MaybeBilled, shown=1),
    "cut in the middle": Row(
        stream=[partial(PICTURE), "event: image_generation.comp"],
        error=MaybeBilled,
        cut="during",
        shown=1,
    ),
    "an answer without a picture": Row(stream=[completed("")], error=NonsenseAnswer),
    "an answer in broken base64": Row(stream=[completed(PICTURE[:-7])], error=NonsenseAnswer),
    "broken previews": Row(
        stream=[partial(PICTURE[:-7]), partial("%"), partial(""), completed(PICTURE)]
    ),
    "unknown events": Row(
        stream=[
            event({"type": "image_generation.queued"}),
            event("{", "x"),
            event("[DONE]"),
            event("7"),
            "id: 1\nretry: 5\nnonsense\n\n",
            completed(PICTURE),
        ]
    ),
    "no empty line at the end": Row(stream=[completed(PICTURE).rstrip("\n")]),
    "carriage returns": Row(stream=[completed(PICTURE).replace("\n", "\r\n")]),
    "in small pieces": Row(stream=["e", "ven", completed(PICTURE)[4:90], completed(PICTURE)[90:]]),
    "a plain answer as one event": Row(
        stream=[event(json.dumps({"data": [{"b64_json": PICTURE}]}), "")]
    ),
    "a plain answer that calls itself a stream": Row(
        stream=[json.dumps({"data": [{"b64_json": PICTURE}]})]
    ),
    "a page of HTML": Row(stream=["<html>502</html>"], error=NonsenseAnswer),
}


@pytest.mark.parametrize("name", ROWS)
async def test_what_a_stream_does_is_understood(
    name: str, fake: FakeImages, open_on: Opener
) -> None:
    row = ROWS[name]
    provider = await open_on(replace(GPT, base_url=fake.url))
    fake.script(Fault(stream=row.stream, cut=row.cut))
    watch = Onlooker()
    if row.error is None:
        assert len((await provider.make(REQUEST, watch)).pictures) == 1
    else:
        with capture_logs() as logs, pytest.raises(ProviderError) as caught:
            await provider.make(REQUEST, watch)
        assert type(caught.value) is row.error
        assert REQUEST.prompt not in str(logs)
        assert "safety system" not in str(logs)
    assert len(fake.calls) == row.calls
    if row.calls == 1 and row.error is not None:
        assert len(watch.seen) <= row.shown


async def test_a_refusal_in_a_stream_says_where_and_why(fake: FakeImages, open_on: Opener) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    fake.script(Fault(stream=[event({"type": "error", "error": BLOCKED})]))
    with pytest.raises(ContentRefused) as caught:
        await provider.make(REQUEST)
    assert (caught.value.stage, caught.value.categories) == ("output", ("violence",))
    assert caught.value.billed == "no"
    assert caught.value.request_id is not None


async def test_a_server_that_ignores_stream_has_been_paid_and_is_believed(
    fake: FakeImages, open_on: Opener
) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    fake.script(Fault(ignores_stream=True))
    answer = await provider.make(REQUEST)
    assert len(answer.pictures) == 1
    assert answer.price.known
    assert len(fake.calls) == 1


@pytest.mark.parametrize(
    "fault",
    [
        error(400, "Unknown parameter: 'stream'.", code="unknown_parameter", param="stream"),
        error(400, "Verify to stream.", code="unsupported_value", param="stream"),
        Fault(status=422, body={"detail": [{"loc": ["body", "partial_images"]}]}),
        Fault(status=400, body={"error": "what is partial_images?"}),
    ],
)
async def test_a_server_that_does_not_know_stream_is_asked_without(
    fault: Fault, fake: FakeImages, open_on: Opener
) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    fake.script(fault)
    assert (await provider.make(REQUEST)).pictures
    assert (await provider.make(REQUEST)).pictures
    asked = [call.request.text("stream") for call in fake.calls]
    assert asked == ["True", None, None]
    assert fake.billed == 2


async def test_what_is_wrong_without_a_stream_too_is_said(
    fake: FakeImages, open_on: Opener
) -> None:
    provider = await open_on(replace(GPT, base_url=fake.url))
    fake.script(*[error(400, code="invalid_value", param="size")] * 2)
    with pytest.raises(ParameterRejected):
        await provider.make(REQUEST)
    await provider.make(REQUEST)
    assert [call.request.text("stream") for call in fake.calls] == ["True", None, "True"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"code": "429"}, ProviderBusy),
        ({"status": 503}, ProviderBusy),
        ({"code": "slow_down"}, ProviderBusy),
        ({"code": "invalid_api_key"}, NotSetUp),
        ({"type": "permission_error"}, NotSetUp),
        ({"code": "model_not_found"}, ModelGone),
        ({"code": "invalid_image_file", "type": "invalid_request_error"}, PictureRejected),
        ({"type": "invalid_request_error", "param": "size"}, ParameterRejected),
        ({"message": "x"}, ProviderFailed),
        (None, ProviderFailed),
    ],
)
def test_an_error_in_a_stream_is_what_it_would_be_as_an_answer(
    body: object, kind: type[ProviderError]
) -> None:
    def told(*, drawn: bool) -> ProviderError:
        return of_event(
            body, model="m", operation=Operation.GENERATE, drawn=drawn, request_id="req_1"
        )

    assert type(told(drawn=False)) is kind
    assert type(told(drawn=True)) is MaybeBilled


async def parts_of(*parts: bytes) -> AsyncGenerator[bytes]:
    for part in parts:
        yield part


def test_an_event_is_not_read_for_ever() -> None:
    events = Events(most=100)
    assert [each.data for each in events.feed(b"data: 1\n\n")] == [b"1"]
    with pytest.raises(NonsenseAnswer):
        list(events.feed(b"data: " + bytes(200)))
    with pytest.raises(NonsenseAnswer):
        list(Events(most=100).feed(b"data: 12345\n" * 50))


async def test_a_huge_event_ends_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_EVENT", 1_000)
    with pytest.raises(NonsenseAnswer):
        await read_stream(parts_of(b"data: ", bytes(2_000)), lambda _picture: None)


async def test_an_answer_that_begins_slowly_is_known_in_the_end() -> None:
    shown: list[bytes] = []
    plain = json.dumps({"data": []}).encode()
    assert await read_stream(parts_of(b" ", b"\n", plain[:3], plain[3:]), shown.append)
    packed = partial(PICTURE).encode() + completed(PICTURE).encode()
    assert await read_stream(parts_of(packed[:2], packed[2:9], packed[9:]), shown.append)
    assert shown == [square()]
