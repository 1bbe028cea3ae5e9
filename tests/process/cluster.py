"""Several bot processes on one PostgreSQL, each with its shards, and people on every shard."""

import asyncio
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from bot.domain.shards import shard_of
from tests.fakes.discord_posts import Message
from tests.fakes.discord_world import Channel
from tests.fakes.images_answers import Fault
from tests.process.books import Books, read_books_at
from tests.process.crash_points import Held
from tests.process.harness import Answer, Person, acknowledged
from tests.process.nursery import born
from tests.process.processes import RUN, BotProcess
from tests.process.stage import Stage

STANDBY = (*RUN, "--standby")
WITHIN = 60.0
POLL = 0.05


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its words, and its answer as its asker sees it."""

    prompt: str
    guild_id: int
    answer: Answer


class Cluster:
    """What runs on one database; everything that it starts is ended with its processes."""

    def __init__(self, stage: Stage, url: str, *, shards: int, at_once: int = 2) -> None:
        self.stage = stage
        self.url = url
        self.shards = shards
        self.settings = {
            **stage.settings,
            "DATABASE_URL": url,
            "HASH_KEY": "a key that all processes share",
            "SHARD_COUNT": str(shards),
            "PROVIDER_CALLS_AT_ONCE": str(at_once),
            "IMAGE_WORKERS": "1",
        }
        stage.discord.gateway.shards = shards
        self.people = dict[int, Person]()
        self.asked: list[Asked] = []

    def settle(self, guilds: int) -> None:
        """Make so many servers, in turn one on each shard, each with somebody who asks."""
        for number in range(guilds):
            user = self.stage.discord.world.add_user(f"member-{number}")
            while True:
                guild = self.stage.discord.add_guild(f"server-{number}", user)
                if shard_of(guild.id, self.shards) == number % self.shards:
                    break
                del self.stage.discord.world.guilds[guild.id]
            self.people[guild.id] = Person(self.stage.discord, user, guild)

    def bot(
        self, name: str, shards: Iterable[int], *, standby: bool = False, **more: str
    ) -> BotProcess:
        """Return a process that has not begun."""
        told = {**self.settings, "SHARD_IDS": ",".join(map(str, shards)), **more}
        return BotProcess(
            self.stage.discord,
            self.stage.folder / name,
            arguments=STANDBY if standby else RUN,
            settings=told,
            launch=born,
        )

    def guilds_of(self, shards: Iterable[int]) -> list[int]:
        """Return the servers on *shards*."""
        wanted = set(shards)
        return [each for each in self.people if shard_of(each, self.shards) in wanted]

    async def ask(self, guild_id: int, prompt: str) -> Asked:
        """Let somebody ask for a picture on a server; return once that is acknowledged."""
        person = self.people[guild_id]
        room = room_of(person)
        answer = await person.slash(room, "imagine", prompt=prompt, until=acknowledged)
        asked = Asked(prompt, guild_id, answer)
        self.asked.append(asked)
        return asked

    def hold(self, prompt: str) -> Held:
        """Let the picture service take its time for *prompt* until the gate is set."""
        gate = Held()
        self.stage.images.meet(prompt, Fault(gate=gate))
        return gate

    def sessions(self) -> frozenset[str]:
        """Return what was ever begun at the gateway."""
        return frozenset(self.stage.discord.gateway.sessions)

    async def connected(
        self, shards: Iterable[int], *bots: BotProcess, beyond: frozenset[str] = frozenset()
    ) -> None:
        """Wait until each of *shards* has a connection that is none of *beyond*; *bots* live."""
        wanted = set(shards)

        def all_there() -> bool:
            for each in bots:
                assert each.running, each.log
            sessions = self.stage.discord.gateway.sessions.values()
            new = [each for each in sessions if each.connection and each.id not in beyond]
            there = {each.shard[0] for each in new}
            return wanted <= there

        await self.stage.discord.until(
            all_there, within=WITHIN, what=f"shards {sorted(wanted)}", poll=POLL
        )

    async def books(self) -> Books:
        """Read the database, as an auditor would."""
        return await read_books_at(self.url)

    async def until(self, look: Callable[[Books], object], what: str) -> Books:
        """Wait until *look* is true of the books."""
        ends = time.perf_counter() + WITHIN
        while not look(books := await self.books()):
            assert time.perf_counter() < ends, f"{what}: {[job['state'] for job in books.jobs]}"
            await asyncio.sleep(POLL)
        return books

    def pictures(self, asked: Asked) -> list[Message]:
        """Return the messages with pictures that answer *asked*, wherever they stand."""
        return [message for message in asked.answer.shown if message.files]

    def check(self, books: Books, interrupted: Iterable[Asked]) -> None:
        """Assert that nothing was lost, called twice or posted twice.

        *interrupted* was at the picture service as its process was killed: told, not shown.
        """
        books.check()
        lost = {each.prompt for each in interrupted}
        by_prompt = {job["interaction_id"]: job for job in books.jobs}
        assert len(by_prompt) == len(books.jobs) == len(self.asked)
        for each in self.asked:
            job = by_prompt[each.answer.interaction.id]
            calls = len(self.stage.images.asked(each.prompt))
            assert calls <= 1 if each.prompt in lost else calls == 1, (each.prompt, calls)
            if each.prompt in lost:
                assert job["state"] == "unknown", job
                assert "Easel was restarted" in each.answer.text
                assert not self.pictures(each)
            else:
                assert job["state"] == "done", job
                assert len(self.pictures(each)) == 1, each.prompt
        world = self.stage.discord.world
        posted = [each for each in world.messages.values() if each.files and not each.deleted]
        assert len(posted) == len(self.asked) - len(lost)
        assert self.stage.discord.violations == []


def room_of(person: Person) -> Channel:
    """Return the channel that a person of the cluster writes in."""
    return next(iter(person.guild.channels.values()))


def free_port() -> int:
    """Return a port that nobody has just now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


async def page(port: int, name: str) -> tuple[int, dict[str, object]]:
    """Return status and content of a health page; (0, {}) where none answers."""

    def fetch() -> tuple[int, dict[str, object]]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{name}", timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, {}

    return await asyncio.to_thread(fetch)


async def until_true(look: Callable[[], Awaitable[object]], what: str) -> None:
    """Ask until it is so."""
    ends = time.perf_counter() + WITHIN
    while not await look():
        assert time.perf_counter() < ends, what
        await asyncio.sleep(POLL)
