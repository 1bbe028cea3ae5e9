"""Column types that mean the same on SQLite and PostgreSQL."""

import json
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

Snowflake = BigInteger().with_variant(Integer(), "sqlite")
"""A Discord id, a row id, or an amount in micro-dollars: 64 bits everywhere."""


class UtcMs(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as milliseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return what is stored. Raises ValueError for a naive datetime."""
        del dialect
        return None if value is None else milliseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return the instant that was stored."""
        del dialect
        return None if value is None else instant(value)


class Json(TypeDecorator[object]):
    """A JSON value, stored as compact text with sorted keys."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        """Return the text that is stored."""
        del dialect
        return None if value is None else json.dumps(value, sort_keys=True, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> object:
        """Return the value that was stored."""
        del dialect
        return None if value is None else json.loads(value)


def milliseconds(at: datetime) -> int:
    """Return *at* in milliseconds since 1970. Raises ValueError for a naive datetime."""
    if at.tzinfo is None:
        raise ValueError("a naive datetime cannot be stored")
    return (at - _EPOCH) // _MILLISECOND


def instant(stored: int) -> datetime:
    """Return the aware UTC datetime of milliseconds since 1970."""
    return _EPOCH + stored * _MILLISECOND
