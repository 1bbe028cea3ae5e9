"""A real database and a clock that stands still, for everything that services do."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.storage.database import Database, open_database
from tests.migrated import migrated
from tests.services.clocks import FrozenClock


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    async with open_database(migrated(tmp_path / "easel.db")) as opened:
        yield opened
