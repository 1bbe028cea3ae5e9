"""What can be said about PostgreSQL without a server."""

from collections.abc import Generator
from contextlib import closing
from socket import socket

import pytest
from sqlalchemy.dialects import postgresql

from bot.domain.errors import SetupError, StorageBusy
from bot.storage import postgresql as opening
from bot.storage.address import PostgresqlServer, parse
from bot.storage.database import Connection, open_database
from bot.storage.migrate import Migrated, migrate

PASSWORD = "a-secret-password"  # noqa: S105 - nobody's


@pytest.fixture
def url() -> Generator[str]:
    """The address of a server that is not there: its port is taken and nobody listens."""
    with closing(socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"postgresql://easel:{PASSWORD}@127.0.0.1:{taken.getsockname()[1]}/easel"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
def test_every_way_to_say_postgresql_uses_asyncpg(scheme: str) -> None:
    address = parse(f"{scheme}://easel:secret@db/easel")

    assert isinstance(address, PostgresqlServer)
    assert address.url.drivername == "postgresql+asyncpg"
    assert address.url.get_dialect()().name == postgresql.dialect().name


def test_a_server_out_of_reach_is_said_plainly(url: str) -> None:
    with pytest.raises(SetupError, match="PostgreSQL server of DATABASE_URL cannot be") as caught:
        migrate(url)

    assert PASSWORD not in str(caught.value)


async def test_a_server_that_goes_away_is_busy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def migrated(_: PostgresqlServer) -> Migrated:
        return Migrated(before="0001", after="0001")

    def never(_: Connection) -> None:
        raise AssertionError

    monkeypatch.setattr(opening, "upgrade_server", migrated)

    async with open_database(url) as database:
        with pytest.raises(StorageBusy):
            await database.write(never)
        with pytest.raises(StorageBusy):
            await database.read(never)
