"""The life of a request: what is shown, what is charged, and that every request ends."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.bootstrap import Services
from bot.domain.asks import Command, Strength
from bot.domain.clock import Clock
from bot.domain.errors import (
    BadOption,
    Closing,
    ContentRefused,
    Cost,
    DeliveryFailed,
    DownloadFailed,
    MaybeBilled,
    ModelGone,
    NonsenseAnswer,
    NoSuchJob,
    NothingKept,
    NotSetUp,
    NotSupported,
    OutOfBudget,
    ParameterRejected,
    PictureRejected,
    PromptTooLong,
    ProviderBusy,
    ProviderFailed,
    ProviderUnreachable,
    QuotaFull,
    StorageBusy,
    TooBusy,
    TooManyAtOnce,
    Undelivered,
    UserError,
)
from bot.domain.jobs import JobState
from bot.domain.moderation import EventQuery
from bot.domain.pictures import Note, Shape
from bot.domain.quota import Unit
from bot.services import attendance
from bot.services import books as books_module
from bot.services import studio as studio_module
from bot.services.admission import AlreadyAsked, Ticket
from bot.services.books import Shown
from bot.services.preparing import Prepared, Preparing
from bot.services.stages import FilesTooLarge, Result
from tests.services.studio import (
    ANN,
    ESTIMATE,
    GUILD,
    PRICE,
    SOURCE,
    Told,
    Wall,
    answer,
    ask,
    open_studio,
    picture,
    used,
)

pytestmark = pytest.mark.usefixtures("database_kind")


def noise(side: int) -> bytes:
    """Return a picture that no lossless file makes small."""
    out = BytesIO()
    Image.effect_noise((side, side), 120).convert("RGB").save(out, "PNG")
    return out.getvalue()


@dataclass
class _Slow(Wall):
    """A stage on which nothing is shown until *go* is set."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def show(self, result: Result) -> Shown:
        self.asked.set()
        await self.go.wait()
        return await super().show(result)


