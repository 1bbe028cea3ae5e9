"""Questions and changes around requests whose price is not agreed to yet."""

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select

from bot.domain.asks import Command
from bot.domain.confirmations import Confirmation
from bot.domain.shards import ALL, Shards
from bot.storage.owned import owned
from bot.storage.tables import confirmations

_COLUMNS = [confirmations.c[field.name] for field in fields(Confirmation)]


def known_interaction(connection: Connection, interaction_id: int) -> bool:
    """Whether this interaction has a card already."""
    query = select(confirmations.c.id).where(confirmations.c.interaction_id == interaction_id)
    return connection.execute(query).first() is not None


def add(connection: Connection, new: Confirmation) -> None:
    """Store *new*."""
    connection.execute(insert(confirmations), asdict(new) | {"command": new.command.value})


def find(connection: Connection, guild_id: int, code: str, now: datetime) -> Confirmation | None:
    """Return the server's open confirmation *code*."""
    query = select(*_COLUMNS).where(
        confirmations.c.code == code,
        confirmations.c.guild_id == guild_id,
        confirmations.c.expires_at > now,
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else _read(row)


def take(connection: Connection, code: str, now: datetime) -> bool:
    """Erase the open confirmation *code*; return whether there was one."""
    mine = (confirmations.c.code == code, confirmations.c.expires_at > now)
    return connection.execute(delete(confirmations).where(*mine)).rowcount == 1


def take_expired(
    connection: Connection, now: datetime, shards: Shards = ALL, most: int = 100
) -> list[Confirmation]:
    """Erase what has expired on servers of *shards*, *most* at once, and return it."""
    ended = (confirmations.c.expires_at <= now, owned(confirmations.c.guild_id, shards))
    due = select(confirmations.c.id).where(*ended).limit(most)
    gone = delete(confirmations).where(confirmations.c.id.in_(due)).returning(*_COLUMNS)
    return [_read(row) for row in connection.execute(gone).mappings()]


def _read(row: RowMapping) -> Confirmation:
    values: dict[str, Any] = dict(row)
    values["command"] = Command(row["command"])
    return Confirmation(**values)
