"""Back-ups: of one instant while a writer works, whole or not at all, and put back safely."""

import os
import signal
import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.errors import DatabaseInUse, SetupError
from bot.storage.backup import back_up, restore
from bot.storage.database import open_database
from bot.storage.migrate import migrate
from tests.migrated import migrated_file
from tests.process.nursery import living, ran

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
KEY = bytes(range(32))
WRITER = ("-m", "tests.storage.bookkeeping")


def silent(_done: int, _total: int) -> None:
    pass


def execute(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def ask(path: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(question).fetchall()


def count(path: Path, table: str) -> int:
    return len(ask(path, f"SELECT 1 FROM {table}"))  # noqa: S608 - names of ours


def guilds(path: Path) -> list[tuple[object, ...]]:
    return ask(path, "SELECT guild_id FROM guilds ORDER BY 1")


def add(path: Path, guild: int) -> None:
    execute(path, f"INSERT INTO guilds VALUES ({guild}, '', 1)")  # noqa: S608 - a number


def names(directory: Path) -> set[str]:
    return {each.name for each in directory.iterdir()} - {"easel.db-shm", "easel.db-wal"}


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept.db"


@pytest.fixture
def filled(path: Path, url: str) -> Path:
    """A database with one server in it, and a key beside it."""
    migrated_file(path)
    path.with_name("easel.db.lock").touch()
    add(path, 1)
    path.with_name("easel.db.key").write_bytes(KEY)
    return path


@contextmanager
def writing(url: str, enough: int) -> Generator[None]:
    """Let a process book without a pause."""
    with living(*WRITER, url) as (_, lines):
        while int(next(lines)) < enough:
            pass

        yield


# --- taking one ---------------------------------------------------------------------------------


def test_a_backup_of_a_busy_database_is_of_one_instant(
    url: str, path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.storage.backup._STEP", 4)  # the writer works between the steps
    with writing(url, 1000):
        copied = back_up(url, kept, now=NOW, progress=silent)

    add_up(kept)
    assert ask(kept, "PRAGMA integrity_check") == [("ok",)]
    assert 1000 <= copied.rows["ledger"] < count(path, "ledger")
    assert count(kept, "ledger") == copied.rows["ledger"]


def add_up(path: Path) -> None:
    """Assert that counters, bookings and the ledger say the same."""
    counted = "SELECT sum(used), sum(reserved) FROM counters WHERE unit = 'dollars' AND scope = "
    ((ledger, lines),) = ask(path, "SELECT sum(micros), count(*) FROM ledger")
    (held,) = ask(path, "SELECT coalesce(sum(micros), 0) FROM bookings WHERE state = 'held'")
    settled = ask(path, "SELECT count(*) FROM bookings WHERE state = 'settled'")
    for scope in ("server", "bot"):
        assert ask(path, f"{counted}'{scope}'") == [(ledger, *held)]
    assert settled == [(lines,)]


def test_a_restored_backup_goes_on(url: str, path: Path, kept: Path) -> None:
    with writing(url, 200):
        copied = back_up(url, kept, now=NOW, progress=silent)

    restored = restore(url, kept, now=NOW, progress=silent)
    with writing(url, 200):
        pass

    assert restored.copied.rows == copied.rows
    assert count(path, "ledger") >= copied.rows["ledger"] + 200
    add_up(path)


def test_a_backup_is_one_file_and_its_key_for_their_owner_alone(
    filled: Path, url: str, kept: Path, tmp_path: Path
) -> None:
    copied = back_up(url, kept, now=NOW, progress=silent)

    assert guilds(kept) == [(1,)]
    key = tmp_path / "kept.db.key"
    assert copied.key == key
    assert key.read_bytes() == KEY
    assert mode(kept) == mode(key) == 0o600
    assert copied.size == kept.stat().st_size
    assert not copied.outdated
    beside = {"easel.db", "easel.db.key", "easel.db.lock"}
    assert names(tmp_path) == beside | {"kept.db", "kept.db.key"}


def test_without_a_name_it_is_beside_the_database_with_the_time(filled: Path, url: str) -> None:
    first = back_up(url, None, now=NOW, progress=silent)
    second = back_up(url, None, now=NOW, progress=silent)

    assert first.file == filled.with_name("easel-20261122-093000.db")
    assert second.file == filled.with_name("easel-20261122-093000-1.db")


def test_without_a_key_file_there_is_none_in_the_backup(url: str, kept: Path) -> None:
    migrate(url)

    assert back_up(url, kept, now=NOW, progress=silent).key is None


@pytest.mark.parametrize("there", ["kept.db", "kept.db.key"])
def test_what_is_there_is_replaced_only_by_force(
    filled: Path, url: str, kept: Path, tmp_path: Path, there: str
) -> None:
    (tmp_path / there).write_text("precious")
    with pytest.raises(SetupError, match="already exists and was left as it is"):
        back_up(url, kept, now=NOW, progress=silent)
    assert (tmp_path / there).read_text() == "precious"

    back_up(url, kept, now=NOW, progress=silent, force=True)

    assert guilds(kept) == [(1,)]


@pytest.mark.parametrize("ending", ["", "-wal", ".key", ".lock"])
def test_the_database_itself_is_no_place_for_a_backup(filled: Path, url: str, ending: str) -> None:
    own = filled.with_name(f"easel.db{ending}")

    with pytest.raises(SetupError, match="belongs to the database itself"):
        back_up(url, own, now=NOW, progress=silent, force=True)
    assert guilds(filled) == [(1,)]


def test_a_directory_is_no_file(filled: Path, url: str, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="already exists"):
        back_up(url, tmp_path, now=NOW, progress=silent, force=True)


def test_a_directory_that_is_not_there(filled: Path, url: str, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"cannot be written \(No such file or directory\)"):
        back_up(url, tmp_path / "no" / "kept.db", now=NOW, progress=silent)


def test_no_database_has_no_backup(url: str, path: Path, kept: Path) -> None:
    with pytest.raises(SetupError, match="There is no database at"):
        back_up(url, kept, now=NOW, progress=silent)
    assert not path.exists()


def test_a_damaged_database_makes_no_backup(
    filled: Path, url: str, kept: Path, tmp_path: Path
) -> None:
    damage(filled)

    with pytest.raises(SetupError, match="damaged") as caught:
        back_up(url, kept, now=NOW, progress=silent)

    assert ".part" not in str(caught.value)
    assert names(tmp_path) == {"easel.db", "easel.db.key", "easel.db.lock"}


def test_damage_that_only_a_check_finds_makes_no_backup(filled: Path, url: str, kept: Path) -> None:
    miscounted(filled)

    with pytest.raises(SetupError, match=r"No back-up was made: .* is damaged"):
        back_up(url, kept, now=NOW, progress=silent)
    assert not kept.exists()


def miscounted(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(36)
        file.write(bytes([0, 0, 0, 7]))  # how many pages are free, wrongly


def damage(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))


def test_a_full_disk_makes_no_backup(filled: Path, url: str, kept: Path, tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: SQLite's writes fail for real."""
    child = ran("-c", LIMITED, url, str(kept))

    assert "SetupError" in child.stderr.splitlines()[-1]
    assert f"{kept} cannot be used" in child.stderr.splitlines()[-1]
    assert "free space" in child.stderr.splitlines()[-1]
    assert names(tmp_path) == {"easel.db", "easel.db.key", "easel.db.lock"}


LIMITED = """
import resource, sys
from datetime import datetime
from pathlib import Path
from bot.storage.backup import back_up
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
back_up(sys.argv[1], Path(sys.argv[2]), now=datetime.now(), progress=lambda *_: None)
"""


def test_a_copy_that_differs_is_thrown_away(
    filled: Path, url: str, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = iter(({"guilds": 1}, {"guilds": 0}))

    def rows(_: sqlite3.Connection) -> dict[str, int]:
        return next(counted)

    monkeypatch.setattr("bot.storage.backup._rows", rows)

    with pytest.raises(SetupError, match="not what was copied"):
        back_up(url, kept, now=NOW, progress=silent)
    assert not kept.exists()


def test_progress_ends_with_all_of_it(
    filled: Path, url: str, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.storage.backup._STEP", 8)
    told: list[tuple[int, int]] = []

    copied = back_up(url, kept, now=NOW, progress=lambda done, total: told.append((done, total)))

    assert len(told) > 2
    assert told == sorted(told)
    assert told[-1] == (copied.size, copied.size)


# --- putting it back ----------------------------------------------------------------------------


@pytest.fixture
def earlier(filled: Path, url: str, kept: Path) -> Path:
    """A back-up with server 1; the database has got another server and another key since."""
    back_up(url, kept, now=NOW, progress=silent)
    add(filled, 2)
    filled.with_name("easel.db.key").write_bytes(KEY[::-1])
    return kept


ASIDE = "easel-before-restore-20261122-093000.db"


def test_a_restore_keeps_what_was_there(earlier: Path, url: str, path: Path) -> None:
    restored = restore(url, earlier, now=NOW, progress=silent)

    aside = path.with_name(ASIDE)
    assert guilds(path) == [(1,)]
    assert guilds(aside) == [(1,), (2,)]
    assert mode(path) == 0o600
    assert path.with_name("easel.db.key").read_bytes() == KEY
    assert path.with_name(f"{ASIDE}.key").read_bytes() == KEY[::-1]
    assert restored.aside == (aside, path.with_name(f"{ASIDE}.key"))
    assert guilds(earlier) == [(1,)]
    migrate(url)


def test_what_a_killed_easel_left_in_its_log_stays_with_the_old_database(
    earlier: Path, url: str, path: Path
) -> None:
    kill_while_it_writes(url)
    assert path.with_name("easel.db-wal").stat().st_size

    restore(url, earlier, now=NOW, progress=silent)

    assert not path.with_name("easel.db-wal").exists()
    assert not path.with_name("easel.db-shm").exists()
    migrate(url)
    assert guilds(path) == [(1,)]
    aside = path.with_name(ASIDE)
    with closing(sqlite3.connect(aside)) as connection:
        found = connection.execute("SELECT guild_id FROM guilds ORDER BY 1").fetchall()
    assert found == [(1,), (2,), (77,)]


KILLED = """
import asyncio, os, signal, sys
from bot.storage.database import open_database
async def main():
    async with open_database(sys.argv[1]) as database:
        await database.write(
            lambda c: c.exec_driver_sql("INSERT INTO guilds VALUES (77, '{}', 1)")
        )
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


def kill_while_it_writes(url: str) -> None:
    assert ran("-c", KILLED, url).returncode == -signal.SIGKILL


def test_a_restore_over_a_damaged_database(earlier: Path, url: str, path: Path) -> None:
    path.write_bytes(b"nothing that SQLite knows")

    restore(url, earlier, now=NOW, progress=silent)

    assert guilds(path) == [(1,)]
    assert path.with_name(ASIDE).read_bytes() == b"nothing that SQLite knows"


def test_a_restore_where_there_was_nothing(earlier: Path, tmp_path: Path) -> None:
    path = tmp_path / "new" / "easel.db"

    restored = restore(f"sqlite+aiosqlite:///{path}", earlier, now=NOW, progress=silent)

    assert restored.aside == ()
    assert names(path.parent) == {"easel.db", "easel.db.key", "easel.db.lock"}


async def test_a_running_easel_is_not_restored_under(earlier: Path, url: str, path: Path) -> None:
    async with open_database(url):
        with pytest.raises(DatabaseInUse, match="stop it first"):
            restore(url, earlier, now=NOW, progress=silent)
    assert guilds(path) == [(1,), (2,)]


def test_an_empty_log_and_an_empty_marker_are_nothing(
    filled: Path, url: str, kept: Path, path: Path
) -> None:
    back_up(url, kept, now=NOW, progress=silent)  # reading leaves an empty log behind
    assert path.with_name("easel.db-wal").stat().st_size == 0
    path.with_name("easel.db.restoring").touch()

    restored = restore(url, kept, now=NOW, progress=silent)

    assert restored.aside == (path.with_name(ASIDE),)
    assert names(path.parent) == {
        *("easel.db", "easel.db.key", "easel.db.lock", "kept.db", "kept.db.key", ASIDE)
    }


def strangers(file: Path) -> None:
    file.unlink()
    execute(file, "CREATE TABLE recipes (name)")


def empty(file: Path) -> None:
    file.write_bytes(b"")


def newer(file: Path) -> None:
    execute(file, "UPDATE alembic_version SET version_num = '9999'")


def text(file: Path) -> None:
    file.write_text("a diary, not a database" * 300)


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (damage, "is no usable back-up: it is damaged"),
        (text, "is no usable back-up: it is damaged"),
        (cut, "is no usable back-up: it is damaged"),
        (miscounted, "is no usable back-up: it is damaged"),
        (strangers, "tables of another program"),
        (newer, "newer version of Easel"),
        (empty, "no database of Easel's"),
        (Path.unlink, "There is no back-up"),
    ],
)
def test_a_backup_that_is_none_changes_nothing(
    earlier: Path, url: str, path: Path, spoil: Callable[[Path], None], says: str
) -> None:
    spoil(earlier)
    before = names(path.parent)

    with pytest.raises(SetupError, match=says) as caught:
        restore(url, earlier, now=NOW, progress=silent)

    assert str(earlier) in str(caught.value)
    assert ".part" not in str(caught.value)
    assert "easel restore" not in str(caught.value)  # that is the cure of a database
    assert guilds(path) == [(1,), (2,)]
    assert names(path.parent) == before


def test_the_database_is_no_backup_of_itself(filled: Path, url: str) -> None:
    with pytest.raises(SetupError, match="belongs to the database itself"):
        restore(url, filled, now=NOW, progress=silent)


INTERRUPTED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from bot.storage import backup
names = sys.argv[3].split(",")
step = int(sys.argv[4])
def die(*_):
    global step
    step -= 1
    if step < 0:
        os.kill(os.getpid(), signal.SIGKILL)
def before(name):
    real = getattr(backup, name)
    def first(*arguments):
        die()
        return real(*arguments)
    setattr(backup, name, first)
for name in names:
    before(name)
real = Path.replace
Path.replace = lambda self, to: (die(), real(self, to), die())[1]
now = datetime(2026, 11, 22, 9, 29, tzinfo=UTC)
backup.restore(sys.argv[1], Path(sys.argv[2]), now=now, progress=lambda *_: None)
"""
STEPS = "_swap,_move,_sync,_place_copy"


@pytest.mark.parametrize("step", range(13))
def test_a_killed_restore_is_made_good_by_the_next(
    earlier: Path, url: str, path: Path, step: int
) -> None:
    kill_while_it_writes(url)
    child = ran("-c", INTERRUPTED, url, str(earlier), STEPS, str(step))
    assert child.returncode in {0, -signal.SIGKILL}, child.stderr
    began = path.with_name("easel.db.restoring").exists()
    if began:
        with pytest.raises(SetupError, match=r"did not come to its end; run `easel restore` again"):
            migrate(url)

    restore(url, earlier, now=NOW, progress=silent)

    migrate(url)
    assert guilds(path) == [(1,)]
    assert path.with_name("easel.db.key").read_bytes() == KEY
    olds = list(path.parent.glob("easel-before-restore-*.db"))
    assert [(1,), (2,), (77,)] in [rows(each) for each in olds]
    if began:
        assert olds == [path.with_name("easel-before-restore-20261122-092900.db")]


def rows(path: Path) -> list[tuple[object, ...]]:
    """Read a copy with its log, as SQLite opens it."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT guild_id FROM guilds ORDER BY 1").fetchall()


# --- PostgreSQL ---------------------------------------------------------------------------------

SERVER = "postgresql+asyncpg://easel:secret@127.0.0.1/easel"


def test_postgresql_has_its_own_tools(kept: Path) -> None:
    with pytest.raises(SetupError, match="pg_dump"):
        back_up(SERVER, kept, now=NOW, progress=silent)
    with pytest.raises(SetupError, match="pg_restore"):
        restore(SERVER, kept, now=NOW, progress=silent)
