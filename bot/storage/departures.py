"""Servers that removed Easel, and when."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, delete, select, text, union

from bot.storage import tables
from bot.storage.database import Connection
from bot.storage.personal import REGISTRY
from bot.storage.tables import departures as table
from bot.storage.types import UtcMs

_ADD = text(
    "INSERT INTO departures (guild_id, left_at) VALUES (:guild_id, :at)"
    " ON CONFLICT (guild_id) DO NOTHING"
).bindparams(bindparam("at", type_=UtcMs))
_KEPT = (tables.departures,)


def note(connection: Connection, guild_ids: Collection[int], at: datetime) -> None:
    """Remember that these servers removed Easel; an earlier day stays."""
    rows = [{"guild_id": each, "at": at} for each in sorted(guild_ids)]
    if rows:
        connection.execute(_ADD, rows)


def remove(connection: Connection, guild_ids: Collection[int]) -> None:
    """Forget that these servers removed Easel."""
    connection.execute(delete(table).where(table.c.guild_id.in_(guild_ids)))


def known(connection: Connection) -> set[int]:
    """Return the servers that removed Easel."""
    return set(connection.execute(select(table.c.guild_id)).scalars())


def due(connection: Connection, before: datetime) -> list[int]:
    """Return the servers that removed Easel at or before that instant."""
    query = select(table.c.guild_id).where(table.c.left_at <= before).order_by(table.c.guild_id)
    return list(connection.execute(query).scalars())


def stored(connection: Connection) -> set[int]:
    """Return the servers of which anything is stored that a purge would erase."""
    parts = [
        select(entry.table.c.guild_id).distinct()
        for entry in REGISTRY
        if entry.purged and "guild_id" in entry.columns and entry.table not in _KEPT
    ]
    return {each for each in connection.execute(union(*parts)).scalars() if each}
