"""What one process of Easel bears: 300 asks in a second, 1,000 requests in flight, a long row.

``make load`` (or ``python benchmarks/load.py [--database sqlite] [--burst 300] [--flight 1000]
[--soak 2000]``) runs, once on SQLite and once on a PostgreSQL that keeps what it commits,
the real bot between the loopback Discord, whose check of every field is left out, and the least
of an Images API. Whatever is asked is followed to its end: *lost* is an ask without a picture,
*double* one that was shown or sent to the picture service twice. Times are those that Discord
sees, from its event to the first response, beside those of one ask at a time. Memory is the bot's
own process, its picture workers apart. What the loopback Discord itself takes of the processor is
told, for it shares the machine.
"""

import argparse
import asyncio
import os
import platform
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from statistics import linear_regression, quantiles
from typing import NamedTuple

import aiohttp

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.overhead import forget_peak, memory, workers
from tests.fakes.discord_api import FakeDiscord
from tests.fakes.discord_asks import Asks
from tests.fakes.discord_posts import Interaction
from tests.fakes.discord_replies import Call
from tests.fakes.discord_world import Channel
from tests.imaging.pictures import photo, saved
from tests.postgres import running
from tests.process.books import Books, read_books, read_books_at
from tests.process.processes import BotProcess, Process
from tests.process.stage import GENEROUS, SYNC

SERVERS, MEMBERS = 10, 8
SIZES = ((1600, 1200), (2400, 1800), (3200, 2400), (4000, 3000))
"""Pixels of the photographs that are edited: 2 to 12 megapixels."""

SERVICE = 1.0
"""Seconds that the picture service takes."""

PATIENCE = 600.0
"""Seconds after which a part of the run is given up, and what is not shown is lost."""

SETTINGS = GENEROUS | {
    "OPENAI_API_KEY": "sk-loopback",
    "DEFAULT_SERVER_DOLLARS_PER_MONTH": "100000",
    "MONTHLY_BUDGET_DOLLARS": "1000000",
    "PROVIDER_IMAGES_PER_MINUTE": "100000",
    "LOG_LEVEL": "WARNING",
}


class LightDiscord(FakeDiscord):
    """The loopback Discord, without what its tests of single messages need."""

    def _validate(self, call: Call, schema: str | None) -> None:
        """Leave the fields unread."""


@dataclass
class Part:
    """What one part of the run came to."""

    name: str
    asks: list[Interaction] = field(default_factory=list[Interaction])
    lost: int = 0
    seconds: float = 0.0
    peak: float = 0.0
    workers: float = 0.0
    ours: float = 0.0

    @property
    def first(self) -> list[float]:
        """The times to the first responses in milliseconds, the shortest first."""
        return sorted(1000 * ask.seconds for ask in self.asks if ask.seconds is not None) or [0.0]

    def at(self, percent: int) -> float:
        """Return how many milliseconds *percent* of 100 took at most."""
        first = self.first
        return quantiles(first, n=100, method="inclusive")[percent - 1] if first[1:] else first[0]

    def line(self, idle: float, doubles: int) -> str:
        """Return a row of the table; times in milliseconds, memory in megabytes."""
        high = self.at(99)
        return (
            f"| {self.name} | {len(self.asks)} | {self.at(50):.0f} | {high:.0f} "
            f"| {self.first[-1]:.0f} | {high / (idle or high):.1f} | {self.lost} | {doubles} "
            f"| {self.seconds:.1f} | {len(self.asks) / self.seconds:.1f} | {self.peak:.0f} "
            f"| {self.workers:.0f} | {self.ours / self.seconds:.0%} |"
        )


