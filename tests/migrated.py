"""Databases of this version: a SQLite file that is migrated once and copied, or PostgreSQL's.

A test that calls `migrated` runs once on each kind where it uses the fixture `database_kind`.
"""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.storage.address import SqliteFile
from bot.storage.migrate import upgrade_file
from bot.storage.sqlite_file import OWNER_ONLY, claimed
from tests.postgres import Postgresql

KINDS = ("sqlite", "postgresql")


def migrated(path: Path) -> str:
    """Return the address of the database at *path*, put there unless there is one already.

    While `on_postgresql` lasts it is one of that server, for this path and test alone.
    """
    return _address(path)


def migrated_file(path: Path) -> str:
    """Return the address of the SQLite file *path*, put there unless there is one already."""
    if not path.exists():
        path.touch(mode=OWNER_ONLY)
        path.write_bytes(_made())
    return f"sqlite+aiosqlite:///{path}"


@contextmanager
def on_postgresql(server: Postgresql) -> Generator[None]:
    """Let `migrated` make databases of *server*, and empty them in the end."""
    global _address  # noqa: PLW0603 - one test runs at a time
    with ExitStack() as made:

        @cache
        def address(path: Path) -> str:
            del path
            return made.enter_context(server.shared_database())

        _address = address
        try:
            yield
        finally:
            _address = migrated_file


_address: Callable[[Path], str] = migrated_file


@cache
def _made() -> bytes:
    with TemporaryDirectory() as folder:
        file = SqliteFile(Path(folder, "easel.db"))
        with claimed(file):
            upgrade_file(file)
        assert not file.beside("-wal").exists(), "a part of the database is in its log"
        return file.path.read_bytes()