class _Narrow(Wall):
    """A stage that takes so many bytes."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    async def show(self, result: Result) -> Shown:
        if sum(len(each.data) for each in result.pictures) > self._most:
            raise FilesTooLarge
        return await super().show(result)


@pytest.fixture
def provider() -> Told:
    return Told(answer(picture()))


@pytest.fixture
async def services(tmp_path: Path, clock: Clock, provider: Told) -> AsyncGenerator[Services]:
    async with open_studio(tmp_path, clock, provider) as opened:
        yield opened


async def _state(services: Services, ticket: Ticket) -> JobState:
    return (await services.studio.books.find(GUILD, ticket.code)).state


async def _fails(services: Services, wall: Wall | None = None, **options: Any) -> Ticket:
    ticket = await services.studio.admit(ask(**options))
    with pytest.raises(Exception):  # noqa: B017, PT011 - which one is the provider's business
        await services.studio.perform(ticket, wall or Wall())
    return ticket


async def test_what_is_shown_is_charged_at_its_true_price(
    services: Services, provider: Told
) -> None:
    provider.outcome = answer(picture(), picture(colour="red"))
    wall = Wall()
    ticket = await services.studio.admit(ask(count=2))
    assert await used(services, Unit.PICTURES) == (0, 2)
    assert await used(services, Unit.DOLLARS) == (0, 2 * ESTIMATE)

    await services.studio.perform(ticket, wall)

    assert [len(result.pictures) for result in wall.shown] == [2]
    assert await used(services, Unit.PICTURES) == (2, 0)
    assert await used(services, Unit.DOLLARS) == (PRICE, 0)
    assert await used(services, Unit.JOBS) == (0, 0)
    assert await _state(services, ticket) is JobState.DONE


async def test_fewer_pictures_than_asked_are_charged_as_that_many(services: Services) -> None:
    wall = Wall()
    ticket = await services.studio.admit(ask(count=3))

    await services.studio.perform(ticket, wall)

    assert await used(services, Unit.PICTURES) == (1, 0)


@pytest.mark.parametrize(
    ("error", "state", "dollars"),
    [
        (ContentRefused(stage="input", categories=("violence",)), JobState.REFUSED, 0),
        (PictureRejected(), JobState.FAILED, 0),
        (ParameterRejected(), JobState.FAILED, 0),
        (ProviderBusy(retry_after=5), JobState.FAILED, 0),
        (OutOfBudget(), JobState.FAILED, 0),
        (NotSetUp(), JobState.FAILED, 0),
        (ModelGone(model="told-1"), JobState.FAILED, 0),
        (ProviderUnreachable(), JobState.FAILED, 0),
        (ProviderFailed(), JobState.FAILED, 0),
        (MaybeBilled(), JobState.UNKNOWN, ESTIMATE),
        (NonsenseAnswer(), JobState.FAILED, ESTIMATE),
        (RuntimeError("a bug of ours"), JobState.UNKNOWN, ESTIMATE),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
async def test_a_failed_call_gives_the_allowance_back(
    services: Services, provider: Told, error: Exception, state: JobState, dollars: int
) -> None:
    provider.outcome = error

    ticket = await _fails(services)

    assert await used(services, Unit.PICTURES) == (0, 0)
    assert await used(services, Unit.JOBS) == (0, 0)
    assert await used(services, Unit.DOLLARS) == (dollars, 0)
    assert await _state(services, ticket) is state
    assert len(provider.requests) == 1


async def test_a_refusal_is_recorded_without_its_words(services: Services, provider: Told) -> None:
    provider.outcome = ContentRefused(
        stage="output", categories=("sexual", "violence"), request_id="req_9"
    )

    ticket = await _fails(services)

    page = await services.moderation.page(EventQuery(guild_id=GUILD))
    (event,) = page.events
    assert (event.user_id, event.job_code, event.stage) == (ANN, ticket.code, "output")
    assert event.categories == ("sexual", "violence")
    assert event.request_id == "req_9"
    assert "kite" not in repr(event)
    assert len(event.fingerprint) == 64


async def test_a_refusal_beside_pictures_is_recorded_too(
    services: Services, provider: Told
) -> None:
    refused = ContentRefused(stage="output", categories=("violence",))
    provider.outcome = replace(answer(picture()), refused=(refused,))

    await services.studio.perform(await services.studio.admit(ask(count=2)), Wall())

    page = await services.moderation.page(EventQuery(guild_id=GUILD))
    assert [event.categories for event in page.events] == [("violence",)]
    assert await used(services, Unit.PICTURES) == (1, 0)


async def test_pictures_that_cannot_be_shown_are_kept_and_shown_later(
    services: Services, provider: Told
) -> None:
    ticket = await services.studio.admit(ask())
    with pytest.raises(Undelivered, match="could not be posted"):
        await services.studio.perform(ticket, Wall(failure=DeliveryFailed()))
    assert await _state(services, ticket) is JobState.MADE
    assert await used(services, Unit.PICTURES) == (0, 1)
    wall = Wall()

    await services.studio.deliver(ticket, wall)

    assert [len(result.pictures) for result in wall.shown] == [1]
    assert len(provider.requests) == 1
    assert await used(services, Unit.PICTURES) == (1, 0)
    assert await used(services, Unit.DOLLARS) == (PRICE, 0)
    assert await _state(services, ticket) is JobState.DONE


async def test_what_is_being_shown_is_not_shown_beside_it(services: Services) -> None:
    ticket = await services.studio.admit(ask())
    wall = _Slow()
    running = asyncio.create_task(services.studio.perform(ticket, wall))
    await wall.asked.wait()

    with pytest.raises(NothingKept):
        await services.studio.deliver(ticket, Wall())

    wall.go.set()
    await running
    with pytest.raises(NothingKept):
        await services.studio.deliver(ticket, Wall())


async def test_pictures_too_large_for_discord_are_made_smaller(
    services: Services, provider: Told
) -> None:
    provider.outcome = answer(noise(900))
    wall = _Narrow(500_000)

    await services.studio.perform(await services.studio.admit(ask()), wall)

    (result,) = wall.shown
    assert sum(len(each.data) for each in result.pictures) <= 500_000
    assert Note.COMPRESSED in result.pictures[0].notes


async def test_pictures_that_are_never_small_enough_are_kept(services: Services) -> None:
    ticket = await services.studio.admit(ask())

    with pytest.raises(Undelivered):
        await services.studio.perform(ticket, _Narrow(1))

    assert await _state(services, ticket) is JobState.MADE


async def test_an_answer_that_is_no_picture_is_a_failure(
    services: Services, provider: Told
) -> None:
    provider.outcome = answer(b"<html>not a picture</html>")

    ticket = await _fails(services)

    assert await used(services, Unit.PICTURES) == (0, 0)
    assert await _state(services, ticket) is JobState.FAILED


async def test_of_several_pictures_those_are_shown_that_are_pictures(
    services: Services, provider: Told
) -> None:
    provider.outcome = answer(b"garbage", picture())
    wall = Wall()

    await services.studio.perform(await services.studio.admit(ask(count=2)), wall)

    assert len(wall.shown[0].pictures) == 1
    assert await used(services, Unit.PICTURES) == (1, 0)


async def test_a_picture_that_cannot_be_fetched_is_never_sent(
    services: Services, provider: Told
) -> None:
    gone = ask(Command.EDIT, source=SOURCE.__class__(url="gone", name="x", size=1))
    ticket = await services.studio.admit(gone)

    with pytest.raises(DownloadFailed):
        await services.studio.perform(ticket, Wall())

    assert provider.requests == []
    assert await used(services, Unit.DOLLARS) == (0, 0)


async def test_edits_send_a_square_and_a_mask(services: Services, provider: Told) -> None:
    provider.outcome = answer(picture(1024))
    edit = ask(Command.EDIT, region="left half", strength=Strength.STRONG)

    await services.studio.perform(await services.studio.admit(edit), Wall())

    (request,) = provider.requests
    (image,) = request.images
    assert request.mask is not None
    assert image.data[:8] == request.mask[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(request.member) == 64
    assert str(ANN) not in request.member


async def test_an_uploaded_mask_is_fetched_too(services: Services, provider: Told) -> None:
    edit = ask(Command.EDIT, mask=SOURCE)
    ticket = await services.studio.admit(edit)

    with pytest.raises(Exception, match="The mask selects"):
        await services.studio.perform(ticket, Wall())  # one colour all over

    assert provider.requests == []


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"model": "nobody"}, BadOption),
        ({"quality": "max"}, BadOption),
        ({"shape": Shape.PORTRAIT}, BadOption),
        ({"count": 9}, BadOption),
        ({"verbatim": True}, NotSupported),
        ({"prompt": "x" * 101}, PromptTooLong),
        ({"command": Command.EDIT, "source": SOURCE, "model": "told-draw"}, NotSupported),
        ({"command": Command.EDIT, "source": SOURCE, "region": "moon"}, BadOption),
    ],
)
async def test_what_a_model_cannot_do_is_refused_before_it_costs(
    services: Services, options: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await services.studio.admit(ask(**options))

    assert await used(services, Unit.PICTURES) == (0, 0)


async def test_the_same_interaction_is_one_request(services: Services) -> None:
    first = ask()
    await services.studio.admit(first)

    with pytest.raises(AlreadyAsked):
        await services.studio.admit(first)

    assert await used(services, Unit.PICTURES) == (0, 1)


async def test_an_answer_that_nobody_waits_for_is_withdrawn(services: Services) -> None:
    ticket = await services.studio.admit(ask())

    await services.studio.books.withdrawn(ticket, "NotFound")

    assert await used(services, Unit.PICTURES) == (0, 0)
    assert await _state(services, ticket) is JobState.FAILED


async def test_a_member_has_only_so_many_requests_at_once(services: Services) -> None:
    await services.studio.admit(ask())
    await services.studio.admit(ask())

    with pytest.raises(TooManyAtOnce):
        await services.studio.admit(ask())


async def test_at_the_limit_the_next_is_refused(
    tmp_path: Path, clock: Clock, provider: Told
) -> None:
    async with open_studio(
        tmp_path, clock, provider, DEFAULT_MEMBER_PICTURES_PER_DAY="1"
    ) as services:
        await services.studio.perform(await services.studio.admit(ask()), Wall())

        with pytest.raises(QuotaFull):
            await services.studio.admit(ask())


async def test_300_asks_at_once_at_a_limit_of_50(
    tmp_path: Path, clock: Clock, provider: Told
) -> None:
    limits = {"DEFAULT_MEMBER_PICTURES_PER_DAY": "50", "MEMBER_JOBS_AT_ONCE": "256"}
    async with open_studio(
        tmp_path, clock, provider, DEFAULT_SERVER_DOLLARS_PER_MONTH="1000", **limits
    ) as services:
        asked = (services.studio.admit(ask()) for _ in range(300))
        outcomes = await asyncio.gather(*asked, return_exceptions=True)

        assert sum(isinstance(each, Ticket) for each in outcomes) == 50
        assert sum(isinstance(each, QuotaFull) for each in outcomes) == 250
        assert await used(services, Unit.PICTURES) == (0, 50)


async def test_closing_refuses_the_new_and_lets_the_running_end(
    services: Services, provider: Told
) -> None:
    provider.gate = asyncio.Event()
    wall = Wall()
    ticket = await services.studio.admit(ask())
    running = asyncio.create_task(services.studio.perform(ticket, wall))
    await provider.asked.wait()
    closing = asyncio.create_task(services.studio.close(60))
    await asyncio.sleep(0)

    with pytest.raises(Closing):
        await services.studio.admit(ask())
    provider.gate.set()
    await closing

    assert running.done()
    assert len(wall.shown) == 1
    assert await _state(services, ticket) is JobState.DONE


async def test_what_does_not_end_in_time_is_cancelled_and_booked_as_unknown(
    services: Services, provider: Told
) -> None:
    provider.gate = asyncio.Event()
    ticket = await services.studio.admit(ask())
    running = asyncio.create_task(services.studio.perform(ticket, Wall()))
    await provider.asked.wait()

    await services.studio.close(0)

    with pytest.raises(Closing) as ended:
        await running
    assert ended.value.cost is Cost.UNKNOWN
    assert await _state(services, ticket) is JobState.UNKNOWN
    assert await used(services, Unit.PICTURES) == (0, 0)
    assert await used(services, Unit.DOLLARS) == (ESTIMATE, 0)


def _busy(services: Services, monkeypatch: pytest.MonkeyPatch, where: str, failures: int) -> None:
    """Let the database be busy so many times when *where* of the quotas is asked."""
    monkeypatch.setattr(books_module, "_PAUSES", (0, 0, 0))
    busy = iter([True] * failures)
    real = getattr(services.quotas, where)

    def sometimes(*args: Any, **values: Any) -> None:
        if next(busy, False):
            raise StorageBusy
        real(*args, **values)

    monkeypatch.setattr(services.quotas, where, sometimes)


async def test_a_busy_database_does_not_spoil_what_was_shown(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    _busy(services, monkeypatch, "settle", 2)
    wall = Wall()
    ticket = await services.studio.admit(ask())

    await services.studio.perform(ticket, wall)

    assert len(wall.shown) == 1
    assert await _state(services, ticket) is JobState.DONE


@pytest.mark.parametrize("error", [None, ProviderFailed()])
async def test_what_a_busy_database_left_open_is_closed_later(
    services: Services,
    provider: Told,
    monkeypatch: pytest.MonkeyPatch,
    error: ProviderFailed | None,
) -> None:
    provider.outcome = error or provider.outcome
    _busy(services, monkeypatch, "release" if error else "settle", 3)
    ticket = await services.studio.admit(ask())
    with suppress(ProviderFailed):
        await services.studio.perform(ticket, Wall())
    assert await used(services, Unit.JOBS) == (0, 1)

    await services.studio.books.catch_up()

    assert await used(services, Unit.JOBS) == (0, 0)
    assert await used(services, Unit.PICTURES) == ((0 if error else 1), 0)


async def test_pictures_that_cannot_be_stored_are_shown_all_the_same(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(*_: object) -> None:
        raise StorageBusy

    monkeypatch.setattr(services.studio.books, "made", busy)
    wall = Wall()

    await services.studio.perform(await services.studio.admit(ask()), wall)

    assert len(wall.shown) == 1
    assert await used(services, Unit.PICTURES) == (1, 0)


async def test_what_waits_too_long_is_never_called(
    services: Services, provider: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio_module, "CALL_BEFORE", 0)
    ticket = await services.studio.admit(ask(Command.EDIT))

    with pytest.raises(TooBusy) as refused:
        await services.studio.perform(ticket, Wall())

    assert refused.value.cost is Cost.NOTHING
    assert provider.requests == []
    assert await used(services, Unit.DOLLARS) == (0, 0)


async def test_an_answer_that_comes_too_late_is_dropped_and_booked(
    services: Services, provider: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio_module, "DEADLINE", 0)
    provider.gate = asyncio.Event()
    ticket = await services.studio.admit(ask())

    with pytest.raises(MaybeBilled):
        await services.studio.perform(ticket, Wall())

    assert await used(services, Unit.DOLLARS) == (ESTIMATE, 0)


@pytest.mark.parametrize(
    ("error", "cost"),
    [
        (TooBusy(), Cost.CHARGED),
        (StorageBusy(), Cost.CHARGED),
    ],
)
async def test_a_failure_after_the_answer_says_that_it_was_paid(
    services: Services, error: UserError, cost: Cost
) -> None:
    ticket = await services.studio.admit(ask())

    with pytest.raises(type(error)) as failed:
        await services.studio.perform(ticket, Wall(failure=error))

    assert failed.value.cost is cost
    assert await used(services, Unit.DOLLARS) == (PRICE, 0)


async def test_many_requests_may_finish_many_pictures_at_once(
    tmp_path: Path, clock: Clock, provider: Told
) -> None:
    provider.outcome = answer(*[picture(16)] * 4)
    many = {"MEMBER_JOBS_AT_ONCE": "256", "DEFAULT_MEMBER_PICTURES_PER_DAY": "500"}
    many["DEFAULT_SERVER_DOLLARS_PER_MONTH"] = "1000"
    async with open_studio(tmp_path, clock, provider, **many) as services:
        wall = Wall()
        tickets = [await services.studio.admit(ask(count=4)) for _ in range(32)]

        await asyncio.gather(*(services.studio.perform(ticket, wall) for ticket in tickets))

        assert [len(result.pictures) for result in wall.shown] == [4] * 32


async def test_what_was_admitted_before_the_end_is_left_to_the_next_start(
    services: Services, provider: Told
) -> None:
    ticket, wall = await services.studio.admit(ask()), Wall()
    await services.studio.close(60)

    await services.studio.perform(ticket, wall)

    assert wall.put_off == [ticket.code]
    assert provider.requests == []
    assert await _state(services, ticket) is JobState.BOOKED


async def test_what_waits_for_its_turn_at_the_end_is_left_to_the_next_start(
    tmp_path: Path, clock: Clock, provider: Told
) -> None:
    provider.gate = asyncio.Event()
    async with open_studio(tmp_path, clock, provider, PROVIDER_CALLS_AT_ONCE="1") as services:
        wall, waits = Wall(), Wall()
        running, waiting = await services.studio.admit(ask()), await services.studio.admit(ask())
        works = [
            asyncio.create_task(services.studio.perform(running, wall)),
            asyncio.create_task(services.studio.perform(waiting, waits)),
        ]
        await provider.asked.wait()
        closing = asyncio.create_task(services.studio.close(60))

        await works[1]
        provider.gate.set()
        await closing

        assert (len(wall.shown), waits.put_off) == (1, [waiting.code])
        assert len(provider.requests) == 1
        assert await _state(services, waiting) is JobState.BOOKED


async def test_what_is_prepared_at_the_end_is_never_called(
    services: Services, provider: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = asyncio.Event(), asyncio.Event()
    prepare = Preparing.prepare

    async def slowly(preparing: Preparing, ticket: Ticket) -> Prepared:
        begun.set()
        await go.wait()
        return await prepare(preparing, ticket)

    monkeypatch.setattr(Preparing, "prepare", slowly)
    ticket, wall = await services.studio.admit(ask()), Wall()
    running = asyncio.create_task(services.studio.perform(ticket, wall))
    await begun.wait()
    closing = asyncio.create_task(services.studio.close(60))
    await asyncio.sleep(0)
    go.set()
    await asyncio.gather(running, closing)

    assert (provider.requests, wall.put_off) == ([], [ticket.code])
    assert await _state(services, ticket) is JobState.BOOKED


async def test_what_is_being_shown_at_the_end_is_left_to_the_next_start(
    services: Services,
) -> None:
    ticket, wall = await services.studio.admit(ask()), _Slow()
    running = asyncio.create_task(services.studio.perform(ticket, wall))
    await wall.asked.wait()

    await services.studio.close(0)
    await running

    assert await _state(services, ticket) is JobState.MADE
    assert wall.put_off == [ticket.code]


async def test_what_does_not_end_when_it_is_told_to_is_left_behind(
    services: Services, provider: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stage that does not let go must not keep Easel from ending."""
    monkeypatch.setattr(attendance, "ENDING", 0.05)
    stuck, go = _Slow(), asyncio.Event()

    async def parked(ticket: Ticket) -> None:
        del ticket
        await go.wait()

    monkeypatch.setattr(stuck, "parked", parked)
    ticket = await services.studio.admit(ask())
    running = asyncio.create_task(services.studio.perform(ticket, stuck))
    await stuck.asked.wait()

    await services.studio.close(0)

    assert not running.done()
    assert await _state(services, ticket) is JobState.MADE
    go.set()
    await running


async def test_requests_of_other_servers_are_not_found(services: Services) -> None:
    ticket = await services.studio.admit(ask())

    with pytest.raises(NoSuchJob):
        await services.studio.books.find(GUILD + 1, ticket.code)
