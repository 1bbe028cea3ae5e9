"""Many requests, a server that takes few: in order, without a storm, and without wasting a minute.

Every test runs in virtual time: a loop whose clock jumps to the next timer.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import ProviderBusy
from bot.providers.rate import GROWTH_EVERY, LONGEST, PAUSE, SPACING, SURE, WINDOW, RateLimiter


class _Jump(selectors.DefaultSelector):
    """Waits for nothing: time goes on by as much as the loop would have waited."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everybody waits and nothing will happen"
            self.now += max(0.0, timeout)
        return ready


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.now


def run(main: Coroutine[object, object, None]) -> None:
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        runner.run(main)


def now() -> float:
    return asyncio.get_running_loop().time()


def limiter(images_per_minute: int | None) -> RateLimiter:
    return RateLimiter(images_per_minute, now, asyncio.sleep)


async def times(rate: RateLimiter, asked: list[int]) -> list[float]:
    """Return when each of the requests, asked for at once and in this order, started."""
    starts = await asyncio.gather(*(rate.take(pictures) for pictures in asked))
    return [start.at for start in starts]


async def _in_order_and_within_the_limit(limit: int, asked: list[int]) -> None:
    rate = limiter(limit)
    predicted = rate.delay(1)
    started = await times(rate, asked)

    assert predicted == 0
    assert started == sorted(started)
    for at in started:
        window = [
            pictures
            for begun, pictures in zip(started, asked, strict=True)
            if at - 60 < begun <= at
        ]
        assert sum(window) <= limit or len(window) == 1


@given(limit=st.integers(1, 12), asked=st.lists(st.integers(1, 15), min_size=1, max_size=40))
@settings(deadline=None, max_examples=60)
def test_no_minute_has_more_than_the_limit(limit: int, asked: list[int]) -> None:
    run(_in_order_and_within_the_limit(limit, asked))


@given(limit=st.integers(1, 12), asked=st.lists(st.integers(1, 15), min_size=1, max_size=20))
@settings(deadline=None, max_examples=60)
def test_the_wait_that_is_told_is_the_wait_that_comes(limit: int, asked: list[int]) -> None:
    async def main() -> None:
        rate = limiter(limit)
        tasks: list[asyncio.Task[float]] = []

        async def one(pictures: int) -> float:
            return (await rate.take(pictures)).at

        told: list[float] = []
        for pictures in asked:
            told.append(rate.delay(pictures))
            tasks.append(asyncio.create_task(one(pictures)))
            await asyncio.sleep(0)
        assert await asyncio.gather(*tasks) == pytest.approx(told, abs=1e-3)

    run(main())


def test_more_than_the_limit_waits_for_an_empty_minute_and_is_paid_back() -> None:
    async def main() -> None:
        assert await times(limiter(5), [1, 12, 3]) == [0, WINDOW, 3 * WINDOW]

    run(main())


def test_without_a_limit_nobody_waits_longer_than_a_moment() -> None:
    async def main() -> None:
        rate = limiter(None)
        first = await times(rate, [1] * 20)
        assert rate.limit is None
        assert first[:SURE] == [0] * SURE
        assert first[-1] == pytest.approx(12 * SPACING)

        await asyncio.sleep(100)
        again = await times(rate, [1] * 20)
        assert len(set(again)) == 1

    run(main())


def test_a_deadline_is_told_at_once_and_costs_no_place() -> None:
    async def main() -> None:
        rate = limiter(2)
        await rate.take(2)
        with pytest.raises(ProviderBusy) as raised:
            await rate.take(1, within=60)
        assert raised.value.retry_after == pytest.approx(WINDOW)
        assert now() == 0
        assert rate.delay(1) == pytest.approx(WINDOW)
        assert (await rate.take(1, within=WINDOW)).at == pytest.approx(WINDOW)

    run(main())


