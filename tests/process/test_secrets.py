"""Canaries in the place of every secret: none is ever seen outside the process, at any level."""

from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest

from bot.settings import Settings, is_secret, load_settings
from tests.fakes.images_answers import Fault
from tests.process.harness import drawn, settled
from tests.process.nursery import born
from tests.process.processes import Process
from tests.process.stage import Stage, open_stage
from tests.web.test_health import free_port

PROMPT = "a canary called 8b1f5d3a"
SECRETS = {
    name.upper(): f"canary-{number}-of-{name.replace('_', '-')}"
    for number, name in enumerate(sorted(Settings.model_fields))
    if is_secret(Settings.model_fields[name]) and name not in {"discord_token", "database_url"}
}


def canaries(stage: Stage) -> Mapping[str, str]:
    """Return every secret that the process is given, by the name of its setting."""
    tokens = {"DISCORD_TOKEN": stage.discord.token}
    tokens |= {f"token {i}": each.token for i, each in stage.discord.world.interactions.items()}
    return {**SECRETS, **tokens}


async def pages(port: int) -> str:
    """Return all that the pages of the running bot say."""
    found = ""
    async with aiohttp.ClientSession(headers={"X-Easel": "1"}) as session:
        for path in ("healthz", "readyz", "metrics", "desk/stops", "nowhere"):
            async with session.get(f"http://127.0.0.1:{port}/{path}") as answer:
                found += f"{answer.headers}{await answer.text()}"
    return found


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
async def test_no_secret_is_seen_anywhere(tmp_path: Path, level: str) -> None:
    port = free_port()
    settings = {**SECRETS, "LOG_LEVEL": level, "HEALTH_PORT": str(port), "OPENAI_LOG": "debug"}
    async with open_stage(tmp_path) as stage:
        await stage.learn()
        async with stage.bot(**settings) as bot:
            await bot.ready()
            await stage.ann.slash(stage.room, "imagine", prompt=PROMPT, until=drawn)
            echo = {"error": {"message": f"Wrong key {SECRETS['OPENAI_API_KEY']}", "code": "x"}}
            for fault in (Fault(status=500, body=echo), Fault(status=401, body=echo)):
                stage.images.script(fault, fault)
                await stage.ann.slash(stage.room, "imagine", prompt=PROMPT, until=settled)
            said = await pages(port)
            command = Path(f"/proc/{bot.pid}/cmdline").read_bytes().decode()  # noqa: ASYNC240
            doctor = await _doctor(stage, settings)
            assert await bot.stop() == 0, bot.log
        sent = "\n".join(f"{call.path} {call.payload}" for call in stage.discord.calls)
        stored = b"".join(each.read_bytes() for each in stage.database.parent.glob("easel.db*"))

        for name, secret in canaries(stage).items():
            assert secret not in bot.log, name
            assert secret not in said + command + doctor, name
            if not name.startswith("token"):
                assert secret not in sent, name
                assert secret.encode() not in stored, name
        assert PROMPT not in bot.log + said + doctor
        assert len(canaries(stage)) > 6
        assert "provider_call_failed" in bot.log


async def _doctor(stage: Stage, settings: Mapping[str, str]) -> str:
    asked = {**stage.discord.environment, **stage.settings, **settings}
    async with Process(stage.folder / "doctor", ("-m", "bot", "doctor"), asked, launch=born) as it:
        await it.ended(within=30)
        return it.log


def test_no_secret_is_in_what_python_shows() -> None:
    url = "postgresql://easel:canary-password@db/easel"
    settings = load_settings({**SECRETS, "DISCORD_TOKEN": "canary-token", "DATABASE_URL": url})

    for shown in (repr(settings), str(settings), settings.model_dump_json(), f"{vars(settings)}"):
        assert "canary" not in shown
