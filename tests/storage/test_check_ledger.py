"""The books are added up anew, differences are named, and nothing is changed by it."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.domain.errors import SetupError
from bot.domain.quota import Scope, Unit
from bot.domain.windows import Rolling
from bot.providers.base import Price
from bot.services.quota import Quotas
from bot.storage.check_ledger import check
from bot.storage.database import Database, open_database
from tests.services.clocks import FrozenClock
from tests.services.quotas import ANN, BOSS, CENT, DEFAULTS, GUILD, NOON, book, limit


@pytest.fixture(params=["sqlite", "postgresql"])
async def books(request: pytest.FixtureRequest, url: str) -> AsyncGenerator[tuple[str, Database]]:
    """A database with a request that ended, one that a grant bears, and one that runs."""
    address = url if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    async with open_database(address) as database:
        quotas = Quotas(database, FrozenClock(), DEFAULTS)
        rule = limit(Scope.EVERYONE, 0, Unit.PICTURES, Rolling(5), 3)
        await quotas.set_rule(GUILD, rule, by=BOSS)
        await quotas.grant(
            GUILD, Scope.MEMBER, ANN, Unit.PICTURES, 5, reason="", expires_at=None, by=BOSS
        )
        for pictures in (2, 3):
            reference = await book(database, quotas, pictures=pictures)
            end = {"pictures": pictures, "price": Price(micros=CENT), "at": NOON}
            await database.write(partial(quotas.settle, reference=reference, **end))
        await book(database, quotas, pictures=1)
        yield address, database


async def _checked(address: str) -> list[str]:
    return await asyncio.to_thread(check, address)


def _bytes(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest() if path.exists() else b""


async def test_books_that_add_up(books: tuple[str, Database], path: Path) -> None:
    address, _ = books
    before = _bytes(path)

    assert await _checked(address) == []

    assert before == _bytes(path)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE counters SET used = used + 1 WHERE scope = 'bot'", None),
        (
            "UPDATE counters SET used = used - 1 WHERE \"window\" = 'rolling:5'",
            "the counter of member 1 on server 100, pictures rolling:5 says 2 used, the ledger 3",
        ),
        (
            "UPDATE counters SET reserved = 7 WHERE unit = 'jobs'",
            "the counter of member 1 on server 100, jobs now says 7 in flight, bookings 1",
        ),
        ("UPDATE grants SET used = 1", "the grant 1 says 1 used, the ledger 2"),
        ("UPDATE grants SET reserved = 2", "the grant 1 says 2 in flight, bookings 1"),
        ("UPDATE grants SET passed_on = 1", "the grant 1 says 1 given on, the gifts 0"),
        ("UPDATE bookings SET state = 'released' WHERE state = 'settled'", "is released, but"),
        ("DELETE FROM bookings WHERE state = 'settled'", "which was never booked"),
    ],
)
async def test_each_difference_is_named(
    books: tuple[str, Database], damage: str, said: str | None
) -> None:
    address, database = books
    await database.write(lambda connection: connection.execute(text(damage)))

    found = await _checked(address)

    assert any(said in each for each in found) if said else found == []


def test_there_must_be_a_database_of_this_version(url: str, path: Path) -> None:
    with pytest.raises(SetupError, match="There is no database"):
        check(url)
    assert not path.exists()

    path.touch()
    with pytest.raises(SetupError, match="run `easel migrate` first"):
        check(url)
