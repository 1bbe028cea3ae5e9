"""Every way in which a database cannot be opened ends in one sentence with its cure."""

import asyncio
import os
import shutil
import signal
import sqlite3
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp

import pytest
from filelock import FileLock, Timeout

from bot.domain.errors import SetupError
from bot.storage.database import open_database
from bot.storage.migrate import migrate
from bot.storage.sqlite_file import connect, connect_reading, unusable
from tests.process.nursery import ran

NOBODY = 65534


async def refused(url: str) -> str:
    with pytest.raises(SetupError) as caught:
        async with open_database(url):
            pass
    assert "\n" not in str(caught.value)
    return str(caught.value)


def refusal(url: str) -> str:
    return asyncio.run(refused(url))


async def use(url: str, statement: str = "SELECT 1") -> None:
    async with open_database(url) as database:
        await database.write(lambda connection: connection.exec_driver_sql(statement))


@pytest.fixture
def shared() -> Generator[Path]:
    """A directory that other users can reach, unlike pytest's own."""
    directory = Path(mkdtemp(prefix="easel-test-"))
    directory.chmod(0o777)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def nobody(shared: Path) -> Generator[None]:
    """Lose root's power to write everywhere, for as long as the test lasts."""
    del shared
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    yield
    os.seteuid(before)


def test_the_directory_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deeper" / "easel.db"

    asyncio.run(use(f"sqlite+aiosqlite:///{path}"))

    assert path.exists()


async def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    path = tmp_path / "é 100% #1" / "easel.db"

    async with open_database(f"sqlite+aiosqlite:///{path}") as database:
        tables = await database.read(lambda c: c.exec_driver_sql("SELECT * FROM guilds").all())
    assert tables == []


async def test_the_database_is_for_its_owner_alone(path: Path, url: str) -> None:
    async with open_database(url) as database:
        await database.write(lambda c: c.exec_driver_sql("INSERT INTO guilds VALUES (1, '', 1)"))
        modes = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}

    assert {modes[f"easel.db{end}"] for end in ("", "-wal", "-shm")} == {0o600}


def test_only_the_database_and_its_lock_remain(path: Path, url: str) -> None:
    asyncio.run(use(url, "INSERT INTO guilds VALUES (1, '', 1)"))

    assert {each.name for each in path.parent.iterdir()} == {"easel.db", "easel.db.lock"}


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///:memory:",
        "sqlite+aiosqlite:///file::memory:?cache=shared&uri=true",
        "sqlite+aiosqlite:///data/easel.db?mode=memory",
    ],
)
def test_memory_is_refused(url: str) -> None:
    assert "must name a file" in refusal(url)


@pytest.mark.parametrize("url", ["", "easel.db", "mysql://host/db", "sqlite+pysqlcipher:///x.db"])
def test_other_databases_are_refused(url: str) -> None:
    assert "sqlite+aiosqlite:///data/easel.db" in refusal(url)


async def test_a_second_easel_is_refused(url: str) -> None:
    async with open_database(url):
        assert "Another Easel already uses" in await refused(url)


CHILD = """
import asyncio, sys
from bot.storage.database import open_database
async def main():
    async with open_database(sys.argv[1]):
        pass
asyncio.run(main())
"""


async def test_a_second_process_is_refused(url: str) -> None:
    async with open_database(url):
        child = ran("-c", CHILD, url)

    assert child.returncode != 0
    assert "Another Easel already uses" in child.stderr.splitlines()[-1]


async def test_the_file_is_free_after_closing_and_after_a_refusal(url: str) -> None:
    async with open_database(url):
        await refused(url)
    async with open_database(url):
        pass


def test_a_file_of_another_kind_is_left_as_it_is(path: Path, url: str) -> None:
    path.write_bytes(b"my holiday diary, not a database")

    assert "not a SQLite database and was left as it is" in refusal(url)
    assert path.read_bytes() == b"my holiday diary, not a database"


def test_an_empty_file_is_a_new_database(path: Path, url: str) -> None:
    path.touch()

    asyncio.run(use(url))

    assert path.stat().st_size > 0


