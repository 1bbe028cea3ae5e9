"""What a supervisor sees."""

import asyncio
import socket
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from bot.domain.errors import SetupError
from bot.web import health
from bot.web.health import LoopWatch, Probe, serve_health


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


async def broken() -> bool:
    raise RuntimeError("gone")


async def silent() -> bool:
    await asyncio.Event().wait()
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def served(probes: Mapping[str, Probe]) -> AsyncGenerator[str]:
    port = free_port()
    async with serve_health("127.0.0.1", port, probes):
        yield f"http://127.0.0.1:{port}"


async def get(url: str) -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status, await answer.json()


async def test_a_living_process_says_so() -> None:
    async with served({}) as url:
        status, page = await get(f"{url}/healthz")

    assert status == 200
    assert page["ok"]
    assert page["loop"]
    assert 0 <= page["lag_seconds"] < health.LAG_SECONDS


async def test_a_loop_that_was_blocked_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LAG_SECONDS", 0.05)
    monkeypatch.setattr(health, "_BEAT", 0.01)
    async with served({}) as url:
        await asyncio.sleep(0)
        time.sleep(0.2)  # noqa: ASYNC251 - blocking is what is tested
        status, page = await get(f"{url}/healthz")

    assert (status, page["ok"]) == (503, False)


async def test_the_lag_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_BEAT", 0.01)
    watch = LoopWatch()
    beat = asyncio.create_task(watch.run())
    await asyncio.sleep(0)
    time.sleep(0.3)  # noqa: ASYNC251
    blocked = watch.lag
    for _ in range(5):
        await asyncio.sleep(0.01)
    beat.cancel()

    assert blocked > 0.2
    assert watch.lag < blocked


async def test_ready_when_every_part_works() -> None:
    async with served({"gateway": yes, "database": yes}) as url:
        assert await get(f"{url}/readyz") == (
            200,
            {"ok": True, "gateway": True, "database": True, "role": "working"},
        )


@pytest.mark.parametrize("probe", [no, broken, silent])
async def test_not_ready_when_one_part_does_not(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PROBE_SECONDS", 0.05)
    async with served({"gateway": yes, "database": probe}) as url:
        assert await get(f"{url}/readyz") == (
            503,
            {"ok": False, "gateway": True, "database": False, "role": "working"},
        )


async def test_a_taken_port_is_told_with_its_cure() -> None:
    async with served({}) as url:
        port = int(url.rpartition(":")[2])
        with pytest.raises(SetupError, match=r"HEALTH_PORT empty"):
            async with serve_health("127.0.0.1", port, {}):
                pytest.fail("served twice")
