"""The registry of what is personal is whole, and records are unnamed in one way alone."""

from collections.abc import Callable

import pytest
from sqlalchemy import Text, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.domain.guild import GuildChoices
from bot.domain.retention import USUAL_DAYS, Chosen
from bot.storage import tables
from bot.storage.database import Connection, Database, open_database
from bot.storage.erasing import allowed
from bot.storage.personal import REGISTRY, Entry, Fate, Kind
from bot.storage.retention import SWEEPS
from tests.storage.people import fill

IDS = [each.table.name for each in REGISTRY]
MEMBERS = ("user_id", "about_id", "scope_id")
ANN, BOB, GUILD = 812_345_678_901_234_567, 823_456_789_012_345_678, 10


def test_every_table_and_every_column_is_in_it_once() -> None:
    assert sorted(IDS) == sorted(tables.metadata.tables)
    missing = {
        entry.table.name: set(entry.table.c.keys()) ^ set(entry.columns) for entry in REGISTRY
    }
    assert {name: columns for name, columns in missing.items() if columns} == {}


@pytest.mark.parametrize("entry", REGISTRY, ids=IDS)
def test_what_looks_like_a_person_or_their_words_is_not_plain(entry: Entry) -> None:
    for name, held in entry.columns.items():
        if name in MEMBERS or name.endswith("_by"):
            assert held.is_person, name
            assert held.fate is not Fate.NOTHING, name
        if name in {"prompt", "revised_prompt", "reason", "text"}:
            assert held.kind is Kind.WORDS, name
        if name in {"token", "fingerprint", "person"}:
            assert held.kind in {Kind.TOKEN, Kind.PRINT}, name
        plain = isinstance(entry.table.c[name].type, Text) and held.kind is Kind.PLAIN
        assert not plain or name == "request_id", f"{name} is free text"


@pytest.mark.parametrize("entry", REGISTRY, ids=IDS)
def test_words_go_with_their_member(entry: Entry) -> None:
    """Where a row stays without its member, what was written about them is erased."""
    unnamed = {
        name
        for name, held in entry.people.items()
        if held.kind is Kind.OWNER and held.fate is Fate.UNNAME
    }
    for name, held in entry.columns.items():
        if held.kind in {Kind.WORDS, Kind.PRINT} and unnamed:
            assert set(held.of) & unnamed, name


def test_every_setting_of_days_decides_something() -> None:
    chosen = {each.setting for each in SWEEPS if each.setting}
    assert chosen == set(Chosen)
    assert {name: getattr(GuildChoices(), name) for name in Chosen} == USUAL_DAYS
    for entry in REGISTRY:
        swept = {each.setting for each in SWEEPS if each.table is entry.table and each.setting}
        named = {entry.retention.setting} if entry.retention.setting else set[Chosen]()
        assert swept == named, entry.table.name


NEVER = [
    "UPDATE ledger SET micros = 0",
    "UPDATE ledger SET user_id = 5, pictures = 7",
    "UPDATE ledger SET at = 0",
    "DELETE FROM ledger",
    "UPDATE grant_uses SET amount = 0",
    "UPDATE audit SET action = 'nothing'",
    "UPDATE audit SET guild_id = 5",
]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_erasing_changes_names_in_records_and_no_sum(
    kind: str, database: Database, request: pytest.FixtureRequest
) -> None:
    if kind == "postgresql":
        async with open_database(request.getfixturevalue("postgresql_url")) as other:
            await _names_alone(other)
    else:
        await _names_alone(database)


async def _names_alone(database: Database) -> None:
    await database.write(lambda c: fill(c, GUILD, ANN, BOB))
    unname = text("UPDATE ledger SET user_id = 5, guild_id = 6, channel_id = 0")

    for change in NEVER:
        with pytest.raises((IntegrityError, DBAPIError), match="is append-only"):
            await database.write(_erasing(change))
    with pytest.raises((IntegrityError, DBAPIError), match="is append-only"):
        await database.write(lambda c: c.execute(unname))
    assert await database.write(_erasing(str(unname))) == 1
    assert await database.read(lambda c: c.execute(text("SELECT * FROM erasing")).all()) == []
    with pytest.raises((IntegrityError, DBAPIError), match="is append-only"):
        await database.write(lambda c: c.execute(unname))


def _erasing(change: str) -> Callable[[Connection], int]:
    def work(connection: Connection) -> int:
        with allowed(connection, "test"):
            return connection.execute(text(change)).rowcount

    return work


async def test_what_is_erased_is_overwritten(database: Database) -> None:
    assert await database.write(lambda c: c.execute(text("PRAGMA secure_delete")).scalar_one()) == 1
