from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.storage.database import Database, open_database
from tests.migrated import migrated_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "easel.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
async def database(path: Path) -> AsyncGenerator[Database]:
    async with open_database(migrated_file(path)) as opened:
        yield opened