def test_a_deadline_holds_when_the_server_slows_down_meanwhile() -> None:
    async def main() -> None:
        rate = limiter(2)
        await rate.take(2)
        waiting = asyncio.create_task(rate.take(1, within=70))
        await asyncio.sleep(1)
        rate.limited(300)
        with pytest.raises(ProviderBusy) as raised:
            await waiting
        assert now() <= 6
        assert raised.value.retry_after == pytest.approx(301 - now())

    run(main())


@given(cancelled=st.sets(st.integers(0, 9)), at=st.floats(0, 200))
@settings(deadline=None, max_examples=40)
def test_who_gives_up_leaves_the_line(cancelled: set[int], at: float) -> None:
    async def main() -> None:
        rate = limiter(2)
        tasks = [asyncio.create_task(rate.take(1)) for _ in range(10)]
        await asyncio.sleep(at)
        for index in cancelled:
            tasks[index].cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        started = [each.at for each in done if not isinstance(each, BaseException)]
        assert len(started) >= 10 - len(cancelled)
        assert started == pytest.approx([WINDOW * (place // 2) for place in range(len(started))])
        assert rate.delay(2) <= WINDOW

    run(main())


HEADERS = "x-ratelimit-{}-images"


def headers(**values: str) -> dict[str, str]:
    return {HEADERS.format(name): value for name, value in values.items()}


def test_the_limit_is_learned_downward_from_headers() -> None:
    async def main() -> None:
        rate = limiter(50)
        rate.learn(headers(limit="5"))
        assert rate.limit == 5
        rate.learn(headers(limit="500"))
        for _ in range(100):
            await asyncio.sleep(GROWTH_EVERY)
            rate.succeeded()
        assert rate.limit == 50

    run(main())


@pytest.mark.parametrize("limit", ["", "-3", "nan", "1e9", "5.5", "\u0665", "9" * 10])
def test_a_limit_that_is_no_number_teaches_nothing(limit: str) -> None:
    async def main() -> None:
        rate = limiter(None)
        rate.learn(headers(limit=limit, remaining=limit, reset=limit))
        assert rate.limit is None
        assert rate.delay(1) == 0

    run(main())


def test_what_others_used_is_not_used_again() -> None:
    async def main() -> None:
        rate = limiter(5)
        start = await rate.take(1)
        rate.learn(headers(limit="5", remaining="1", reset="20s"), start)
        assert rate.delay(1) == 0
        assert rate.delay(2) == pytest.approx(20)

    run(main())


def test_our_own_pictures_are_not_counted_twice() -> None:
    async def main() -> None:
        rate = limiter(5)
        starts = [await rate.take(1) for _ in range(4)]
        for remaining, start in zip("4321", starts, strict=True):
            rate.learn(headers(limit="5", remaining=remaining, reset="12s"), start)
        assert rate.delay(1) == 0

    run(main())


def test_what_we_started_since_counts_beside_what_others_used() -> None:
    async def main() -> None:
        rate = limiter(5)
        start = await rate.take(1)
        await asyncio.sleep(1)
        await rate.take(2)
        rate.learn(headers(limit="5", remaining="2", reset="40s"), start)
        assert rate.delay(1) == pytest.approx(39)

    run(main())


def test_headers_of_a_slow_answer_are_old_news() -> None:
    async def main() -> None:
        rate = limiter(5)
        start = await rate.take(5)
        await asyncio.sleep(120)
        rate.learn(headers(limit="5", remaining="0", reset="60s"), start)
        assert rate.delay(5) == 0

    run(main())


def test_nothing_left_without_a_limit_waits_for_the_reset() -> None:
    async def main() -> None:
        rate = limiter(None)
        rate.learn(headers(remaining="3", reset="1m0s"))
        assert rate.delay(1) == 0
        rate.learn(headers(remaining="0", reset="1m0s"))
        assert rate.delay(1) == 60

    run(main())


@pytest.mark.parametrize(
    ("asked", "waits"), [(7.0, 7.0), (None, PAUSE), (0.0, 0.0), (-1.0, 0.0), (1e9, LONGEST)]
)
def test_nothing_starts_before_the_server_wants_it(asked: float | None, waits: float) -> None:
    async def main() -> None:
        rate = limiter(50)
        rate.limited(asked)
        assert rate.delay(1) == pytest.approx(waits)
        assert rate.limit == 25

    run(main())


def test_one_burst_cuts_once_and_a_later_refusal_again_down_to_one() -> None:
    async def main() -> None:
        rate = limiter(8)
        starts = [await rate.take(1) for _ in range(8)]
        await asyncio.sleep(1)
        for start in starts:
            rate.limited(1, start)
        assert rate.limit == 4
        for limit in (2, 1, 1, 1):
            start = await rate.take(1)
            await asyncio.sleep(1)
            rate.limited(1, start)
            assert rate.limit == limit

    run(main())


def test_the_rate_comes_back_one_a_minute_and_slower_to_where_it_broke() -> None:
    async def main() -> None:
        rate = limiter(6)
        starts = [await rate.take(1) for _ in range(6)]
        rate.limited(1, starts[-1])
        seen: list[tuple[float, int | None]] = []
        while rate.limit != 6:
            await asyncio.sleep(10)
            rate.succeeded()
            if not seen or seen[-1][1] != rate.limit:
                seen.append((now(), rate.limit))
        assert seen == [(10, 3), (60, 4), (120, 5), (720, 6)]
        rate.succeeded()
        assert rate.limit == 6

    run(main())


def test_what_was_never_sent_is_given_back() -> None:
    async def main() -> None:
        rate = limiter(1)
        start = await rate.take(1)
        rate.undo(start)
        assert rate.delay(1) <= SPACING

    run(main())


@dataclass
class Server:
    """Allows so many pictures a minute, by a window or a bucket; answers after *seconds*."""

    allowed: int
    bucket: bool
    headers: bool
    asks_to_wait: bool
    seconds: float
    travel: Callable[[int], float]
    accepted: list[float] = field(default_factory=list[float])
    refused: int = 0
    calls: int = 0
    level: float = 0.0
    at: float = 0.0

    def left(self) -> float:
        if not self.bucket:
            return self.allowed - sum(at > now() - 60 for at in self.accepted)
        self.level = max(0.0, self.level - (now() - self.at) * self.allowed / 60)
        self.at = now()
        return self.allowed - self.level

    async def ask(self) -> tuple[bool, dict[str, str]]:
        self.calls += 1
        await asyncio.sleep(self.travel(self.calls))
        if self.left() < 1:
            self.refused += 1
            return False, {}
        self.accepted.append(now())
        self.level += 1
        told = headers(limit=str(self.allowed), remaining=str(int(self.left())), reset="12s")
        await asyncio.sleep(self.seconds)
        return True, told if self.headers else {}

    def wait(self) -> float | None:
        return 10.0 if self.asks_to_wait else None


async def _queue(rate: RateLimiter, server: Server, requests: int) -> None:
    slots = asyncio.Semaphore(32)

    async def one() -> None:
        while True:
            async with slots:
                start = await rate.take(1)
                fine, told = await server.ask()
            if fine:
                rate.learn(told, start)
                rate.succeeded()
                return
            rate.limited(server.wait(), start)
            await asyncio.sleep(1)

    await asyncio.gather(*(one() for _ in range(requests)))


@pytest.mark.parametrize("configured", [5, 50, None])
@pytest.mark.parametrize("bucket", [False, True])
@pytest.mark.parametrize("told", ["headers", "waits", "nothing"])
@pytest.mark.parametrize("seconds", [0.5, 90])
def test_a_full_queue_is_no_storm(
    configured: int | None, bucket: bool, told: str, seconds: float
) -> None:
    server = Server(
        allowed=5,
        bucket=bucket,
        headers=told == "headers",
        asks_to_wait=told == "waits",
        seconds=seconds,
        travel=lambda call: 0.05 + call % 7 * 0.02,
    )
    run(_queue(limiter(configured), server, 200))

    assert len(server.accepted) == 200
    assert server.refused <= {5: 0, None: 10, 50: 15}[configured]
    assert 60 * (200 - server.allowed) / server.accepted[-1] >= 0.8 * server.allowed
