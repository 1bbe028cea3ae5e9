"""What an operator sees of a running bot, and does to it, from the command line."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.fakes.images_answers import Fault
from tests.process.books import read_books
from tests.process.harness import acknowledged, drawn, settled
from tests.process.nursery import born
from tests.process.processes import BotProcess, Process
from tests.process.stage import Stage, open_stage
from tests.web.test_health import free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")
POLL = 0.02
COUNTED = (
    'easel_asks_total{command="imagine"} 2.0',
    'easel_refusals_total{reason="BadOption"} 1.0',
    'easel_results_total{cause="",command="imagine",state="done"} 1.0',
    'easel_provider_call_seconds_count{model="gpt-image-2.5-flare",outcome="ok"} 1.0',
    'easel_stage_seconds_count{stage="call"} 1.0',
    'easel_stage_seconds_count{stage="show"} 1.0',
    "easel_queue_waiting 0.0",
    "easel_queue_running 0.0",
    'easel_gateway_up{shard="0"} 1.0',
    "easel_servers 1.0",
)


@dataclass(frozen=True, slots=True)
class Operated:
    """A running bot whose pages are served on *port*, and the operator beside it."""

    stage: Stage
    bot: BotProcess
    port: int

    async def easel(self, *words: str, code: int = 0) -> str:
        """Use the command line as the operator does, and return what it said."""
        folder = self.stage.folder / "-".join(words)
        settings = {
            **self.bot.settings,
            "DATABASE_URL": f"sqlite+aiosqlite:///{self.stage.database}",
            "COLUMNS": "160",
        }
        async with Process(folder, ("-m", "bot", *words), settings, launch=born) as process:
            assert await process.ended(within=30) == code, process.log
            return process.log

    async def metrics(self) -> list[str]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.port}/metrics") as answer,
        ):
            assert answer.status == 200
            return (await answer.text()).splitlines()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def operated(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Operated]:
    port = free_port()
    settings = {"HEALTH_PORT": str(port), "PROVIDER_CALLS_AT_ONCE": "1", "LOG_FORMAT": "json"}
    async with open_stage(tmp_path_factory.mktemp("operated")) as stage:
        await stage.learn()
        async with stage.bot(**settings) as bot:
            await bot.ready()
            yield Operated(stage, bot, port)
            assert await bot.stop() == 0, bot.log


async def test_what_happened_is_counted(operated: Operated) -> None:
    stage = operated.stage
    await stage.ann.slash(stage.room, "imagine", prompt="a fox", until=drawn)
    await stage.ann.slash(stage.room, "imagine", prompt="a fox", model="gone", force=True)

    async with asyncio.timeout(10):
        while set(COUNTED) - set(await operated.metrics()):
            pass  # some of it is counted after it is seen
    lines = await operated.metrics()
    spent = next(line for line in lines if line.startswith("easel_dollars_total"))
    assert float(spent.split()[-1]) * 1e6 == pytest.approx(read_books(stage.database).spent)


async def test_it_can_be_watched(operated: Operated) -> None:
    said = await operated.easel("top", "--times", "2", "--every", "0.3")

    for words in ("waiting", "in flight", "A minute", "booked", "loop lag", "done"):
        assert words in said


async def test_a_request_that_waits_is_listed_and_cancelled(operated: Operated) -> None:
    stage, gate = operated.stage, asyncio.Event()
    stage.images.script(Fault(gate=gate))
    first = await stage.ann.slash(stage.room, "imagine", prompt="one", until=acknowledged)
    await stage.discord.until(lambda: read_books(stage.database).ended("calling"), poll=POLL)
    second = await stage.zoe.slash(stage.room, "imagine", prompt="two", until=acknowledged)
    await stage.discord.until(lambda: read_books(stage.database).ended("booked"), poll=POLL)
    calling, waiting = (read_books(stage.database).ended(each)[0] for each in ("calling", "booked"))

    listed = await operated.easel("jobs", "list")
    refused = await operated.easel("jobs", "cancel", calling["code"], code=78)
    cancelled = await operated.easel("jobs", "cancel", waiting["code"])
    await stage.discord.until(lambda: settled(second))
    gate.set()
    await stage.discord.until(lambda: drawn(first))

    assert calling["code"] in listed
    assert waiting["code"] in listed
    assert "2 have not ended." in listed
    assert "was asked for" in refused
    assert "is cancelled" in cancelled
    assert first.pictures
    assert not second.pictures
    shown = await operated.easel("jobs", "show", f"#{waiting['code']}")
    assert "two" not in shown
    assert str(waiting["user_id"]) in shown
    assert "$0.00" in shown


async def test_a_stop_is_told_and_ended(operated: Operated) -> None:
    stage = operated.stage
    assert "is asked as usual" in await operated.easel("stops", "list")
    stage.images.script(Fault(status=401))
    await stage.ann.slash(stage.room, "imagine", prompt="a door", until=settled)

    told = await operated.easel("stops", "list")
    assert "access" in told
    assert any("easel_provider_stopped" in line for line in await operated.metrics())
    assert "1 may be tried" in await operated.easel("stops", "retry")
    answer = await stage.ann.slash(stage.room, "imagine", prompt="a key", until=drawn)
    assert answer.pictures
    assert "is asked as usual" in await operated.easel("stops", "list")


async def test_the_desk_is_closed_for_pages_in_a_browser(operated: Operated) -> None:
    async with aiohttp.ClientSession() as session:
        for path in ("/desk/stops/retry", "/desk/jobs/abc/cancel"):
            async with session.post(f"http://127.0.0.1:{operated.port}{path}") as answer:
                assert answer.status == 403


async def test_every_line_of_a_request_has_its_code(operated: Operated) -> None:
    stage = operated.stage
    stage.images.script(Fault(status=500), Fault(status=500))
    await stage.ann.slash(stage.room, "imagine", prompt="a code", until=settled)
    code = read_books(stage.database).jobs[-1]["code"]

    def told() -> list[str]:
        lines = [json.loads(line) for line in operated.bot.log.splitlines()]
        return [line["event"] for line in lines if line.get("job") == code]

    await stage.discord.until(lambda: "refused" in told(), poll=POLL)
    assert told() == ["provider_call_failed", "job_failed", "refused"]


async def test_without_pages_nobody_can_be_asked(tmp_path: Path) -> None:
    async with Process(tmp_path, ("-m", "bot", "top"), {}, launch=born) as process:
        assert await process.ended(within=30) == 78
        assert process.log.startswith("easel: HEALTH_PORT is not set")
