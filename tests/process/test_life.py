"""How the process starts, refuses to start, goes down, and comes back."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.fakes import discord_faults
from tests.fakes.images_answers import Fault
from tests.process.books import read_books
from tests.process.cluster import free_port, page
from tests.process.harness import Answer, acknowledged, drawn
from tests.process.nursery import born
from tests.process.processes import Process
from tests.process.stage import Stage, open_stage

SETUP = 78
RUN, DOCTOR = ("-m", "bot", "run"), ("-m", "bot", "doctor")
POLL = 0.02


async def finished(
    folder: Path, arguments: tuple[str, ...], settings: dict[str, str]
) -> tuple[int, str]:
    """Run to the end and return the exit code and all that was written."""
    async with Process(folder, arguments, settings, launch=born) as process:
        return await process.ended(within=30), process.log


def is_one_sentence(said: str, name: str = "") -> bool:
    """Tell whether the last line is a sentence of ours, naming *name*, with no traceback."""
    told = said.strip().splitlines()[-1]
    return (
        "Traceback" not in said
        and told.startswith("easel: ")
        and told.endswith(".")
        and name in told
    )


@pytest.mark.parametrize(
    ("arguments", "settings", "named"),
    [
        (RUN, {}, "DISCORD_TOKEN"),
        (RUN, {"DISCORD_TOKEN": "x.y.z"}, "OPENAI_API_KEY"),
        (RUN, {"DISCORD_TOKEN": "x.y.z", "IMAGE_PROVIDER": "paint"}, "IMAGE_PROVIDER"),
    ],
)
async def test_says_what_is_missing(
    tmp_path: Path, arguments: tuple[str, ...], settings: dict[str, str], named: str
) -> None:
    code, said = await finished(tmp_path, arguments, settings)

    assert code == SETUP, said
    assert is_one_sentence(said, named), said
    assert len(said.strip().splitlines()) == 1, said


async def test_ends_for_good_on_a_wrong_token(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        async with stage.bot(DISCORD_TOKEN="a.wrong.token") as bot:
            assert await bot.ended() == SETUP, bot.log
        assert is_one_sentence(bot.log, "DISCORD_TOKEN"), bot.log
        assert "a.wrong.token" not in bot.log
        assert len(stage.discord.calls) == 1


async def test_fails_for_now_where_discord_is_away(tmp_path: Path) -> None:
    async with (
        open_stage(tmp_path) as stage,
        stage.bot(DISCORD_API_URL="http://127.0.0.1:9/api/v10") as bot,
    ):
        assert await bot.ended() == 1, bot.log
    assert is_one_sentence(bot.log, "DISCORD_API_URL"), bot.log


async def test_works_only_once_discord_has_let_it_in(tmp_path: Path) -> None:
    port, held = free_port(), asyncio.Event()
    async with open_stage(tmp_path) as stage:
        discord = stage.discord
        discord.faults.on("GET /users/@me", discord_faults.Fault(hold=held))
        async with stage.bot(HEALTH_PORT=str(port)) as bot:
            await discord.until(lambda: discord.calls, poll=POLL, what="a login")
            status, said = await page(port, "healthz")
            stopped = await bot.stop()
            held.set()

    assert (status, said["role"]) == (200, "starting")
    assert stopped == 0, bot.log
    assert "Traceback" not in bot.log


async def test_takes_secrets_from_files_and_sketches_without_a_key(tmp_path: Path) -> None:
    async with open_stage(tmp_path / "bot") as stage:
        await stage.learn()
        token = tmp_path / "token"
        token.write_text(f"{stage.discord.token}\n")
        settings = {"DISCORD_TOKEN": "", "DISCORD_TOKEN_FILE": str(token), "OPENAI_API_KEY": ""}
        async with stage.bot(**settings, IMAGE_PROVIDER="sketch") as bot:
            await bot.ready()
            answer = await stage.ann.slash(stage.room, "imagine", prompt="a fox", until=drawn)
            assert answer.pictures
            assert await bot.stop() == 0, bot.log
        assert stage.discord.token not in bot.log
        assert stage.images.calls == []
        assert stage.discord.violations == []


async def slowly(stage: Stage, seconds: float) -> Answer:
    """Let Ann ask for a picture that takes so long, and return while it is being made."""
    stage.images.script(Fault(delay=seconds))
    answer = await stage.ann.slash(stage.room, "imagine", prompt="a slow boat", until=acknowledged)
    await stage.discord.until(lambda: read_books(stage.database).ended("calling"), poll=POLL)
    return answer


def ended(stage: Stage) -> bool:
    """Tell whether every request has a final state."""
    return all(job["finished_at"] for job in read_books(stage.database).jobs)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda s: s.name)
async def test_goes_down_cleanly_with_work_in_hand(tmp_path: Path, number: signal.Signals) -> None:
    """Running requests end and are shown; new ones are refused; then exit code 0."""
    async with open_stage(tmp_path) as stage:
        await stage.learn()
        async with stage.bot() as bot:
            await bot.ready()
            answer = await slowly(stage, 3.0)
            os.kill(bot.pid, number)
            await stage.discord.until(lambda: "stopping" in bot.log, poll=POLL)
            late = await stage.zoe.slash(stage.room, "imagine", prompt="too late")
            assert await bot.ended() == 0, bot.log
        assert answer.pictures
        assert late.private
        assert not late.pictures
        assert "Traceback" not in bot.log
        read_books(stage.database).check()


async def test_leaves_at_once_and_comes_back(tmp_path: Path) -> None:
    """A second signal is as safe as a power cut: nothing is called twice, nothing stays open."""
    async with open_stage(tmp_path) as stage:
        await stage.learn()
        async with stage.bot() as bot:
            await bot.ready()
            shown = await stage.ann.slash(stage.room, "imagine", prompt="a fox", until=drawn)
            lost = await slowly(stage, 20.0)
            os.kill(bot.pid, signal.SIGTERM)
            await stage.discord.until(lambda: "stopping" in bot.log, poll=POLL)
            assert await bot.stop(within=10) == 128 + signal.SIGTERM
        async with stage.bot() as bot:
            await bot.ready()
            calls = len(stage.images.calls)
            await stage.discord.until(lambda: ended(stage), poll=POLL)
            books = read_books(stage.database)
            books.check()
            assert [job["state"] for job in books.jobs] == ["done", "unknown"]
            assert "Easel was restarted" in lost.text
            again = await stage.ann.click(shown.message, "Again", until=drawn)
            assert again.pictures
            assert len(stage.images.calls) == calls + 1
            assert await bot.stop() == 0


async def test_doctor_finds_all_well(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        await stage.learn()
        asked = (*DOCTOR, "--channel", str(stage.room.id))
        code, said = await finished(tmp_path, asked, stage.discord.environment | stage.settings)
        assert stage.discord.violations == []
    assert code == 0, said
    assert all(line.startswith("ok") for line in said.strip().splitlines()), said
