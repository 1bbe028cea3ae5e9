"""A SQLite deployment moves to PostgreSQL whole, or not at all."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from bot.domain.errors import ContentRefused, ProviderFailed, SetupError
from bot.domain.quota import Scope, Unit
from bot.domain.windows import Window
from bot.services.fingerprints import Fingerprints, key_of, load_keys, write_keys
from bot.storage.check_ledger import check
from bot.storage.copying import copy_database
from bot.storage.database import Database, open_database
from bot.storage.tables import metadata
from tests.migrated import migrated_file
from tests.postgres import Postgresql
from tests.services.clocks import FrozenClock
from tests.services.quotas import BOSS, limit
from tests.services.studio import ANN, GUILD, Told, Wall, answer, ask, open_studio, picture, used

Rows = Sequence[tuple[Any, ...]]


@pytest.fixture(autouse=True)
def _workers(kept_workers: None) -> None:  # pyright: ignore[reportUnusedFunction]
    pass


def unheard(done: int, total: int) -> None:
    del done, total


async def lived(path: Path) -> str:
    """Let requests end in every way on *path*; return the code of one that is left for later."""
    shown, wall = answer(picture()), Wall()
    told = Told(shown)
    async with open_studio(path.parent, FrozenClock(), told) as services:
        rule = limit(Scope.MEMBER, ANN, Unit.PICTURES, Window.WEEK, 9)
        await services.quotas.set_rule(GUILD, rule, by=BOSS)
        for outcome in (shown, ContentRefused(stage="input"), ProviderFailed()):
            told.outcome = outcome
            ticket = await services.studio.admit(ask(prompt="ein Kürbis \U0001f383"))
            with suppress(ContentRefused, ProviderFailed):
                await services.studio.perform(ticket, wall)
        return (await services.studio.admit(ask(prompt="for later"))).code


async def rows(url: str) -> dict[str, Rows]:
    """Return everything that the database holds, each table in an order of its own."""

    def read(connection: Connection) -> dict[str, Rows]:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }

    async with open_database(url) as database:
        return await database.read(read)


async def test_everything_is_there_and_goes_on(
    path: Path, postgresql: Postgresql, url: str
) -> None:
    code, steps = await lived(path), list[tuple[int, int]]()
    with postgresql.empty_database() as new:
        moved = await asyncio.to_thread(
            copy_database, path, new, lambda done, total: steps.append((done, total))
        )

        before, after = await rows(url), await rows(new)
        assert after == before
        assert moved.rows == {name: len(found) for name, found in before.items()}
        assert sum(moved.rows.values()) > 20
        assert steps[-1][0] == steps[-1][1] == 2 * sum(moved.rows.values())
        assert await asyncio.to_thread(check, new) == []

        told, wall = Told(answer(picture())), Wall()
        async with open_studio(path.parent, FrozenClock(), told, DATABASE_URL=new) as services:
            (left,) = await services.recovery.left()
            assert left.code == code
            await services.studio.perform(await services.studio.admit(ask(prompt="anew")), wall)
            assert await used(services, Unit.PICTURES) == (2, 1)


async def test_a_database_with_rows_is_left_as_it_is(path: Path, postgresql: Postgresql) -> None:
    await lived(path)
    with postgresql.empty_database() as new:
        await asyncio.to_thread(copy_database, path, new, unheard)
        before = await rows(new)

        with pytest.raises(SetupError, match=r"is not empty \(\w+ has rows\)"):
            await asyncio.to_thread(copy_database, path, new, unheard)

        assert await rows(new) == before


async def test_a_copy_that_differs_is_not_kept(path: Path, postgresql: Postgresql) -> None:
    await lived(path)
    with postgresql.database() as new:
        async with open_database(new) as database:
            await database.write(falsify)

        with pytest.raises(SetupError, match="The copy of jobs differs"):
            await asyncio.to_thread(copy_database, path, new, unheard)

        assert not any((await rows(new)).values())


def falsify(connection: Connection) -> None:
    """Let the server change what is inserted, as no server should."""
    connection.execute(
        text(
            "CREATE FUNCTION falsify() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN NEW.prompt = 'another'; RETURN NEW; END $$"
        )
    )
    connection.execute(
        text("CREATE TRIGGER falsify BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION falsify()")
    )


async def test_a_file_in_use_is_not_copied(
    path: Path, database: Database, postgresql_url: str
) -> None:
    with pytest.raises(SetupError, match="Another Easel already uses"):
        await asyncio.to_thread(copy_database, path, postgresql_url, unheard)


def test_what_cannot_be_copied_is_said(path: Path, url: str) -> None:
    with pytest.raises(SetupError, match="There is no database"):
        copy_database(path, "postgresql://easel@nowhere/easel", unheard)
    with pytest.raises(SetupError, match="must name the PostgreSQL database"):
        copy_database(Path(migrated_file(path).removeprefix("sqlite+aiosqlite:///")), url, unheard)


def test_the_key_goes_along(path: Path) -> None:
    old, key = load_keys(path.with_name("easel.db.key")), Fingerprints
    (written,) = write_keys(path.with_name("easel.db.key"))

    text = written.read_text("ascii").strip()

    assert written.stat().st_mode & 0o077 == 0
    assert key(key_of(text)).member(ANN) == key(*old).member(ANN)
    assert key(key_of("plain words, long enough")).member(ANN) != key(*old).member(ANN)
    with pytest.raises(SetupError, match="is not hexadecimal"):
        key_of("hex:xyz")
