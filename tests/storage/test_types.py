from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, literal, select
from sqlalchemy.exc import StatementError

from bot.storage.database import Connection, Database
from bot.storage.tables import audit, guilds
from bot.storage.types import UtcMs

BERLIN = datetime(2026, 11, 18, 13, 0, 0, 123_456, tzinfo=timezone(timedelta(hours=1)))


async def test_instants_come_back_in_utc_to_the_millisecond(database: Database) -> None:
    def work(connection: Connection) -> object:
        choices = {"b": [1], "a": None}
        connection.execute(insert(guilds).values(guild_id=1, choices=choices, changed_at=BERLIN))
        return connection.execute(select(guilds)).one()

    assert await database.write(work) == (
        1,
        {"a": None, "b": [1]},
        datetime(2026, 11, 18, 12, 0, 0, 123_000, tzinfo=UTC),
    )


async def test_a_naive_instant_is_refused(database: Database) -> None:
    naive = BERLIN.replace(tzinfo=None)
    statement = insert(guilds).values(guild_id=1, choices=[], changed_at=naive)

    with pytest.raises(StatementError, match="naive"):
        await database.write(lambda connection: connection.execute(statement))


async def test_nothing_comes_back_as_nothing(database: Database) -> None:
    def work(connection: Connection) -> object:
        row = {"guild_id": 1, "user_id": 1, "action": "a", "target": "t", "at": BERLIN}
        connection.execute(insert(audit), {**row, "before": None, "after": 0})
        return connection.execute(select(audit.c.before, audit.c.after)).one()

    assert await database.write(work) == (None, 0)


async def test_an_instant_that_is_missing_comes_back_as_nothing(database: Database) -> None:
    def work(connection: Connection) -> object:
        return connection.execute(select(literal(None, UtcMs()))).scalar_one()

    assert await database.write(work) is None
