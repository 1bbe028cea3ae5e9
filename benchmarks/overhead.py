"""What Easel adds to a call for a picture: from the interaction to the posted message.

``python benchmarks/overhead.py [--at-once 1 8 32] [--rounds 3]`` runs the real bot between the
loopback Discord and a loopback Images API (a process of its own, which answers a ready-made photo
after a fixed delay), for words alone and for an edit of a 12-megapixel photograph. The delay is
subtracted. Beside it runs the least that a bot can do (`plain_studio.py`) on the same machine in
the same minute. Memory is what the bot's own process holds at its highest above what it held idle,
for each call in flight; picture workers are counted apart.
"""

import argparse
import asyncio
import io
import platform
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import aiohttp
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.fakes.discord_api import FakeDiscord
from tests.fakes.images_answers import base64_of, packed
from tests.imaging.pictures import photo
from tests.process.harness import Answer, Person
from tests.process.processes import RUN, BotProcess, Process
from tests.process.stage import GENEROUS, SYNC

SERVICE = ("-m", "tests.fakes.images_api", "--port", "0")
PLAIN = (str(Path(__file__).with_name("plain_studio.py")),)
DELAY = 1.5
"""Seconds that the service takes for a picture."""

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Found:
    """Seconds added to each call, and the memory of the bot and its workers for each."""

    seconds: list[float]
    megabytes: float
    workers: float


def photograph() -> bytes:
    """Return a JPEG of 12 megapixels."""
    out = io.BytesIO()
    photo("coffee.png").resize((4000, 3000), Image.Resampling.BICUBIC).save(out, "JPEG", quality=90)
    return out.getvalue()


def memory(pid: int, field: str) -> float:
    """Return the megabytes of a process: VmRSS now, VmHWM at the highest."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next((line for line in status.splitlines() if line.startswith(field)), f"{field}: 0")
    return int(line.split()[1]) * 1024 / MEGABYTE


def forget_peak(pid: int) -> float:
    """Let a process's highest memory begin anew, and return the megabytes that it holds."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
    return memory(pid, "VmRSS")


def workers(pid: int) -> list[int]:
    """Return the picture workers of a bot."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")  # threads of the pool start them
    return [int(child) for task in tasks for child in task.read_text(encoding="ascii").split()]


@asynccontextmanager
async def service(folder: Path) -> AsyncGenerator[str]:
    """Run the Images API as a process and yield its address."""
    async with Process(folder, SERVICE, {"PYTHONPATH": str(Path.cwd())}) as process:
        while "http" not in process.log:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.05)
        yield process.log.strip().splitlines()[-1]


async def script(url: str, calls: int) -> None:
    """Let the next *calls* be answered with a photo of 1024 pixels after `DELAY`."""
    picture = packed(photo("coffee.png").resize((1024, 1024)))
    fault = {"items": [{"b64_json": base64_of(picture)}], "delay": DELAY, "check": False}
    async with aiohttp.ClientSession() as session:
        for _ in range(calls):
            await session.post(f"{url.removesuffix('/v1')}/_script", json=[fault])


def shown(answer: Answer) -> bool:
    """Tell whether the picture is there."""
    return bool(answer.pictures)


async def burst(bot: BotProcess, ask: Person, url: str, at_once: int, file: bytes | None) -> Found:
    """Ask *at_once* times at the same moment and wait for every picture."""
    await script(url, at_once)
    room = next(iter(ask.guild.channels.values()))
    command = "edit" if file else "imagine"
    options = {"image": ("photo.jpg", file)} if file else {}
    idle = forget_peak(bot.pid)

    async def one() -> float:
        started = time.perf_counter()
        await ask.slash(room, command, prompt="a red kite", until=shown, **options)
        return time.perf_counter() - started - DELAY

    seconds = await asyncio.gather(*(one() for _ in range(at_once)))
    above = memory(bot.pid, "VmHWM") - idle
    held = sum(memory(pid, "VmHWM") for pid in workers(bot.pid))
    return Found(sorted(seconds), above / at_once, held)


async def measured(
    folder: Path, arguments: tuple[str, ...], at_once: list[int], rounds: int
) -> dict[tuple[str, int], Found]:
    """Return what was found for each command and each number at once."""
    found: dict[tuple[str, int], Found] = {}
    async with FakeDiscord() as fake, service(folder / "service") as url:
        user = fake.world.add_user("ann")
        ask = Person(fake, user, fake.add_guild("workshop", user))
        settings = {"OPENAI_API_KEY": "sk-loopback", "OPENAI_BASE_URL": url, **GENEROUS}
        if arguments == RUN:
            async with Process(folder / "sync", SYNC, fake.environment) as process:
                assert await process.ended() == 0, process.log
        async with BotProcess(fake, folder, arguments=arguments, settings=settings) as bot:
            await bot.ready()
            for name, file in (("words", None), ("edit, 12 MP", photograph())):
                await burst(bot, ask, url, 2, file)  # warm
                for number in at_once:
                    runs = [await burst(bot, ask, url, number, file) for _ in range(rounds)]
                    found[name, number] = Found(
                        sorted(each for run in runs for each in run.seconds),
                        max(run.megabytes for run in runs),
                        max(run.workers for run in runs),
                    )
            await bot.stop()
    return found


async def main(at_once: list[int], rounds: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as directory:
        plain = await measured(Path(directory) / "plain", PLAIN, at_once, rounds)
        ours = await measured(Path(directory) / "easel", RUN, at_once, rounds)
    print(
        f"{platform.machine()}, Python {platform.python_version()}, {rounds} rounds, the service "
    )
    print(f"takes {DELAY} s; seconds added to it, megabytes for each call in flight\n")
    print(
        "| request | at once | Easel median | worst | plain median | worst | Easel / plain |",
        end="",
    )
    print(" MB a call | plain MB a call | workers MB |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for (name, number), our in ours.items():
        bare = plain[name, number]
        ratio = median(our.seconds) / median(bare.seconds)
        print(
            f"| {name} | {number} | {median(our.seconds):.2f} | {our.seconds[-1]:.2f} "
            f"| {median(bare.seconds):.2f} | {bare.seconds[-1]:.2f} | {ratio:.1f} "
            f"| {our.megabytes:.1f} | {bare.megabytes:.1f} | {our.workers:.0f} |"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    asyncio.run(main(chosen.at_once, chosen.rounds))
