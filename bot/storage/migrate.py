"""Brings a database to the shape that this version of Easel needs, once, under a lock."""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.domain.errors import SetupError
from bot.domain.progress import Progress, added_up, unheard
from bot.storage.address import PostgresqlServer, SqliteFile, parse
from bot.storage.sqlite_file import (
    check_whole,
    claimed,
    reading_engine,
    unusable,
    writing_engine,
)

_ADVISORY = 0x65_61_73_65_6C  # "easel": the lock's number
_WAIT_SECONDS = 20
Applied = Callable[..., None]
_alembic = Lock()  # its `context` belongs to the whole process


@dataclass(frozen=True, slots=True)
class Migrated:
    """What was done: the revisions before (None: a new database) and after."""

    before: str | None
    after: str

    @property
    def changed(self) -> bool:
        """Whether anything had to be done."""
        return self.before != self.after


def migrate(url: str, progress: Progress = unheard) -> Migrated:
    """Bring the database at *url* to the newest shape; of several at once, one does it.

    Blocks; not for the event loop.

    Raises:
        SetupError: it cannot be used; the text says why and what to do.
    """
    address = parse(url)
    if isinstance(address, PostgresqlServer):
        return upgrade_server(address, progress)
    with claimed(address, wait=_WAIT_SECONDS):
        return upgrade_file(address, progress)


def upgrade_file(file: SqliteFile, progress: Progress = unheard) -> Migrated:
    """Check and migrate a SQLite file that this process has claimed. Raises SetupError.

    It is written to only when it is whole, Easel's own and older than this version.
    """
    check_whole(file.path)
    try:
        with reading_engine(file.path).connect() as connection:
            found = state(connection)
        if found.changed:
            engine = writing_engine(file.path, foreign_keys=False)  # batch mode replaces tables
            with engine.begin() as connection:
                return upgrade(connection, progress)
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise unusable(file.path, error.orig) from None
        raise
    return found


def upgrade_server(server: PostgresqlServer, progress: Progress = unheard) -> Migrated:
    """Migrate a PostgreSQL database under its advisory lock. Raises SetupError."""
    return asyncio.run(_upgrade_server(server, progress))


def upgrade(connection: Connection, progress: Progress = unheard) -> Migrated:
    """Migrate within the transaction of *connection*, so that a kill leaves nothing half done.

    Raises:
        SetupError: the database belongs to a newer Easel or to another program.
    """
    found = state(connection)
    if found.changed:
        with _alembic:
            config = configuration(connection)
            config.attributes["on_version_apply"] = _counted(connection, found, progress)
            command.upgrade(config, "head")
    return found


def state(connection: Connection) -> Migrated:
    """Return the revision of the database, and the one that this version would bring it to.

    Raises:
        SetupError: the database belongs to a newer Easel or to another program.
    """
    scripts = ScriptDirectory.from_config(configuration(connection))
    after = scripts.get_heads()[0]  # a test holds that there is one
    before = MigrationContext.configure(connection).get_current_revision()
    if before is None:
        _refuse_strangers(connection)
    elif before not in {script.revision for script in scripts.walk_revisions()}:
        raise SetupError(
            f"The database was written by a newer version of Easel (its revision is {before}, this "
            f"version knows {after}); install that version, or restore a back-up from before it."
        )
    return Migrated(before=before, after=after)


def _counted(connection: Connection, found: Migrated, progress: Progress) -> list[Applied]:
    """Return what Alembic calls after each revision, so that *progress* is told of it."""
    scripts = ScriptDirectory.from_config(configuration(connection))
    total = len(list(scripts.iterate_revisions(found.after, found.before or "base")))
    more = added_up(progress, total)

    def applied(**_: object) -> None:
        more(1)

    return [applied]


def configuration(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration; there is no file of it."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(files("migrations")).replace("%", "%%"))
    return config


def _refuse_strangers(connection: Connection) -> None:
    tables = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
    if tables:
        raise SetupError(
            f"The database holds tables of another program ({', '.join(sorted(tables)[:3])}) and "
            "was left as it is; set DATABASE_URL to a database of Easel's own."
        )


def server_unusable(error: DBAPIError | OSError) -> SetupError:
    """Return what to tell the operator when the PostgreSQL server cannot be asked."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return SetupError(
        f"The PostgreSQL server of DATABASE_URL cannot be used ({type(cause).__name__}); check "
        "its address, the name of the database, the user and the password."
    )


async def _upgrade_server(server: PostgresqlServer, progress: Progress) -> Migrated:
    engine = create_async_engine(server.url, poolclass=NullPool, hide_parameters=True)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY})
            return await connection.run_sync(partial(upgrade, progress=progress))
    except (DBAPIError, OSError) as error:
        raise server_unusable(error) from error
