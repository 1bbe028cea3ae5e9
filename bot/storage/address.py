"""Where the database is: what DATABASE_URL may say."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.domain.errors import SetupError

_FORM = "sqlite+aiosqlite:///data/easel.db, or postgresql://USER:PASSWORD@HOST/NAME"


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """A SQLite database in a file of ours."""

    path: Path

    @property
    def lock(self) -> Path:
        """The file whose lock the one process holds that uses the database."""
        return self.beside(".lock")

    @property
    def key(self) -> Path:
        """The file with the key of the fingerprints; a secret."""
        return self.beside(".key")

    @property
    def restoring(self) -> Path:
        """The file that is there while a back-up takes the database's place."""
        return self.beside(".restoring")

    def beside(self, ending: str) -> Path:
        """Return the file whose name is the database's and *ending*."""
        return self.path.with_name(self.path.name + ending)


@dataclass(frozen=True, slots=True)
class PostgresqlServer:
    """A PostgreSQL database; *url* uses asyncpg and holds a password: never show it."""

    url: URL


def parse(url: str) -> SqliteFile | PostgresqlServer:
    """Return the address that *url* names.

    Raises:
        SetupError: it is no address that Easel can use.
    """
    try:
        parts = make_url(url)
    except ArgumentError:
        raise SetupError(f"DATABASE_URL is not a database address; use {_FORM}.") from None
    match parts.drivername:
        case "sqlite" | "sqlite+aiosqlite":
            return SqliteFile(_file(parts))
        case "postgresql" | "postgres" | "postgresql+asyncpg":
            return PostgresqlServer(parts.set(drivername="postgresql+asyncpg"))
        case other:
            raise SetupError(
                f"DATABASE_URL starts with {other}, which Easel cannot use; use {_FORM}."
            )


def _file(parts: URL) -> Path:
    name = parts.database or ""
    if name in {"", ":memory:"} or name.startswith("file:") or parts.query:
        raise SetupError(
            "DATABASE_URL must name a file, because a database in memory would forget what was "
            f"paid for; use {_FORM}."
        )
    return Path(name).absolute()
