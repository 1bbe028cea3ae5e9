"""Questions and changes around the servers' word lists."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, insert, select

from bot.storage.database import Connection
from bot.storage.tables import words


def of(connection: Connection, guild_id: int) -> list[str]:
    """Return a server's entries in alphabetical order."""
    query = select(words.c.text).where(words.c.guild_id == guild_id)
    return sorted(connection.execute(query).scalars())


def add(
    connection: Connection, guild_id: int, entries: Collection[str], *, by: int, at: datetime
) -> None:
    """Add *entries*, which the list does not have."""
    rows = [
        {"guild_id": guild_id, "text": each, "added_by": by, "added_at": at} for each in entries
    ]
    connection.execute(insert(words), rows)


def remove(connection: Connection, guild_id: int, entries: Collection[str]) -> None:
    """Remove *entries*."""
    mine = words.c.guild_id == guild_id
    connection.execute(delete(words).where(mine, words.c.text.in_(entries)))
