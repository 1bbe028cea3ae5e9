"""Turns in the studio: no server waits behind another, nobody is booked who cannot wait."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from bot.bootstrap import Services
from bot.domain.asks import Asker, Command, Place
from bot.domain.clock import Clock
from bot.domain.errors import Cancelled, TooBusy
from bot.domain.jobs import JobState
from bot.domain.quota import Unit
from bot.services.admission import Ticket
from bot.services.preparing import Prepared, Preparing
from tests.services.studio import ANN, CHANNEL, GUILD, Told, Wall, answer, ask, open_studio, used
from tests.services.studio import picture as made_picture
from tests.services.test_recovery import Post

pytestmark = pytest.mark.usefixtures("database_kind")

MANY = {
    "MEMBER_JOBS_AT_ONCE": "256",
    "DEFAULT_MEMBER_PICTURES_PER_DAY": "1000",
    "DEFAULT_SERVER_DOLLARS_PER_MONTH": "1000",
    "PROVIDER_CALLS_AT_ONCE": "4",
}
OTHER = GUILD + 1


@pytest.fixture
def provider() -> Told:
    return Told(answer(made_picture(16)))


@pytest.fixture
async def services(tmp_path: Path, clock: Clock, provider: Told) -> AsyncGenerator[Services]:
    async with open_studio(tmp_path, clock, provider, **MANY) as opened:
        yield opened


async def _asked(services: Services, number: int, guild_id: int, prompt: str) -> list[Ticket]:
    place = Place(guild_id=guild_id, channel_id=CHANNEL)
    askers = [Asker(user_id=ANN + each % 7) for each in range(number)]
    asks = [ask(asker=asker, place=place, prompt=prompt) for asker in askers]
    return [await services.studio.admit(each) for each in asks]


def _perform(services: Services, tickets: list[Ticket]) -> list[asyncio.Task[None]]:
    wall = Wall()
    return [asyncio.create_task(services.studio.perform(each, wall)) for each in tickets]


async def test_five_of_a_server_start_within_a_slots_time_beside_150_of_another(
    services: Services, provider: Told
) -> None:
    """Of four places one is free for the other server; each that ends makes way for it."""
    provider.gate = asyncio.Event()
    tasks = _perform(services, await _asked(services, 150, GUILD, "theirs"))
    tasks += _perform(services, await _asked(services, 5, OTHER, "ours"))
    await _until(lambda: [len(services.queue.lines(each)) for each in (GUILD, OTHER)] == [150, 5])

    provider.gate.set()
    await asyncio.gather(*tasks)

    order = [request.prompt for request in provider.requests]
    ours = [place for place, prompt in enumerate(order) if prompt == "ours"]
    assert len(order) == 155
    assert ours[0] <= 4
    assert ours[-1] < 4 + 2 * 5  # every second one since


async def test_after_a_start_no_server_waits_behind_another_either(
    tmp_path: Path, clock: Clock, provider: Told
) -> None:
    async with open_studio(tmp_path, clock, provider, **MANY) as services:
        await _asked(services, 60, GUILD, "theirs")
        await _asked(services, 5, OTHER, "ours")

    async with open_studio(tmp_path, clock, provider, **MANY) as services:
        await services.recovery.run(await services.recovery.left(), Post())

    order = [request.prompt for request in provider.requests]
    ours = [place for place, prompt in enumerate(order) if prompt == "ours"]
    assert len(order) == 65
    assert ours[-1] < 40  # behind those that were read from the database before


async def test_what_is_left_of_an_earlier_process_is_seen_and_cancelled(
    tmp_path: Path, clock: Clock, provider: Told
) -> None:
    one = MANY | {"PROVIDER_CALLS_AT_ONCE": "1"}
    async with open_studio(tmp_path, clock, provider, **one) as services:
        first, second = await _asked(services, 2, GUILD, "a kite")

    provider.gate, post = asyncio.Event(), Post()
    async with open_studio(tmp_path, clock, provider, **one) as services:
        running = asyncio.create_task(services.recovery.run(await services.recovery.left(), post))
        await provider.asked.wait()
        await _until(lambda: len(services.queue.lines(GUILD)) == 2)
        await services.queue.cancel(GUILD, second.code, by=second.ask.asker.user_id, manages=False)
        provider.gate.set()
        await running

    assert [result.ticket.code for result in post.wall.shown] == [first.code]
    assert post.told == [(second.code, Cancelled)]
    assert len(provider.requests) == 1


async def _until(reached: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not reached():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.005)


async def test_more_than_may_wait_are_refused_with_nothing_booked(
    tmp_path: Path, clock: Clock, provider: Told
) -> None:
    few = MANY | {"PROVIDER_CALLS_AT_ONCE": "1", "MOST_WAITING_JOBS": "2"}
    provider.gate = asyncio.Event()
    async with open_studio(tmp_path, clock, provider, **few) as services:
        tasks = _perform(services, await _asked(services, 3, GUILD, "a kite"))
        await provider.asked.wait()

        with pytest.raises(TooBusy):
            await services.studio.admit(ask(asker=Asker(user_id=ANN + 99)))

        assert len(await services.recovery.left()) == 0  # all three are at work here
        assert len(await services.studio.books.unfinished()) == 3
        provider.gate.set()
        await asyncio.gather(*tasks)


async def test_a_request_is_cancelled_while_its_picture_is_fetched(
    services: Services, provider: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def endless(preparing: Preparing, ticket: Ticket) -> Prepared:
        del preparing, ticket
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(Preparing, "prepare", endless)
    ticket = await services.studio.admit(ask(Command.EDIT))
    running = asyncio.create_task(services.studio.perform(ticket, Wall()))
    await begun.wait()

    await services.queue.cancel(GUILD, ticket.code, by=ANN, manages=False)

    with pytest.raises(Cancelled):
        await running
    assert provider.requests == []
    assert await used(services, Unit.DOLLARS) == (0, 0)
    job = await services.studio.books.find(GUILD, ticket.code)
    assert job.state is JobState.FAILED


async def test_only_who_waits_long_is_told_and_not_too_often(
    tmp_path: Path, clock: Clock, provider: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look at the queue is a hundredth of a second here."""
    monkeypatch.setattr("bot.services.places._LOOK", 0.01)
    monkeypatch.setattr("bot.services.places.BETWEEN", 0.0)
    provider.gate = asyncio.Event()
    one = MANY | {"PROVIDER_CALLS_AT_ONCE": "1"}
    async with open_studio(tmp_path, clock, provider, **one) as services:
        tickets = await _asked(services, 3, GUILD, "a kite")
        walls = [Wall() for _ in tickets]
        tasks = [
            asyncio.create_task(services.studio.perform(ticket, wall))
            for ticket, wall in zip(tickets, walls, strict=True)
        ]
        await _until(lambda: walls[2].places)
        await asyncio.sleep(0.05)

        told = [[each.place for each in wall.places] for wall in walls]
        assert told == [[], [1], [2]]  # once, while nothing moves
        provider.gate.set()
        await asyncio.gather(*tasks)
        assert [len(wall.shown) for wall in walls] == [1, 1, 1]
