"""What several processes share through the database: the service's rate, the bot's money."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import Services
from bot.domain.asks import Place
from bot.domain.clock import SystemClock
from bot.domain.errors import ProviderBusy, QuotaFull, StorageBusy
from bot.domain.pictures import Size
from bot.providers.base import Operation, PictureRequest, ProviderSettings
from bot.providers.openai_images import open_openai_images
from bot.providers.rate import WINDOW, RateLimiter, Start
from bot.providers.rates import SharedRate
from bot.services.sharding import SharedRates
from bot.storage.database import open_database
from tests.fakes.images_answers import Fault
from tests.fakes.images_api import FakeImages
from tests.services.studio import CHANNEL, Told, answer, ask, open_studio, picture


class Passes:
    """A sleep that takes no time, and a clock that goes on with it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.taken: list[float] = []

    def clock(self) -> float:
        return self.now

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        self.now += seconds


@asynccontextmanager
async def two_rates(url: str, per_minute: int | None) -> AsyncGenerator[list[SharedRate]]:
    """The rate as two processes have it."""
    async with open_database(url) as one, open_database(url) as other:
        time = Passes()
        yield [
            SharedRate(SharedRates(each), "rate:test", per_minute, clock=time.clock, sleep=time)
            for each in (one, other)
        ]


async def test_two_processes_together_stay_below_the_rate(postgresql_url: str) -> None:
    async with two_rates(postgresql_url, 6) as rates:
        takes = [rates[number % 2].take(1, within=30) for number in range(10)]
        found = await asyncio.gather(*takes, return_exceptions=True)

    kinds = Counter(type(each) for each in found)
    assert kinds == {Start: 6, ProviderBusy: 4}
    busy = next(each for each in found if isinstance(each, ProviderBusy))
    assert busy.retry_after is not None
    assert WINDOW - 10 < busy.retry_after <= WINDOW


async def test_what_was_not_taken_is_free_for_others(postgresql_url: str) -> None:
    async with two_rates(postgresql_url, 1) as (one, other):
        start = await one.take(1, within=0)
        assert await other.delay(1) > WINDOW - 10
        await one.undo(start)
        await other.take(1, within=0)


async def test_one_refusal_lets_all_pause(postgresql_url: str) -> None:
    """The 429 and its Retry-After reach the process that was not refused."""
    async with two_rates(postgresql_url, None) as (one, other):
        start = await one.take(1, within=0)
        await one.refused({}, 40.0, start)
        assert 35 < await other.delay(1) <= 40
        with pytest.raises(ProviderBusy):
            await other.take(1, within=5)


async def test_what_one_learns_all_know(postgresql_url: str) -> None:
    headers = {"x-ratelimit-limit-images": "5"}
    async with two_rates(postgresql_url, None) as (one, other):
        await one.answered(headers, await one.take(1, within=0))
        await other.take(4, within=0)
        assert await one.delay(1) > WINDOW - 10


async def test_who_waits_in_line_counts_for_the_estimate(postgresql_url: str) -> None:
    asleep = asyncio.Event()

    async def sleep(seconds: float) -> None:
        asleep.set()
        await asyncio.get_running_loop().create_future()

    async with open_database(postgresql_url) as database:
        rate = SharedRate(SharedRates(database), "rate:test", 2, clock=lambda: 0.0, sleep=sleep)
        await rate.take(2, within=0)
        waiting = asyncio.create_task(rate.take(2, within=100))
        await asleep.wait()
        assert await rate.delay(1) > 2 * WINDOW - 10
        waiting.cancel()
        await asyncio.wait({waiting})
        assert await rate.delay(1) < WINDOW


class Busy:
    """A database that never has time."""

    async def change(self, name: str, work: object) -> Any:  # noqa: ARG002 - as the real one
        raise StorageBusy


