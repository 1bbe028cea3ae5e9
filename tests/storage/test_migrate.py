"""One history for both databases, run once, in one transaction."""

import asyncio
import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Integer, Table, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.schema import CreateTable

from bot.domain.errors import SetupError
from bot.storage import migrate as migrating
from bot.storage.database import Database, open_database
from bot.storage.migrate import Migrated, configuration, migrate
from bot.storage.sqlite_file import writing_engine
from bot.storage.tables import metadata
from bot.storage.types import Json, UtcMs
from tests.postgres import Postgresql
from tests.process.nursery import ran


def execute(path: Path, statement: str) -> list[object]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(statement).fetchall()
        connection.commit()
    return rows


def test_a_new_database_is_migrated_and_an_old_one_left(url: str) -> None:
    assert migrate(url) == Migrated(before=None, after="0008")
    again = migrate(url)

    assert again == Migrated(before="0008", after="0008")
    assert not again.changed


def test_the_history_has_one_end() -> None:
    assert len(ScriptDirectory.from_config(configuration()).get_heads()) == 1


def test_a_newer_database_is_refused_and_left(url: str, path: Path) -> None:
    migrate(url)
    execute(path, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(SetupError, match=r"newer version of Easel .*9999.*install that version"):
        migrate(url)

    assert execute(path, "SELECT version_num FROM alembic_version") == [("9999",)]


async def test_a_newer_database_does_not_start(url: str, path: Path) -> None:
    migrate(url)
    execute(path, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(SetupError, match="newer version"):
        async with open_database(url):
            pass


def test_the_tables_are_what_the_code_says(url: str, path: Path) -> None:
    migrate(url)
    with writing_engine(path).connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


KILLED = """
import os, signal, sys
from bot.storage import migrate
upgrade = migrate.upgrade
def killed(connection, progress):
    upgrade(connection, progress)
    os.kill(os.getpid(), signal.SIGKILL)
migrate.upgrade = killed
migrate.migrate(sys.argv[1])
"""


def test_a_killed_migration_leaves_nothing(url: str, path: Path) -> None:
    child = ran("-c", KILLED, url)

    assert child.returncode == -signal.SIGKILL
    assert execute(path, "SELECT name FROM sqlite_master") == []
    assert migrate(url).before is None


START = "import sys; from bot.storage.migrate import migrate; print(migrate(sys.argv[1]).changed)"


def test_of_four_simultaneous_starts_one_migrates(url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(_changed, [url] * 4))

    assert sorted(done) == [False, False, False, True]


async def test_threads_may_migrate_at_once(tmp_path: Path) -> None:
    urls = [f"sqlite+aiosqlite:///{tmp_path}/{name}.db" for name in "abc"]

    done = await asyncio.gather(*(asyncio.to_thread(migrate, url) for url in urls))

    assert all(each.changed for each in done)


def test_a_running_easel_is_not_migrated_under(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "_WAIT_SECONDS", 0.05)

    async def attempt() -> None:
        async with open_database(url):
            await asyncio.to_thread(migrate, url)

    with pytest.raises(SetupError, match="Another Easel already uses"):
        asyncio.run(attempt())


LEDGER = """INSERT INTO ledger
    (reference, kind, guild_id, channel_id, user_id, command, model, pictures, micros, price_known,
     price_version, at)
    VALUES ('a', 'settled', 1, 1, 1, 'imagine', 'm', 1, 1, 1, '', 1)"""
AUDIT = """INSERT INTO audit (guild_id, user_id, action, target, at)
    VALUES (1, 1, 'quota.set', 'server', 1)"""

GRANT_USE = """INSERT INTO grant_uses
    (reference, grant_id, holder, unit, amount, guild_id, user_id, at)
    VALUES ('a', 1, 'member', 'pictures', 1, 1, 1, 1)"""


@pytest.mark.parametrize(
    ("insert", "change"),
    [
        (LEDGER, "UPDATE ledger SET micros = 0"),
        (LEDGER, "DELETE FROM ledger"),
        (AUDIT, "UPDATE audit SET user_id = 2"),
        (AUDIT, "DELETE FROM audit"),
        (GRANT_USE, "UPDATE grant_uses SET amount = 0"),
        (GRANT_USE, "DELETE FROM grant_uses"),
    ],
)
async def test_records_are_only_ever_added_to(database: Database, insert: str, change: str) -> None:
    await database.write(lambda connection: connection.execute(text(insert)))

    with pytest.raises(IntegrityError, match="is append-only"):
        await database.write(lambda connection: connection.execute(text(change)))


async def test_a_job_takes_its_pictures_with_it(database: Database) -> None:
    def work(connection: Connection) -> int:
        connection.execute(
            text("""INSERT INTO jobs (id, code, interaction_id, application_id, guild_id,
                channel_id, user_id, command, state, options, place, provider, model, count,
                private, estimate_micros, created_at)
                VALUES (1, 'a', 1, 1, 1, 1, 1, 'imagine', 'booked', '{}', '{}', 's', 'm', 1, 0, 0,
                0)""")
        )
        connection.execute(text("INSERT INTO pictures VALUES (1, 0, 'answer', 'image/png', x'00')"))
        connection.execute(text("DELETE FROM jobs"))
        return connection.execute(text("SELECT count(*) FROM pictures")).scalar_one()

    assert await database.write(work) == 0


def offline_sql(dialect: str) -> str:
    out = StringIO()
    config = configuration()
    config.attributes["dialect"] = dialect
    config.output_buffer = out
    command.upgrade(config, "head", sql=True)
    return "\n".join(line for line in out.getvalue().splitlines() if not line.startswith("--"))


def test_the_history_compiles_for_postgresql() -> None:
    sql = offline_sql("postgresql")

    assert "id BIGSERIAL NOT NULL" in sql
    assert "taken TEXT NOT NULL" in sql
    assert "starts_at BIGINT NOT NULL" in sql
    assert '"window" VARCHAR(16) NOT NULL' in sql
    assert "CREATE INDEX ix_bookings_held ON bookings (id) WHERE state = 'held'" in sql
    for table in ("ledger", "audit", "grant_uses"):
        assert f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE" in sql


def test_the_history_compiles_for_sqlite() -> None:
    assert "BEFORE DELETE ON ledger" in offline_sql("sqlite")
    for table in metadata.tables.values():
        assert str(CreateTable(table).compile(dialect=sqlite.dialect()))


def test_alembic_finds_nothing_to_do(url: str, path: Path) -> None:
    migrate(url)

    with writing_engine(path).begin() as connection:
        command.check(configuration(connection))


async def test_alembic_finds_nothing_to_do_on_postgresql(postgresql_url: str) -> None:
    engine = create_async_engine(postgresql_url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda plain: command.check(configuration(plain)))
    await engine.dispose()


LEDGER_LINE = LEDGER.replace("1, 1, 1, '', 1)", "1, 1, TRUE, '', 1)")
RULE = """INSERT INTO quota_rules
    (guild_id, scope, scope_id, unit, "window", amount, changed_at, changed_by)
    VALUES (1, 'server', 0, 'pictures', 'day', 5, 0, 9)"""
GRANT = """INSERT INTO grants (guild_id, scope, scope_id, unit, amount, used, reserved, reason,
    granted_at, granted_by) VALUES (1, 'member', 2, 'pictures', 5, 1, 0, 'won', 0, 9)"""


def step(connection: Connection, to: str) -> None:
    command.upgrade(configuration(connection), to)


def from_the_first_on(connection: Connection) -> None:
    """Make the first tables, put something in, and bring them to the newest shape."""
    step(connection, "0001")
    for insert in (LEDGER_LINE, AUDIT, RULE, GRANT):
        connection.execute(text(insert))
    step(connection, "head")
    (rule,) = connection.execute(text("SELECT effect, amount FROM quota_rules")).all()
    (grant,) = connection.execute(text("SELECT used, passed_on, revoked_at FROM grants")).all()
    assert (tuple(rule), tuple(grant)) == (("limit", 5), (1, 0, None))


PROTECTED = ("ledger", "audit", "grant_uses")


def append_only(connection: Connection) -> list[str]:
    """Return the tables whose lines cannot be changed or taken away."""
    connection.execute(text(GRANT_USE))
    held: list[str] = []
    for table in PROTECTED:
        for change in (f"DELETE FROM {table}", f"UPDATE {table} SET id = id + 1"):  # noqa: S608 - names of ours
            with pytest.raises(DBAPIError, match="is append-only"), connection.begin_nested():
                connection.execute(text(change))
            held.append(table)
    return held


def test_a_database_of_the_first_version_is_brought_on(path: Path) -> None:
    with writing_engine(path, foreign_keys=False).begin() as connection:
        from_the_first_on(connection)
        assert append_only(connection) == [name for name in PROTECTED for _ in range(2)]


async def test_a_postgresql_of_the_first_version_is_brought_on(postgresql: Postgresql) -> None:
    with postgresql.empty_database() as url:
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(from_the_first_on)
            held = await connection.run_sync(append_only)
        await engine.dispose()

    assert held == [name for name in PROTECTED for _ in range(2)]


async def test_of_several_starts_on_postgresql_one_migrates(postgresql: Postgresql) -> None:
    with postgresql.empty_database() as url:
        done = await asyncio.gather(*(asyncio.to_thread(_changed, url) for _ in range(4)))

    assert sorted(done) == [False, False, False, True]


def _changed(url: str) -> bool:
    child = ran("-c", START, url)
    assert child.returncode == 0, child.stderr
    return child.stdout.strip() == "True"


def test_a_new_revision_names_plain_types(url: str, path: Path, tmp_path: Path) -> None:
    migrate(url)
    new = Table("new", metadata, Column("at", UtcMs), Column("more", Json), Column("n", Integer))
    try:
        with writing_engine(path).begin() as connection:
            config = configuration(connection)
            config.stdout = StringIO()
            versions = Path(config.get_main_option("script_location") or "", "versions")
            config.set_main_option("path_separator", "newline")
            config.set_main_option("version_locations", f"{versions}\n{tmp_path}")
            command.revision(
                config, "new", autogenerate=True, rev_id="9999", version_path=str(tmp_path)
            )
    finally:
        metadata.remove(new)

    written = (tmp_path / "9999_new.py").read_text()
    assert "sa.Column('at', sa.BigInteger(), nullable=True)" in written
    assert "sa.Column('more', sa.Text(), nullable=True)" in written
    assert "sa.Column('n', sa.Integer(), nullable=True)" in written


def test_each_revision_is_told(url: str) -> None:
    steps = list[tuple[int, int]]()

    migrate(url, lambda done, total: steps.append((done, total)))

    assert steps == [(each, 8) for each in range(1, 9)]
    migrate(url, lambda done, total: steps.append((done, total)))
    assert len(steps) == 8
