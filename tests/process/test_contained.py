"""The installed package runs as in its container: uid 10001, a read-only root, no capability."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from tests.process.contained import UID, can_contain, contained, installed
from tests.process.harness import drawn
from tests.process.processes import BotProcess, Process
from tests.process.stage import open_stage
from tests.web.test_health import free_port

WRITTEN = {"easel.db", "easel.db-wal", "easel.db-shm", "easel.db.lock", "easel.db.key", "log.txt"}
NOTHING = "0" * 16
READY = 200


def rights(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


async def page(port: int, name: str) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/{name}") as answer,
    ):
        return answer.status


async def test_it_works_with_nobodys_rights_and_writes_its_data_only(tmp_path: Path) -> None:
    if not can_contain():
        pytest.skip("this machine does not let us mount")
    launch, data, port = contained(installed(tmp_path / "wheel")), tmp_path / "data", free_port()
    async with open_stage(tmp_path / "stage") as stage:
        await stage.learn()
        settings = {**stage.settings, "HEALTH_PORT": str(port)}
        easel = BotProcess(
            stage.discord, data, arguments=("run",), settings=settings, launch=launch
        )
        async with easel as bot:
            await bot.ready()
            answer = await stage.ann.slash(stage.room, "imagine", prompt="a fox", until=drawn)
            status = rights(bot.pid)
            async with asyncio.timeout(20):
                while await page(port, "readyz") != READY:
                    pass  # servers are still being announced
            assert await page(port, "healthz") == READY
            copied = Process(data, ("backup", "/data/kept.db"), {}, launch=launch)
            async with copied as backup:
                assert await backup.ended() == 0, backup.log
            assert await bot.stop() == 0, bot.log

    assert answer.pictures
    assert status["Uid"].split() == [str(UID)] * 4
    assert status["NoNewPrivs"] == "1"
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert status[kind] == NOTHING
    found = {each.name: each.stat() for each in data.iterdir()}
    assert set(found) <= WRITTEN | {"kept.db", "kept.db.key"}
    assert {"easel.db", "easel.db.key", "kept.db"} <= set(found)
    assert all(each.st_uid == UID for name, each in found.items() if name != "log.txt")
    assert found["easel.db"].st_mode & 0o077 == 0
