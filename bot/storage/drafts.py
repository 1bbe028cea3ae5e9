"""Questions and changes around pictures that were chosen and wait for a form."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select

from bot.domain.asks import Command, source_in
from bot.domain.drafts import Draft
from bot.storage.tables import drafts


def add(connection: Connection, new: Draft) -> None:
    """Store *new*."""
    found = {
        "pictures": [asdict(each) for each in new.sources],
        "found_in": new.found_in,
        "private": new.private,
    }
    values = {
        "code": new.code,
        "guild_id": new.guild_id,
        "user_id": new.user_id,
        "command": new.command.value,
        "sources": found,
        "parent": new.parent,
        "expires_at": new.expires_at,
    }
    connection.execute(insert(drafts), values)


def find(connection: Connection, guild_id: int, code: str, now: datetime) -> Draft | None:
    """Return the server's draft *code*, unless it has expired."""
    query = select(drafts).where(
        drafts.c.code == code, drafts.c.guild_id == guild_id, drafts.c.expires_at > now
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else _read(row)


def _read(row: RowMapping) -> Draft:
    found = row["sources"]
    return Draft(
        code=row["code"],
        guild_id=row["guild_id"],
        user_id=row["user_id"],
        command=Command(row["command"]),
        sources=tuple(source_in(each) for each in found["pictures"]),
        found_in=found["found_in"],
        private=found["private"],
        parent=row["parent"],
        expires_at=row["expires_at"],
    )
