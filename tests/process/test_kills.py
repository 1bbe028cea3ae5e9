"""Easel is killed in the middle of requests and started again: each is shown once, or told once."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.fakes.discord_faults import Fault
from tests.fakes.images_answers import Fault as ImagesFault
from tests.fakes.images_answers import error
from tests.process.books import read_books
from tests.process.crash_points import Held
from tests.process.harness import Answer, acknowledged
from tests.process.stage import Stage, open_stage

ORIGINAL = "PATCH /webhooks/{application_id}/{token}/messages/@original"
POST = "POST /channels/{channel_id}/messages"
FOLLOW_UP = "POST /webhooks/{application_id}/{token}"
POLL = 0.02


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage]:
    async with open_stage(tmp_path) as opened:
        await opened.learn()
        yield opened
        assert opened.discord.violations == []


def in_state(stage: Stage, state: str) -> int:
    return len(read_books(stage.database).ended(state))


async def until(stage: Stage, state: str, jobs: int = 1) -> None:
    """Wait until so many jobs are in *state*."""
    await stage.discord.until(lambda: in_state(stage, state) >= jobs, what=state, poll=POLL)


async def all_ended(stage: Stage) -> None:
    def look() -> bool:
        return all(job["finished_at"] for job in read_books(stage.database).jobs)

    await stage.discord.until(look, within=60, what="a final state of each", poll=POLL)
    read_books(stage.database).check()


async def ask(stage: Stage, prompt: str, *, private: bool = False) -> Answer:
    return await stage.ann.slash(
        stage.room, "imagine", prompt=prompt, private=private, until=acknowledged
    )


def pictures(stage: Stage) -> int:
    """How many messages with pictures Ann sees in the room."""
    return sum(bool(message.files) for message in stage.ann.sees(stage.room))


async def restarted(stage: Stage) -> None:
    async with stage.bot() as bot:
        before = bot.log.count(" ready ")
        await bot.ready()
        await all_ended(stage)
        await stage.discord.until(lambda: bot.log.count(" ready ") > before, poll=POLL)
        assert await bot.stop() == 0, bot.log
    assert "Traceback" not in bot.log, bot.log


async def test_what_waited_is_made_and_what_was_called_is_told(stage: Stage) -> None:
    gate = asyncio.Event()
    stage.images.meet("a slow boat", ImagesFault(gate=gate))
    async with stage.bot(PROVIDER_CALLS_AT_ONCE="1") as bot:
        await bot.ready()
        lost = await ask(stage, "a slow boat")
        await until(stage, "calling")
        waits = await ask(stage, "a fox")
        await until(stage, "booked")
        await bot.kill()
    gate.set()

    await restarted(stage)

    assert waits.pictures
    assert len(waits.shown) == 1
    assert "Easel was restarted" in lost.text
    assert not lost.pictures
    assert len(stage.images.asked("a slow boat")) <= 1
    assert len(stage.images.asked("a fox")) == 1


@pytest.mark.parametrize("after", [False, True], ids=["before the edit", "after the edit"])
async def test_what_was_made_is_shown_by_one_edit(stage: Stage, *, after: bool) -> None:
    stage.discord.faults.on(ORIGINAL, Fault(status=500, after=after, times=4))
    async with stage.bot() as bot:
        await bot.ready()
        answer = await ask(stage, "a fox")
        await stage.discord.until(lambda: stage.discord.faults.hit, what="an edit")
        await bot.kill()
    assert in_state(stage, "made") == 1
    stage.discord.faults.clear()

    await restarted(stage)

    assert len(answer.shown) == 1
    assert len(answer.pictures) == 1
    assert pictures(stage) == 1
    assert len(stage.images.calls) == 1


@pytest.mark.parametrize("after", [False, True], ids=["before the edit", "after the edit"])
async def test_a_token_that_died_meanwhile_leads_to_one_picture(
    stage: Stage, *, after: bool
) -> None:
    stage.discord.faults.on(ORIGINAL, Fault(status=500, after=after, times=4))
    async with stage.bot() as bot:
        await bot.ready()
        await ask(stage, "a fox")
        await stage.discord.until(lambda: stage.discord.faults.hit, what="an edit")
        await bot.kill()
    stage.discord.faults.clear()
    stage.discord.faults.on(POST, Fault(status=500, after=True))
    stage.discord.world.clock.advance(16 * 60)

    await restarted(stage)

    assert pictures(stage) == 1
    assert len(stage.images.calls) == 1
    (shown,) = [message for message in stage.ann.sees(stage.room) if message.files]
    assert shown.pings == []
    assert (shown.nonce is None) == after
    assert (POST in stage.discord.faults.hit) == (not after)


async def test_a_private_one_is_never_posted_in_the_channel(stage: Stage) -> None:
    stage.discord.faults.on(ORIGINAL, Fault(status=500, times=4))
    async with stage.bot() as bot:
        await bot.ready()
        await ask(stage, "a secret", private=True)
        await stage.discord.until(lambda: stage.discord.faults.hit, what="an edit")
        await bot.kill()
    stage.discord.faults.clear()
    stage.discord.world.clock.advance(16 * 60)

    await restarted(stage)

    assert pictures(stage) == 0
    written = stage.ann.sees(stage.discord.world.dm_channel(stage.ann.user))
    assert [len(message.files) for message in written] == [1]


async def test_what_is_being_told_when_it_is_told_to_stop_is_told_to_its_end(
    stage: Stage,
) -> None:
    """What failed after a start is told below its reply, which then goes."""
    gate, told = asyncio.Event(), Held()
    stage.images.meet("a slow boat", ImagesFault(gate=gate))
    stage.images.meet("a fox", error(400))
    async with stage.bot(PROVIDER_CALLS_AT_ONCE="1") as bot:
        await bot.ready()
        await ask(stage, "a slow boat")
        await until(stage, "calling")
        failed = await ask(stage, "a fox")
        await until(stage, "booked")
        await bot.kill()
    gate.set()

    stage.discord.faults.on(FOLLOW_UP, Fault(hold=told))
    async with stage.bot() as bot:
        await bot.ready()
        await told.reached.wait()
        os.kill(bot.pid, signal.SIGTERM)
        await stage.discord.until(lambda: "stopping" in bot.log, poll=POLL)
        told.set()
        assert await bot.ended(within=30) == 0, bot.log

    (shown,) = failed.shown
    assert shown.ephemeral
    assert "does not take this combination" in shown.content


async def test_fifty_at_work_when_it_is_told_to_stop(stage: Stage) -> None:
    """New asks are refused, what runs ends, what waits is made by the next start."""
    gate = asyncio.Event()
    async with stage.bot(PROVIDER_CALLS_AT_ONCE="2") as bot:
        await bot.ready()
        stage.images.script(*(ImagesFault(gate=gate) for _ in range(2)))
        answers = [await ask(stage, f"fox {number}") for number in range(50)]
        await until(stage, "calling", 2)
        os.kill(bot.pid, signal.SIGTERM)
        await stage.discord.until(lambda: "stopping" in bot.log, poll=POLL)
        late = await stage.zoe.slash(stage.room, "imagine", prompt="too late")
        gate.set()
        assert await bot.ended(within=30) == 0, bot.log
    assert late.private
    assert "restarted" in late.text
    assert (in_state(stage, "done"), in_state(stage, "booked")) == (2, 48)
    assert sum("goes on with this" in answer.text for answer in answers) == 48

    await restarted(stage)

    assert all(len(answer.pictures) == 1 for answer in answers)
    assert len(stage.images.calls) == 50