async def test_a_busy_database_asks_for_nothing() -> None:
    """Without the shared state nothing starts, and what came is not lost."""
    time = Passes()
    rate = SharedRate(Busy(), "rate:test", None, clock=time.clock, sleep=time)
    start = Start(at=0.0, pictures=1)

    with pytest.raises(ProviderBusy) as told:
        await rate.take(1, within=30)

    assert told.value.retry_after == 1.0
    assert await rate.delay(1) == 0
    await rate.answered({}, start)
    await rate.refused({}, 1.0, start)
    await rate.undo(start)


@pytest.mark.parametrize("before", [None, 6])
def test_what_is_saved_is_what_was_known(before: int | None) -> None:
    moment = [100.0]
    one = RateLimiter(before, lambda: moment[0], asyncio.sleep)
    one.begin(2)
    moment[0] += 1
    start = one.begin(1)
    assert isinstance(start, Start)
    one.learn({"x-ratelimit-limit-images": "40"}, start)
    one.limited(7.0, start)
    other = RateLimiter(before, lambda: moment[0], asyncio.sleep)
    other.load(one.saved())

    assert other.saved() == one.saved()
    assert other.limit == one.limit
    assert [other.delay(n) for n in (1, 5)] == [one.delay(n) for n in (1, 5)]


def test_old_starts_are_saved_together_and_still_count() -> None:
    moment = [0.0]
    one = RateLimiter(None, lambda: moment[0], asyncio.sleep)
    for _ in range(300):
        one.begin(1)
        moment[0] += 0.1
    saved = one.saved()
    other = RateLimiter(300, lambda: moment[0], asyncio.sleep)
    other.load(saved)

    assert len(saved["counted"]) < 130
    assert sum(pictures for _, pictures, _ in saved["counted"]) == 300
    assert WINDOW - 31 < other.delay(1) < WINDOW - 28


def test_another_limit_forgets_what_was_learned_but_not_what_counts() -> None:
    one = RateLimiter(10, lambda: 100.0, asyncio.sleep)
    one.begin(10)
    one.limited(5.0)
    other = RateLimiter(30, lambda: 100.0, asyncio.sleep)
    other.load(one.saved())

    assert other.limit == 30
    assert other.delay(25) > WINDOW - 1


async def test_providers_of_two_processes_share_one_allowance(postgresql_url: str) -> None:
    async with (
        FakeImages().run() as fake,
        open_database(postgresql_url) as one,
        open_database(postgresql_url) as other,
    ):
        settings = ProviderSettings(name="openai", api_key="sk-x", base_url=fake.url)
        fake.script(Fault(status=429, headers={"retry-after": "30"}, body={"error": {}}))
        request = PictureRequest(
            operation=Operation.GENERATE,
            model="gpt-image-2.5-flare",
            prompt="a fox",
            size=Size(1024, 1024),
        )
        time = Passes()
        for database in (one, other):
            async with open_openai_images(
                settings, None, SharedRates(database), sleep=time, clock=time.clock
            ) as provider:
                with pytest.raises(ProviderBusy):
                    await provider.make(request)

    assert len(fake.calls) == 1  # the other one did not even ask


@asynccontextmanager
async def two_studios(path: Path, url: str, told: Told) -> AsyncGenerator[list[Services]]:
    """What two processes have open, with half a dollar for all servers together."""
    settings = {"DATABASE_URL": url, "MONTHLY_BUDGET_DOLLARS": "0.50"}
    async with (
        open_studio(path, SystemClock(), told, **settings) as one,
        open_studio(path, SystemClock(), told, **settings) as other,
    ):
        yield [one, other]


async def test_the_bots_money_is_one_for_all_processes(tmp_path: Path, postgresql_url: str) -> None:
    """Forty servers on two processes ask at once for five cents each: ten get it, exactly."""
    told = Told(answer(picture()))
    async with two_studios(tmp_path, postgresql_url, told) as studios:

        async def admitted(number: int) -> bool:
            place = Place(guild_id=1000 + number, channel_id=CHANNEL)
            while True:
                try:
                    await studios[number % 2].studio.admit(ask(place=place))
                except QuotaFull:
                    return False
                except StorageBusy:
                    continue
                return True

        granted = await asyncio.gather(*(admitted(number) for number in range(40)))

    assert sum(granted) == 10
