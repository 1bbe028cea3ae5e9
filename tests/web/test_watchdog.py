"""What the log says while the event loop is blocked."""

import asyncio
import time
from collections.abc import Generator

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.web.watchdog import watched_loop


def hog(seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


@pytest.fixture
def said() -> Generator[list[EventDict]]:
    with capture_logs() as lines:
        yield lines


def named(said: list[EventDict], event: str) -> list[EventDict]:
    return [line for line in said if line["event"] == event]


async def freed(said: list[EventDict], times: int) -> None:
    async with asyncio.timeout(10):
        while len(named(said, "loop_free_again")) < times:  # noqa: ASYNC110 - a log is no event
            await asyncio.sleep(0.02)


async def test_a_blocked_loop_is_named_once_with_its_stack(said: list[EventDict]) -> None:
    async with watched_loop():
        await asyncio.sleep(0)
        hog(2.0)
        (blocked,) = named(said, "loop_blocked")
        await freed(said, 1)

    assert blocked["log_level"] == "error"
    assert f"{__file__}:" in blocked["at"]
    assert blocked["at"].endswith(" hog")
    assert named(said, "loop_blocked") == [blocked]
    assert named(said, "loop_free_again")[0]["seconds"] >= 1.9


async def test_the_next_blocking_is_named_again(said: list[EventDict]) -> None:
    async with watched_loop(0.05):
        for times in (1, 2):
            await asyncio.sleep(0)
            hog(0.7)
            await freed(said, times)
            assert len(named(said, "loop_blocked")) == times


async def test_a_free_loop_is_not_named(said: list[EventDict]) -> None:
    async with watched_loop(5):
        await asyncio.sleep(0.4)

    assert said == []
