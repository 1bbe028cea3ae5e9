"""One server with its people, the two loopback services, and a bot process between them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import discord

from tests.fakes.discord_api import FakeDiscord
from tests.fakes.discord_schema import Json
from tests.fakes.discord_world import Channel
from tests.fakes.images_api import FakeImages
from tests.process.harness import Person
from tests.process.nursery import born
from tests.process.processes import BotProcess, Process

SYNC = ("-m", "bot", "sync")
KNOWN: list[Json] = []
GENEROUS = {
    "DEFAULT_MEMBER_PICTURES_PER_DAY": "1000",
    "DEFAULT_SERVER_DOLLARS_PER_MONTH": "1000",
    "MEMBER_JOBS_AT_ONCE": "64",
    "MONTHLY_BUDGET_DOLLARS": "1000",
}


class Stage:
    """Ann asks, Max manages, Zoe looks on. *settings* reach every process that is started."""

    def __init__(self, fake: FakeDiscord, images: FakeImages, folder: Path) -> None:
        self.discord = fake
        self.images = images
        self.folder = folder
        self.ready = 0.0
        self.settings = {
            "OPENAI_API_KEY": "sk-loopback",
            "OPENAI_BASE_URL": images.url,
            **GENEROUS,
        }
        world = fake.world
        ann, boss, zoe = (world.add_user(name) for name in ("ann", "max", "zoe"))
        self.guild = fake.add_guild("workshop", ann, boss, zoe)
        self.room: Channel = next(iter(self.guild.channels.values()))
        rights = discord.Permissions(manage_guild=True, manage_messages=True)
        manager = world.add_role(self.guild, "manager", rights)
        self.guild.members[boss.id].role_ids.append(manager.id)
        self.ann = Person(fake, ann, self.guild)
        self.max = Person(fake, boss, self.guild)
        self.zoe = Person(fake, zoe, self.guild)

    @property
    def database(self) -> Path:
        """Where the bot keeps its database by default, seen from its working directory."""
        return self.folder / "data" / "easel.db"

    def bot(self, **settings: str) -> BotProcess:
        told = self.settings | settings
        return BotProcess(self.discord, self.folder, settings=told, launch=born)

    async def learn(self) -> None:
        """Know the commands that `sync` registered earlier in this run of the tests, or `sync`."""
        if not KNOWN:
            await self.sync()
            KNOWN.extend(self.discord.world.commands[None])
        self.discord.world.commands[None] = KNOWN

    async def sync(self) -> str:
        """Register the commands as the operator does, and return what was said."""
        only_token = self.discord.environment
        async with Process(self.folder / "sync", SYNC, only_token, launch=born) as process:
            code = await process.ended(within=30)
            assert code == 0, (process.log, self.discord.violations)
            return process.log


@asynccontextmanager
async def open_stage(folder: Path) -> AsyncGenerator[Stage]:
    """Open the two services; starting a bot is left to the test."""
    async with FakeDiscord() as fake, FakeImages().run() as images:
        yield Stage(fake, images, folder)
