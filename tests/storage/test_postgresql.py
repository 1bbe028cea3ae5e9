"""What can be said about PostgreSQL without a server."""

from collections.abc import Generator
from contextlib import closing, nullcontext
from socket import socket

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from bot.domain.errors import SetupError, StorageBusy
from bot.storage import postgresql as opening
from bot.storage.address import PostgresqlServer, parse
from bot.storage.database import Connection, open_database
from bot.storage.lane import raise_when_busy
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


@pytest.mark.parametrize("url", ["nonsense", "mysql://db/easel"])
def test_both_ways_are_recommended(url: str) -> None:
    with pytest.raises(SetupError, match=r"use sqlite\+aiosqlite:///data/easel.db, or postgresql:"):
        parse(url)


def test_a_server_out_of_reach_is_said_plainly(url: str) -> None:
    with pytest.raises(SetupError, match="PostgreSQL server of DATABASE_URL cannot be") as caught:
        migrate(url)

    assert PASSWORD not in str(caught.value)


class VendorError(Exception):
    """What asyncpg raises, as SQLAlchemy hands it on."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "busy"),
    [
        ("08006", True),  # the connection broke
        ("40P01", True),  # a deadlock
        ("53100", True),  # the disk is full
        ("53300", True),  # too many connections
        ("57P01", True),  # the server shuts down
        ("42P01", False),  # no such table
        ("23505", False),  # not unique
    ],
)
def test_what_the_server_says_is_its_fault_or_ours(sqlstate: str, busy: bool) -> None:
    error = DBAPIError("SELECT 1", None, VendorError(sqlstate))
    expected = pytest.raises(StorageBusy) if busy else nullcontext()

    with expected:
        raise_when_busy(error)


async def test_a_server_that_goes_away_is_busy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def migrated(_: PostgresqlServer) -> Migrated:
        return Migrated(before="0008", after="0008")

    def never(_: Connection) -> None:
        raise AssertionError

    monkeypatch.setattr(opening, "upgrade_server", migrated)

    async with open_database(url) as database:
        with pytest.raises(StorageBusy):
            await database.write(never)
        with pytest.raises(StorageBusy):
            await database.read(never)