def test_a_damaged_file_is_left_as_it_is(path: Path, url: str) -> None:
    asyncio.run(
        use(
            url,
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
            "INSERT INTO guilds SELECT i, 'choices', 1 FROM n",
        )
    )
    whole = path.read_bytes()
    damaged = whole[: len(whole) // 2] + b"\xa5" * (len(whole) - len(whole) // 2)
    path.write_bytes(damaged)

    message = refusal(url)

    assert "is damaged and was left as it is; restore your last back-up" in message
    assert path.read_bytes() == damaged


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE sqlite_master SET rootpage = 3 WHERE name LIKE 'ix_%'",
        "UPDATE sqlite_master SET sql = 'nonsense' WHERE name = 'guilds'",
    ],
)
def test_damage_that_only_a_check_finds(path: Path, url: str, damage: str) -> None:
    asyncio.run(use(url))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(damage)
        connection.commit()

    assert "is damaged" in refusal(url)


def test_a_damaged_header_is_left_as_it_is(path: Path, url: str) -> None:
    path.write_bytes(b"SQLite format 3\0" + b"\xa5" * 5000)

    assert "is damaged" in refusal(url)


def test_a_directory_is_no_file(path: Path, url: str) -> None:
    path.mkdir()

    assert "is a directory" in refusal(url)


def test_a_database_of_another_program_is_left_as_it_is(path: Path, url: str) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE recipes (name)")

    before = path.read_bytes()

    message = refusal(url)

    assert "tables of another program (recipes)" in message
    assert path.read_bytes() == before


FILL = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
    "INSERT INTO guilds SELECT i, 'choices', 1 FROM n"
)


@pytest.mark.parametrize(
    ("offset", "length", "says"),
    [
        (0, 16, "is not a SQLite database"),
        (16, 2, "is damaged"),  # the size of a page
        (18, 2, "is damaged"),  # the version of the format
        (24, 76, "is damaged"),  # the rest of the header
        (100, 8, "is damaged"),  # the root of the schema
        (4096, 4096, "is damaged"),  # a root page
        (-4096, 4096, "is damaged"),  # the last page
    ],
)
def test_a_file_damaged_anywhere_is_left_as_it_is(
    path: Path, url: str, offset: int, length: int, says: str
) -> None:
    asyncio.run(use(url, FILL))
    whole = bytearray(path.read_bytes())
    start = offset % len(whole)
    whole[start : start + length] = b"\xa5" * length
    path.write_bytes(whole)

    message = refusal(url)

    assert says in message
    assert "easel restore" in message
    assert path.read_bytes() == whole


@pytest.mark.parametrize("size", [1, 15, 99, 4095, 4096, 20_000, -1, -4096])
def test_a_truncated_file_is_left_as_it_is(path: Path, url: str, size: int) -> None:
    asyncio.run(use(url, FILL))
    part = path.read_bytes()[:size]
    path.write_bytes(part)

    assert "left as it is; restore" in refusal(url)
    assert path.read_bytes() == part