class Crowd:
    """Members of several servers who ask in turn, and one who sees what they get."""

    def __init__(self, fake: FakeDiscord, bot: BotProcess) -> None:
        self._fake = fake
        self._bot = bot
        self._numbers = count(1)
        self._people = cycle(self._members())
        pictures = (photo("coffee.png").resize(size) for size in SIZES)
        self._files = cycle([saved(each, "JPEG", quality=88) for each in pictures])

    def _members(self) -> list[tuple[Asks, Channel]]:
        world, found = self._fake.world, list[tuple[Asks, Channel]]()
        for guild in world.guilds.values():
            room = next(iter(guild.channels.values()))
            found += [
                (Asks(self._fake, member.user, guild), room)
                for member in guild.members.values()
                if not member.user.bot
            ]
        return found

    def ask(self, *, edit: bool = False) -> Interaction:
        """Return one member's request for a picture, or for an edit of a photograph."""
        asks, room = next(self._people)
        values: dict[str, object] = {"prompt": f"a red kite ask-{next(self._numbers)}"}
        if edit:
            values["image"] = ("photo.jpg", next(self._files))
        return asks.slash(room, "edit" if edit else "imagine", values)

    async def run(self, name: str, asks: list[Interaction], *, over: float, at_once: int) -> Part:
        """Send *asks* spread *over* seconds, at most *at_once* unanswered, and await the ends."""
        part = Part(name, asks)
        part.peak = forget_peak(self._bot.pid)
        begun, work = time.perf_counter(), time.process_time()
        waiting: list[Interaction] = []
        coming, sent = iter(asks), 0
        while time.perf_counter() - begun < PATIENCE:
            due = len(asks) if not over else int((time.perf_counter() - begun) / over * len(asks))
            sent += await self._send(
                coming, min(due, len(asks)) - sent, at_once - len(waiting), waiting
            )
            waiting = [ask for ask in waiting if not self._ended(ask)]
            if sent == len(asks) and not waiting:
                break
            await asyncio.sleep(0.005 if sent < len(asks) else 0.05)
        part.seconds, part.ours = time.perf_counter() - begun, time.process_time() - work
        part.lost = sum(not self._shown(ask) for ask in asks)
        part.peak = memory(self._bot.pid, "VmHWM")
        part.workers = max((memory(pid, "VmHWM") for pid in workers(self._bot.pid)), default=0.0)
        self._forget_pictures()
        return part

    async def _send(
        self, coming: Iterator[Interaction], due: int, room: int, waiting: list[Interaction]
    ) -> int:
        number = max(0, min(due, room))
        for _ in range(number):
            ask = next(coming)
            waiting.append(ask)
            await self._fake.interact(ask)
        return number

    def _ended(self, ask: Interaction) -> bool:
        message = self._fake.world.messages.get(ask.original_id or 0)
        if message is None:
            return ask.late
        return not message.loading and bool(message.files or message.ephemeral)

    def _shown(self, ask: Interaction) -> bool:
        message = self._fake.world.messages.get(ask.original_id or 0)
        return message is not None and not message.deleted and bool(message.files)

    def _forget_pictures(self) -> None:
        self._fake.calls.clear()
        for stored in self._fake.world.files.values():
            stored.data = stored.data[:64] if not stored.ephemeral else b""

    def doubles(self, part: Part, called: Counter[str]) -> int:
        """Return how many of *part* were shown, or sent to the picture service, twice."""
        prompts = (str(ask.payload["data"]["options"][0]["value"]).split()[-1] for ask in part.asks)
        twice = sum(called[each] > 1 for each in prompts)
        return twice + sum(bool(ask.follow_ups) for ask in part.asks)


async def called(url: str) -> Counter[str]:
    """Return how often each prompt reached the picture service."""
    async with aiohttp.ClientSession() as session, session.get(f"{url[:-3]}/_asked") as answer:
        return Counter(await answer.json())


