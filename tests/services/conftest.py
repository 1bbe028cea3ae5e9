"""A real database and a clock that stands still, for everything that services do."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.services.quota import Quotas
from bot.storage.database import Database, open_database
from tests.migrated import migrated
from tests.services.clocks import FrozenClock
from tests.services.quotas import DEFAULTS


@pytest.fixture(autouse=True)
def _workers(kept_workers: None) -> None:  # pyright: ignore[reportUnusedFunction]
    pass


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def quotas(database: Database, clock: FrozenClock) -> Quotas:
    return Quotas(database, clock, DEFAULTS)


@pytest.fixture
async def database(tmp_path: Path, database_kind: str) -> AsyncGenerator[Database]:
    async with open_database(migrated(tmp_path / "easel.db")) as opened:
        yield opened