KILLED = """
import asyncio, os, signal, sys
from bot.storage.database import open_database
async def main():
    async with open_database(sys.argv[1]) as database:
        await database.write(lambda c: c.exec_driver_sql("INSERT INTO guilds VALUES (7, '', 1)"))
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


@pytest.fixture
def killed(path: Path, url: str) -> Path:
    """The log beside a database that a killed Easel left, with a write in it."""
    assert ran("-c", KILLED, url).returncode == -signal.SIGKILL
    log = path.with_name("easel.db-wal")
    assert log.stat().st_size
    return log


async def guilds(url: str) -> list[int]:
    async with open_database(url) as database:
        return await database.read(
            lambda c: list(c.exec_driver_sql("SELECT guild_id FROM guilds").scalars())
        )


def test_the_log_of_a_killed_easel_is_taken_over(killed: Path, url: str) -> None:
    assert asyncio.run(guilds(url)) == [7]


@pytest.mark.parametrize("empty", [False, True])
def test_a_log_without_its_database_is_left_as_it_is(
    killed: Path, path: Path, url: str, *, empty: bool
) -> None:
    """SQLite would take it for a new database and erase the log."""
    whole, before = path.read_bytes(), killed.read_bytes()
    path.unlink()
    if empty:
        path.touch()

    assert "is missing or empty, but easel.db-wal beside it holds" in refusal(url)
    assert killed.read_bytes() == before

    path.write_bytes(whole)
    assert asyncio.run(guilds(url)) == [7]


def test_a_damaged_file_and_its_log_are_left_as_they_are(
    killed: Path, path: Path, url: str
) -> None:
    """Closing a connection that may write would have copied the log into the file."""
    damaged = path.read_bytes()[:40_000]
    path.write_bytes(damaged)
    killed.write_bytes(killed.read_bytes()[:32])
    log = killed.read_bytes()

    assert "is damaged" in refusal(url)
    assert (path.read_bytes(), killed.read_bytes()) == (damaged, log)


def test_a_newer_database_is_left_as_it_is(path: Path, url: str) -> None:
    asyncio.run(use(url, "UPDATE alembic_version SET version_num = '9999'"))
    before = path.read_bytes()

    assert "newer version of Easel" in refusal(url)
    assert path.read_bytes() == before


def test_a_lock_file_that_is_a_directory(path: Path, url: str) -> None:
    path.with_name("easel.db.lock").mkdir()

    message = refusal(url)

    assert f"The lock file {path}.lock cannot be used (Is a directory)" in message


def test_a_lock_file_of_somebody_else(shared: Path, nobody: None) -> None:
    del nobody
    lock = shared / "easel.db.lock"
    lock.touch()
    lock.chmod(0o400)

    message = refusal(f"sqlite+aiosqlite:///{shared}/easel.db")

    assert f"The lock file {lock} cannot be used (Permission denied)" in message


def test_a_lock_file_that_cannot_be_made(
    path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise Timeout(str(path))

    monkeypatch.setattr(FileLock, "acquire", gone)

    assert "easel.db.lock cannot be used (it does not stay)" in refusal(url)


def test_a_full_disk_when_it_is_migrated(path: Path, url: str) -> None:
    path.touch()
    child = ran("-c", LIMITED, url)

    assert "SetupError" in child.stderr.splitlines()[-1]
    assert "check the disk's free space" in child.stderr.splitlines()[-1]
    assert migrate(url).before is None


LIMITED = """
import resource, sys
from bot.storage.migrate import migrate
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
migrate(sys.argv[1])
"""


def test_a_locked_file_is_not_migrated(path: Path, url: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("BEGIN IMMEDIATE")

        assert "Another program has locked" in refusal(url)


@pytest.mark.parametrize(("large", "said"), [(0, True), (10**12, False)])
def test_a_long_check_is_announced(
    url: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    *,
    large: int,
    said: bool,
) -> None:
    asyncio.run(use(url))
    caplog.clear()
    monkeypatch.setattr("bot.storage.sqlite_file._LARGE", large)
    monkeypatch.setattr("bot.storage.sqlite_file._SLOW", 0 if said else 100)

    asyncio.run(use(url))

    assert ("this takes a while" in caplog.text) == said
    assert ("it is whole" in caplog.text) == said


def test_a_locked_file_is_said_to_be_locked(path: Path, url: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE recipes (name)")
        other.execute("BEGIN EXCLUSIVE")

        assert "Another program has locked" in refusal(url)


def test_a_file_in_place_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    message = refusal(f"sqlite+aiosqlite:///{tmp_path}/data/easel.db")

    assert f"The directory {tmp_path}/data cannot be written (File exists)" in message


def test_a_directory_that_we_may_not_write(shared: Path, nobody: None) -> None:
    del nobody
    inner = shared / "inner"
    inner.mkdir()
    inner.chmod(0o555)

    message = refusal(f"sqlite+aiosqlite:///{inner}/easel.db")

    assert f"The directory {inner} cannot be written (Permission denied)" in message


def test_a_file_that_we_may_not_write(shared: Path, nobody: None) -> None:
    del nobody
    url = f"sqlite+aiosqlite:///{shared}/easel.db"
    migrate(url)
    (shared / "easel.db").chmod(0o444)

    message = refusal(url)

    assert "easel.db cannot be written (Permission denied)" in message


def test_files_beside_the_database_that_we_may_not_write(shared: Path, nobody: None) -> None:
    del nobody
    url = f"sqlite+aiosqlite:///{shared}/easel.db"
    migrate(url)
    wal = shared / "easel.db-wal"
    wal.touch()
    wal.chmod(0o000)

    assert "the files beside it" in refusal(url)


def test_what_sqlite_cannot_open_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "diary").write_text("not a database" * 100)

    with pytest.raises(SetupError, match="diary is damaged"):
        connect(tmp_path / "diary")
    with pytest.raises(SetupError, match="cannot be used"):
        connect(tmp_path)
    with pytest.raises(SetupError, match="cannot be used"):
        connect_reading(tmp_path / "nothing")


def test_a_full_disk_is_called_full(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA max_page_count=1")
        with pytest.raises(sqlite3.Error) as caught:
            connection.execute("CREATE TABLE recipes (name)")

    assert str(unusable(path, caught.value)) == (
        f"The disk of {path} is full; make room on it and start again."
    )