async def soak(crowd: Crowd, bot: BotProcess, number: int) -> tuple[Part, float]:
    """Run *number* short requests; return the row and the megabytes gained each 10,000."""
    whole, step = Part("short requests in a row"), max(1, number // 20)
    done, held = list[float](), list[float]()
    for _ in range(20):
        part = await crowd.run("", [crowd.ask() for _ in range(step)], over=0, at_once=48)
        whole.asks += part.asks
        whole.lost, whole.seconds = whole.lost + part.lost, whole.seconds + part.seconds
        whole.ours += part.ours
        whole.peak, whole.workers = max(whole.peak, part.peak), max(whole.workers, part.workers)
        done.append(float(len(whole.asks)))
        held.append(memory(bot.pid, "VmRSS"))
    half = len(done) // 2
    slope, _ = linear_regression(done[half:], held[half:])
    return whole, slope * 10_000


class Size(NamedTuple):
    """How much is asked."""

    burst: int
    flight: int
    soak: int


async def main(folder: Path, size: Size, address: str | None) -> list[Part]:
    """Measure on the database at *address*, or on a SQLite file, and print."""
    burst, flight, long = size
    settings = SETTINGS | {"HASH_KEY": "k" * 32}
    if address:
        settings["DATABASE_URL"] = address
    picture = folder / "answer.png"
    picture.write_bytes(saved(photo("coffee.png").resize((256, 256))))
    service = (str(Path(__file__).with_name("ready_answers.py")), str(SERVICE), str(picture))
    async with LightDiscord() as fake, Process(folder / "service", service, {}) as answers:
        for place in range(SERVERS):
            people = (fake.world.add_user(f"member-{place}-{each}") for each in range(MEMBERS))
            fake.add_guild(f"server-{place}", *people)
        async with Process(folder / "sync", SYNC, fake.environment) as process:
            assert await process.ended() == 0, process.log
        while "http" not in answers.log:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.05)
        url = answers.log.strip()
        async with BotProcess(fake, folder, settings=settings | {"OPENAI_BASE_URL": url}) as bot:
            await bot.ready()
            crowd = Crowd(fake, bot)
            await crowd.run(
                "", [crowd.ask(edit=each % 2 == 0) for each in range(8)], over=0, at_once=1
            )
            rest = memory(bot.pid, "VmRSS")
            alone = await crowd.run(
                "one at a time", [crowd.ask() for _ in range(10)], over=0, at_once=1
            )
            parts = [alone]
            asks = [crowd.ask() for _ in range(burst)]
            parts.append(await crowd.run("in one second", asks, over=1.0, at_once=burst))
            asks = [crowd.ask(edit=each % 10 == 0) for each in range(flight)]
            name = "in flight, a tenth edits of 2-12 MP"
            parts.append(await crowd.run(name, asks, over=flight / 100, at_once=flight))
            slope = 0.0
            if long:
                part, slope = await soak(crowd, bot, long)
                parts.append(part)
            counted = await called(url)
            code = await bot.stop()
        print_table(crowd, parts, counted)
        print(
            f"\nAt rest {rest:.0f} MB; {slope:+.1f} MB each 10,000 short requests; exit code {code}"
        )
        file = folder / "data" / "easel.db"
        check(await read_books_at(address) if address else read_books(file))
        print("The books agree, with nothing left open.")
        if warnings := len(bot.log.splitlines()):
            print(f"{warnings} lines of warnings, the last: {bot.log.splitlines()[-1][:200]}")
        return parts


def check(books: Books) -> None:
    """Assert that nothing is left open, and that every server's money is what its ledger says."""
    assert all(job["finished_at"] is not None for job in books.jobs)
    assert len(books.bookings) == len(books.jobs) == len(books.ledger)
    assert not any(row["state"] == "held" for row in books.bookings)
    assert not any(row["reserved"] for row in books.counters)
    assert books.pictures_kept == 0
    money = [row for row in books.counters if row["scope"] == "server" and row["unit"] == "dollars"]
    assert sum(row["used"] for row in money if row["window"] == "month") == books.spent


def print_table(crowd: Crowd, parts: list[Part], counted: Counter[str]) -> None:
    """Print what each part came to."""
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python "
        f"{platform.python_version()}; the service takes {SERVICE} s; first response in ms\n"
    )
    print("| asks | number | p50 | p99 | max | p99 / alone | lost | double | s | asks/s", end="")
    print(" | bot MB | worker MB | loopback's CPU |\n|" + "---|" * 13)
    alone = [1000 * (ask.seconds or 0) for ask in parts[0].asks]
    idle = quantiles(alone, n=100, method="inclusive")[98]
    for part in parts:
        print(part.line(idle, crowd.doubles(part, counted)))


def print_ratios(sqlite: list[Part], postgresql: list[Part]) -> None:
    """Print what PostgreSQL takes of what SQLite takes."""
    print("\n## PostgreSQL / SQLite\n\n| asks | p50 | p99 | s |\n|---|---|---|---|")
    for one, other in zip(sqlite, postgresql, strict=True):
        half, high = (other.at(part) / one.at(part) for part in (50, 99))
        print(f"| {one.name} | {half:.2f} | {high:.2f} | {other.seconds / one.seconds:.2f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--burst", type=int, default=300, help="asks in one second")
    parser.add_argument("--flight", type=int, default=1000, help="requests in flight")
    parser.add_argument("--soak", type=int, default=2000, help="short requests; the long run 20000")
    chosen = parser.parse_args()
    asked = Size(chosen.burst, chosen.flight, chosen.soak)
    found: dict[str, list[Part]] = {}
    if chosen.database != "postgresql":
        print("## SQLite\n")
        with tempfile.TemporaryDirectory() as directory:
            found["SQLite"] = asyncio.run(main(Path(directory), asked, None))
    if chosen.database != "sqlite":
        print("\n## PostgreSQL\n")
        with (
            tempfile.TemporaryDirectory() as directory,
            running(durable=True) as server,
            server.database() as url,
        ):
            found["PostgreSQL"] = asyncio.run(main(Path(directory), asked, url))
    if len(found) > 1:
        print_ratios(*found.values())
