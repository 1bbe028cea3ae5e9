"""Fixtures: one server and its people, anew for every test."""

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.client import EaselClient
from bot.providers.base import ImageProvider
from bot.providers.scores import Moderator
from tests.discord.world import World, open_world
from tests.services.studio import Told, answer, picture


@pytest.fixture
def environ() -> Mapping[str, str]:
    """Further settings; a module overrides this fixture where it needs some."""
    return {}


@pytest.fixture
def told() -> Told:
    """A picture maker that does as it is told, for the tests and modules that use it."""
    return Told(answer(picture()))


@pytest.fixture
def provider(request: pytest.FixtureRequest) -> ImageProvider | None:
    """The picture maker: `told` where that is used, else `sketch`; a module may have another."""
    return request.getfixturevalue("told") if "told" in request.fixturenames else None


@pytest.fixture
def moderator() -> Moderator | None:
    """The moderation service; a module overrides this fixture to have one."""
    return None


@pytest.fixture
async def world(
    kept_workers: None,
    database_kind: str,
    tmp_path: Path,
    environ: Mapping[str, str],
    provider: ImageProvider | None,
    moderator: Moderator | None,
) -> AsyncGenerator[World]:
    async with open_world(tmp_path, environ, provider, moderator) as opened:
        yield opened


@pytest.fixture
def easel(world: World) -> EaselClient:
    return world.easel


@pytest.fixture
def art_room(world: World) -> ChannelHandle:
    return world.art_room


@pytest.fixture
def ann(world: World) -> MemberActor:
    """A member."""
    return world.ann


@pytest.fixture
def bob(world: World) -> MemberActor:
    """Another member."""
    return world.bob


@pytest.fixture
def mona(world: World) -> MemberActor:
    """A moderator: Manage Messages."""
    return world.mona


@pytest.fixture
def greta(world: World) -> MemberActor:
    """A manager: Manage Server."""
    return world.greta
