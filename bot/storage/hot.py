"""Statements on the way of every request, sent with as little around them as can be.

SQLAlchemy's layers cost five times what SQLite itself does for such a statement. So on the
connection that writes to SQLite the text goes straight to the driver; everywhere else it goes the
usual way. The text is the same on both databases; values are what the columns store: integers,
texts, milliseconds.
"""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, TextClause, bindparam, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from bot.storage.sqlite_file import driver

_NAMES: Final = re.compile(r"(?<![:\w]):(\w+)")
_BIG: Final = BigInteger()

Values = Mapping[str, object]


class Hot:
    """One statement; its places are ``:named`` and hold 64-bit integers unless *types* say else."""

    def __init__(self, sql: str, **types: TypeEngine[Any]) -> None:
        self._sql = sql
        self._text = _typed(sql, types)
        self._locking = _typed(f"{sql} FOR UPDATE", types)

    def rows(
        self, connection: Connection, values: Values, *, lock: bool = False
    ) -> Sequence[Sequence[Any]]:
        """Run the statement and return its rows; *lock* keeps others from changing them."""
        if is_direct(connection):
            try:
                return driver(connection).execute(self._sql, values).fetchall()
            except sqlite3.Error as error:
                raise self._wrapped(connection, error) from error
        statement = self._locking if lock and _locks(connection) else self._text
        return connection.execute(statement, values).all()

    def run(self, connection: Connection, values: Values) -> None:
        """Run the statement, which returns nothing."""
        if is_direct(connection):
            try:
                driver(connection).execute(self._sql, values)
            except sqlite3.Error as error:
                raise self._wrapped(connection, error) from error
        else:
            connection.execute(self._text, values)

    def run_each(self, connection: Connection, many: Sequence[Values]) -> None:
        """Run the statement once for each of *many*."""
        if is_direct(connection):
            try:
                driver(connection).executemany(self._sql, many)
            except sqlite3.Error as error:
                raise self._wrapped(connection, error) from error
        elif many:
            connection.execute(self._text, list(many))

    def _wrapped(self, connection: Connection, error: sqlite3.Error) -> BaseException:
        return DBAPIError.instance(
            self._sql,
            None,
            error,
            sqlite3.Error,
            hide_parameters=True,
            dialect=connection.dialect,
        )


def is_direct(connection: Connection) -> bool:
    """Whether the driver's own connection can be used from here."""
    return connection.dialect.driver == "pysqlite"


def _locks(connection: Connection) -> bool:
    return connection.dialect.name != "sqlite"


def _typed(sql: str, types: Mapping[str, TypeEngine[Any]]) -> TextClause:
    names = dict.fromkeys(_NAMES.findall(sql))
    return text(sql).bindparams(*(bindparam(name, type_=types.get(name, _BIG)) for name in names))
