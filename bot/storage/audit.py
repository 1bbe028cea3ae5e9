"""The record of what managers changed; it is only ever added to."""

from datetime import datetime

from sqlalchemy import insert, select

from bot.domain.audit import AuditEntry, AuditPage
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


def page(
    connection: Connection,
    guild_id: int,
    *,
    most: int,
    before_id: int | None = None,
    after_id: int | None = None,
) -> AuditPage:
    """Return at most *most* of a server's entries, newest first.

    The newest ones, or those next older than *before_id*, or next newer than *after_id*.
    """
    query = select(audit).where(audit.c.guild_id == guild_id)
    if before_id is not None:
        query = query.where(audit.c.id < before_id)
    if after_id is not None:
        query = query.where(audit.c.id > after_id)
    order = audit.c.id.desc() if after_id is None else audit.c.id.asc()
    rows = connection.execute(query.order_by(order).limit(most + 1)).mappings().all()
    entries = [AuditEntry(**row) for row in rows[:most]]
    beyond = len(rows) > most
    if after_id is not None:
        entries.reverse()
    return AuditPage(
        entries=tuple(entries),
        has_newer=beyond if after_id is not None else before_id is not None,
        has_older=after_id is not None or beyond,
    )
