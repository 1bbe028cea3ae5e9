"""What is told once."""

from datetime import UTC, datetime, timedelta

from bot.storage import notices
from bot.storage.database import Database, open_database
from bot.storage.notices import OPERATOR, Notice

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HERE, THERE = ("an ending", 10), ("an ending", 11)


async def _claimed(database: Database, *wanted: Notice) -> frozenset[Notice]:
    later = NOW + timedelta(days=1)
    return await database.write(lambda c: notices.claim(c, wanted, later))


async def test_each_is_claimed_once(database: Database) -> None:
    assert await _claimed(database, HERE, ("an ending", OPERATOR)) == {HERE, ("an ending", 0)}
    assert await _claimed(database, HERE, THERE) == {THERE}
    assert await _claimed(database, HERE, THERE) == set()
    assert await _claimed(database, ("another", 10)) == {("another", 10)}


async def test_what_was_claimed_stays_so_after_a_restart(url: str) -> None:
    async with open_database(url) as database:
        await _claimed(database, HERE)

    async with open_database(url) as database:
        assert await _claimed(database, HERE, THERE) == {THERE}


async def test_nothing_wanted_is_nothing_claimed(database: Database) -> None:
    assert await _claimed(database) == set()
