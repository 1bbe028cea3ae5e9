"""Seconds from the start of `python -m bot run` to READY, beside a bot of plain discord.py.

``python benchmarks/startup.py [--rounds 5]`` starts both in turn against the loopback Discord of
the tests and prints a table: best, median and worst, the share of the processor time, and how
many times as long as the plain bot Easel takes. The first start, on an empty database, and the
later ones are shown apart.
"""

import argparse
import asyncio
import platform
import resource
import sys
import tempfile
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.fakes.discord_api import FakeDiscord
from tests.process.processes import RUN, BotProcess

PLAIN = ("-m", "tests.process.plain_bot")
SKETCH = {"IMAGE_PROVIDER": "sketch"}


async def started(folder: Path, arguments: tuple[str, ...]) -> tuple[float, float]:
    """Start and end one process; return the seconds to READY and those of the processor."""
    before = _processor_seconds()
    async with FakeDiscord() as discord:
        discord.add_guild("workshop")
        async with BotProcess(discord, folder, arguments=arguments, settings=SKETCH) as bot:
            seconds = await bot.ready(within=60)
            await bot.stop()
    return seconds, _processor_seconds() - before


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _row(name: str, found: list[tuple[float, float]], plain: float) -> str:
    seconds, processor = zip(*found, strict=True)
    middle = median(seconds)
    return (
        f"{name:24} {min(seconds):6.2f} {middle:7.2f} {max(seconds):6.2f} "
        f"{median(processor):10.2f} {middle / plain:8.1f}"
    )


async def main(rounds: int) -> None:
    """Measure and print."""
    first: list[tuple[float, float]] = []
    later: list[tuple[float, float]] = []
    plain: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        await started(folder / "warm", RUN)  # byte code and the file cache
        for number in range(rounds):
            plain.append(await started(folder / "plain", PLAIN))
            first.append(await started(folder / str(number), RUN))
            later.append(await started(folder / str(number), RUN))
    one = median(seconds for seconds, _ in plain)
    print(f"{platform.machine()}, Python {platform.python_version()}, {rounds} rounds, seconds")
    print(f"{'':24} {'best':>6} {'median':>7} {'worst':>6} {'processor':>10} {'x plain':>8}")
    print(_row("easel, empty database", first, one))
    print(_row("easel, later starts", later, one))
    print(_row("plain discord.py", plain, one))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    asyncio.run(main(parser.parse_args().rounds))
