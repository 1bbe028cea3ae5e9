"""One run of the crash harness: asks, deaths, a last life in peace, and what must be true then."""

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from PIL import Image

from tests.fakes.discord_posts import Interaction
from tests.fakes.discord_world import Overwrite
from tests.fakes.images_answers import Fault as ImagesFault
from tests.fakes.images_answers import error
from tests.imaging.pictures import saved
from tests.process.books import read_books
from tests.process.crash_checks import check
from tests.process.crash_points import WITH_PICTURE, Death, Held, Point, Stopping
from tests.process.dying_bot import AHEAD, Moment
from tests.process.harness import Person
from tests.process.nursery import born
from tests.process.processes import BotProcess
from tests.process.stage import Stage, open_stage

DYING = ("-m", "tests.process.dying_bot")
WITHIN = 60.0  # seconds for a death to come, and for the last life to end everything
POLL = 0.05
A_DAY = 25 * 3600.0
NO_ROOM = 1 << 11 | 1 << 10  # send messages, see the channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One request: who asks for what."""

    person: int
    command: str
    prompt: str
    count: int
    private: bool


class Run:
    """What one seed makes of a point."""

    def __init__(self, point: Point, seed: int, folder: Path) -> None:
        self.point = point
        self.seed = seed
        self.folder = folder
        self.dice = Random(f"{point.name}/{seed}")  # noqa: S311 - the same each time
        self.at_once = point.at_once or self.dice.choice((1, 2, 32))
        number = max(self.dice.choice((1, 1, 2, 3, 5)), 2 if point.at_once == 1 else 1)
        self.wanted = [self._wanted(each) for each in range(number)]
        self.closed = not point.open and self.dice.random() < 0.2
        self.dms = point.open or self.dice.random() < 0.8
        self.ahead = 0.0
        self.asked: dict[str, Interaction] = {}
        self.logs: list[str] = []
        self.gates: list[Held] = []

    def _wanted(self, number: int) -> Wanted:
        command = self.dice.choice(self.point.commands)
        return Wanted(
            person=self.dice.choice((0, 0, 1, 2)),
            command=command,
            prompt=f"canary {number} of {self.seed}",
            count=self.dice.choice((1, 1, 2)) if command == "imagine" else 1,
            private=self.dice.random() < 0.25,
        )

    async def live(self) -> None:
        """Live through it. Raises AssertionError, TimeoutError: something is not as it must be."""
        async with open_stage(self.folder) as stage:
            await stage.learn()
            bob = stage.discord.world.add_user("bob")
            attic = stage.discord.add_guild("attic", bob)
            people = [stage.ann, stage.zoe, Person(stage.discord, bob, attic)]
            for number, death in enumerate(self.point.deaths):
                await self._die(stage, death, people if number == 0 else ())
                stage.discord.faults.clear()
                self._let_go()
                self._pause(stage)
            if self.closed:
                self._close(stage)
            await self._in_peace(stage)
            if any(job["finished_at"] is None for job in read_books(stage.database).jobs):
                self.ahead += A_DAY
                stage.discord.world.clock.advance(A_DAY)
                await self._in_peace(stage)
            check(stage, self.asked, {each.prompt: each.count for each in self.wanted}, self.logs)

    async def _die(self, stage: Stage, death: Death, people: Sequence[Person]) -> None:
        moment = death.settings if isinstance(death, Moment) else {}
        async with self._bot(stage, **moment) as bot:
            held = None if isinstance(death, Moment) else death.arm(stage)
            if held is not None:
                self.gates.append(held)
            if people:
                await bot.ready()
                await self._ask(stage, people)
            if held is None:
                assert await bot.ended(within=WITHIN) == -signal.SIGKILL, bot.log
            else:
                await stage.discord.until(
                    held.reached.is_set, within=WITHIN, what=f"{death}: {bot.log}", poll=POLL
                )
                if isinstance(death, Stopping):
                    os.kill(bot.pid, signal.SIGTERM)
                    await asyncio.sleep(self.dice.uniform(0, 0.4))
                await bot.kill()
            self.logs.append(bot.log)

    async def _ask(self, stage: Stage, people: Sequence[Person]) -> None:
        if self.point.fails:
            stage.images.script(*(error(400) for _ in range(20)))
        if self.point.name == "waiting":
            held = Held()
            self.gates.append(held)
            stage.images.script(ImagesFault(gate=held))
        for wanted in self.wanted:
            person = people[wanted.person]
            room = next(iter(person.guild.channels.values()))
            values: dict[str, object] = {"private": wanted.private}
            if wanted.command != "vary":
                values["prompt"] = wanted.prompt
            if wanted.command == "imagine":
                values["count"] = wanted.count
            if wanted.command in WITH_PICTURE:
                values["image"] = picture()
            made = person.asks.slash(room, wanted.command, values)
            self.asked[wanted.prompt] = made
            await stage.discord.interact(made)

    async def _in_peace(self, stage: Stage) -> None:
        """Let it live until nothing is left to do, and stop it as an operator does."""
        async with self._bot(stage) as bot:
            before = bot.log.count(" ready ")
            await bot.ready(within=WITHIN)

            def at_rest() -> bool:
                jobs = read_books(stage.database).jobs
                return all(job["finished_at"] or job["keep_until"] for job in jobs)

            await stage.discord.until(at_rest, within=WITHIN, what="a final state", poll=POLL)
            await stage.discord.until(lambda: bot.log.count(" ready ") > before, poll=POLL)
            assert await bot.stop() == 0, bot.log
            assert "Traceback" not in bot.log, bot.log
            self.logs.append(bot.log)

    def _bot(self, stage: Stage, **more: str) -> BotProcess:
        settings = {
            **stage.settings,
            "PROVIDER_CALLS_AT_ONCE": str(self.at_once),
            "IMAGE_WORKERS": "1",
            "OPENAI_MODEL": "gpt-image-2.5-flare",
            AHEAD: str(self.ahead),
            **more,
        }
        return BotProcess(
            stage.discord, stage.folder, arguments=DYING, settings=settings, launch=born
        )

    def _pause(self, stage: Stage) -> None:
        seconds = self.dice.choice(self.point.pauses)
        self.ahead += seconds
        stage.discord.world.clock.advance(seconds)

    def _close(self, stage: Stage) -> None:
        for guild in stage.discord.world.guilds.values():
            for channel in guild.channels.values():
                channel.overwrites[guild.id] = Overwrite(deny=NO_ROOM)
        for user in stage.discord.world.users.values():
            user.takes_dms = self.dms

    def _let_go(self) -> None:
        for gate in self.gates:
            gate.set()


def picture() -> tuple[str, bytes]:
    """Return a small picture that somebody uploads."""
    return "kite.png", saved(Image.new("RGB", (96, 96), "teal"))
