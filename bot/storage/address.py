"""Where the database is: what DATABASE_URL may say."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.domain.errors import SetupError

_FORMS = "sqlite+aiosqlite:///data/easel.db or postgresql+asyncpg://user:password@host/name"


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """A SQLite database in a file of ours."""

    path: Path

    @property
    def lock(self) -> Path:
        """The file whose lock the one process holds that uses the database."""
        return self.path.with_name(self.path.name + ".lock")


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
        raise SetupError(f"DATABASE_URL is not a database address; use {_FORMS}.") from None
    match parts.drivername:
        case "sqlite" | "sqlite+aiosqlite":
            return SqliteFile(_file(parts))
        case "postgresql" | "postgres" | "postgresql+asyncpg":
            return PostgresqlServer(parts.set(drivername="postgresql+asyncpg"))
        case other:
            raise SetupError(
                f"DATABASE_URL starts with {other}, which Easel cannot use; use {_FORMS}."
            )


def _file(parts: URL) -> Path:
    name = parts.database or ""
    if name in {"", ":memory:"} or name.startswith("file:") or parts.query:
        raise SetupError(
            "DATABASE_URL must name a file, because a database in memory would forget what was "
            "paid for; use sqlite+aiosqlite:///data/easel.db."
        )
    return Path(name).absolute()
