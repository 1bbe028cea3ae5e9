"""A small Discord to live in: one server, its people, the real client on the `sketch` provider."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, TypeVar

import discord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle, RoleHandle
from simcord.env import Env
from simcord.results import InteractionResult

import cogs
from bot.bootstrap import Services, open_services
from bot.client import EaselClient
from bot.demo.stand_ins import Parking, SimulatedDownloads
from bot.providers.base import ImageProvider
from bot.providers.scores import CLEAN, Moderator, Scores
from bot.settings import load_settings
from tests.discord.overlay import Strictness, stricter
from tests.migrated import migrated

T = TypeVar("T")
COGS = tuple(module.name for module in iter_modules(cogs.__path__))


class TestClock:
    """A clock that stands still until a test moves it."""

    __test__ = False

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, **units: float) -> None:
        self._now += timedelta(**units)


class Unconcerned:
    """A moderation service that minds nothing."""

    async def words(self, text: str) -> Scores:
        del text
        return CLEAN

    async def picture(self, data: bytes, media_type: str) -> Scores:
        del data, media_type
        return CLEAN


@dataclass(kw_only=True)
class World:
    """Everyone and everything; *rules* are what the simulator is made stricter about."""

    env: Env
    easel: EaselClient
    services: Services
    clock: TestClock
    rules: Strictness
    guild: GuildHandle
    art_room: ChannelHandle
    painters: RoleHandle
    ann: MemberActor
    bob: MemberActor
    mona: MemberActor
    greta: MemberActor
    opened: "Opened" = field(repr=False)

    async def restart(self) -> None:
        """Start the bot anew: a new client on the same services."""
        self.easel = self.opened.client()
        await self.env.restart_bot(self.easel)


@dataclass(kw_only=True)
class Opened:
    """What a client is made of, so that another one can be made."""

    services: Services
    downloads: SimulatedDownloads

    def client(self) -> EaselClient:
        client = EaselClient(self.services, [f"cogs.{name}" for name in COGS])
        self.downloads.client = client
        return client


@asynccontextmanager
async def open_world(
    path: Path,
    environ: Mapping[str, str],
    provider: ImageProvider | None = None,
    moderator: Moderator | None = None,
) -> AsyncGenerator[World]:
    """Open the services on a real database of *path* and start the real client."""
    settings = load_settings(
        {
            "IMAGE_PROVIDER": "sketch",
            "DATABASE_URL": migrated(path / "easel.db"),
            "HASH_KEY": "k" * 32,
            **environ,
        }
    )
    clock, parking, downloads = TestClock(), Parking(), SimulatedDownloads()
    async with open_services(
        settings,
        clock=clock,
        park=parking,
        downloads=downloads,
        provider=provider,
        moderator=moderator,
    ) as services:
        opened = Opened(services=services, downloads=downloads)
        client = opened.client()
        with stricter() as rules:
            env = Env(client, settle_timeout=20, shard_count=1)
            parking.env = env
            await env.start()
            try:
                await client.tree.set_translator(None)  # the simulator shows no translated names
                await client.tree.sync()
                yield _populate(env, opened, client, clock, rules)
            finally:
                await services.studio.close(0)
                await env.shutdown()
                await env.bot.close()
            assert rules.incidents == []


def _populate(
    env: Env, opened: Opened, client: EaselClient, clock: TestClock, rules: Strictness
) -> World:
    guild = env.create_guild("Painters")
    permissions = discord.Permissions
    moderator = guild.create_role("Moderator", permissions=permissions(manage_messages=True))
    manager = guild.create_role(
        "Manager", permissions=permissions(manage_guild=True, manage_messages=True)
    )
    painters = guild.create_role("Painter")
    return World(
        env=env,
        easel=client,
        services=opened.services,
        clock=clock,
        rules=rules,
        guild=guild,
        art_room=guild.create_text_channel("art-room"),
        painters=painters,
        ann=guild.add_member(env.create_user("ann")),
        bob=guild.add_member(env.create_user("bob")),
        mona=guild.add_member(env.create_user("mona"), roles=[moderator]),
        greta=guild.add_member(env.create_user("greta"), roles=[manager]),
        opened=opened,
    )


def private_text(result: InteractionResult) -> str:
    """Return what only the asker sees of *result*; fails when anybody else sees something."""
    seen = [message for message in (result.response, *result.followups) if message is not None]
    assert seen, "nothing was answered"
    assert all(message.ephemeral for message in seen), "the answer is public"
    return "\n".join(text_of(message.content, message.components) for message in seen)


def text_of(content: str, components: list[dict[str, Any]]) -> str:
    """Return every word of a message: its content and its text displays."""
    words = [content] if content else []
    for component in components:
        if isinstance(component.get("content"), str):
            words.append(component["content"])
        inner = [*component.get("components", []), *filter(None, [component.get("accessory")])]
        words.append(text_of("", inner))
    return "\n".join(word for word in words if word)


def direct_messages(world: World, person: MemberActor) -> list[Any]:
    """Return the bot's messages in the person's own channel."""
    backend = world.env.backend
    found: list[Any] = []
    for channel in backend.channels.values():
        if person.id in getattr(channel, "recipient_ids", ()) or (
            getattr(channel, "recipient_id", None) == person.id
        ):
            found.extend(backend.messages.get(channel.id, {}).values())
    return found


def words_of(world: World, message: Any) -> str:
    """Return every word that a message says now."""
    stored = world.env.backend.get_message(message.channel.id, message.id)
    return text_of(stored.content, stored.components)


async def log_room_of(world: World) -> ChannelHandle:
    """Return a new room that is the server's log channel from now on."""
    room = world.guild.create_text_channel("log")
    await world.greta.slash(world.art_room, "settings set", log_channel=room)
    return room
