"""The database is locked or its disk is full while the bot runs: nothing is lost, nothing twice."""

import asyncio
import resource
import sqlite3
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest

from tests.fakes.images_answers import Fault
from tests.process.books import read_books
from tests.process.harness import Answer, acknowledged, drawn
from tests.process.processes import BotProcess
from tests.process.stage import Stage, open_stage

POLL = 0.02
RESPONSE_SECONDS = 2.5  # Discord gives three; the wait for the database is at most half of them


@asynccontextmanager
async def making(folder: Path) -> AsyncGenerator[tuple[Stage, BotProcess, Answer, asyncio.Event]]:
    """Give a bot that waits for Ann's picture until the event is set; then it must end well."""
    async with open_stage(folder) as stage:
        await stage.learn()
        async with stage.bot() as bot:
            await bot.ready()
            gate = asyncio.Event()
            stage.images.script(Fault(gate=gate))
            answer = await stage.ann.slash(
                stage.room, "imagine", prompt="a boat", until=acknowledged
            )
            await stage.discord.until(lambda: in_state(stage, "calling"), poll=POLL)
            yield stage, bot, answer, gate
            assert await bot.stop() == 0, bot.log
        assert "Traceback" not in bot.log
        assert stage.discord.violations == []
        read_books(stage.database).check()


def in_state(stage: Stage, state: str) -> int:
    return len(read_books(stage.database).ended(state))


async def refused(stage: Stage) -> None:
    """Assert that a new ask is refused in words, in time and in private."""
    late = await stage.zoe.slash(stage.room, "imagine", prompt="a fox")
    assert late.private
    assert not late.pictures
    assert "could not write to its database" in late.text
    assert late.seconds < RESPONSE_SECONDS


@contextmanager
def held(database: Path) -> Generator[None]:
    """Hold the write lock, as another program would."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_locked_by_another_program(tmp_path: Path) -> None:
    async with making(tmp_path) as (stage, _, answer, gate):
        with held(stage.database):
            await refused(stage)
            gate.set()
            await stage.discord.until(lambda: drawn(answer))
            assert in_state(stage, "calling") == 1
        await stage.discord.until(lambda: in_state(stage, "done") == 1, poll=POLL)
        after = await stage.zoe.slash(stage.room, "imagine", prompt="a fox", until=drawn)

        assert len(answer.pictures) == len(after.pictures) == 1
        assert len(answer.shown) == 1
        assert len(stage.images.calls) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are Linux's")
async def test_no_room_on_the_disk(tmp_path: Path) -> None:
    """A limit on the size of the bot's files stands for the disk: its writes fail for real."""
    async with making(tmp_path) as (stage, bot, answer, gate):
        log = stage.database.with_name("easel.db-wal")
        before = resource.prlimit(bot.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (log.stat().st_size, before[1]))
        await refused(stage)
        gate.set()
        await stage.discord.until(lambda: drawn(answer))
        assert "pictures_not_stored" in bot.log
        await stage.discord.until(lambda: "job_left_open" in bot.log, poll=POLL)
        assert in_state(stage, "calling") == 1

        resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, before)
        after = await stage.zoe.slash(stage.room, "imagine", prompt="a fox", until=drawn)
        assert len(answer.pictures) == len(after.pictures) == 1
        assert len(answer.shown) == 1
        assert len(stage.images.calls) == 2
        assert await bot.stop() == 0, bot.log
        assert in_state(stage, "done") == 2  # what was left open was caught up with
