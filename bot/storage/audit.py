"""The record of what managers changed; it is only ever added to."""

from datetime import datetime

from sqlalchemy import insert, select

from bot.domain.audit import AuditEntry
from bot.storage.database import Connection
from bot.storage.tables import audit


def append(  # noqa: PLR0913 - these are the columns
    connection: Connection,
    *,
    guild_id: int,
    user_id: int,
    action: str,
    target: str,
    before: object,
    after: object,
    at: datetime,
) -> None:
    """Record that *user_id* did *action* to *target*; *before* and *after* are JSON values."""
    row = {"guild_id": guild_id, "user_id": user_id, "action": action, "target": target}
    connection.execute(insert(audit), {**row, "before": before, "after": after, "at": at})


def newest(
    connection: Connection, guild_id: int, *, most: int, before_id: int | None = None
) -> tuple[AuditEntry, ...]:
    """Return at most *most* of a server's entries from before *before_id*, newest first."""
    query = select(audit).where(audit.c.guild_id == guild_id)
    if before_id is not None:
        query = query.where(audit.c.id < before_id)
    rows = connection.execute(query.order_by(audit.c.id.desc()).limit(most)).mappings()
    return tuple(AuditEntry(**row) for row in rows)
