"""What was told once, so that it is not told again, whatever was restarted in between."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, text, tuple_

from bot.storage.tables import notices as table
from bot.storage.types import UtcMs

OPERATOR: Final = 0
"""In place of a server's id: those who run the bot."""

Notice = tuple[str, int]
"""What it is about, and whom it is for: a server's id or `OPERATOR`."""

_CLAIM = text(
    "INSERT INTO notices (key, guild_id, told_at) VALUES (:key, :guild_id, :at)"
    " ON CONFLICT (key, guild_id) DO NOTHING RETURNING guild_id"
).bindparams(bindparam("at", type_=UtcMs))


def claim(connection: Connection, wanted: Iterable[Notice], at: datetime) -> frozenset[Notice]:
    """Remember that all of *wanted* are told, and return those that were not told before.

    Of several processes that claim the same, one gets it.
    """
    return frozenset(
        (key, guild_id)
        for key, guild_id in sorted(wanted)  # one order for all, so that nobody waits in a circle
        if connection.execute(_CLAIM, {"key": key, "guild_id": guild_id, "at": at}).all()
    )


def told(connection: Connection, asked: Iterable[Notice]) -> frozenset[Notice]:
    """Return which of *asked* were told."""
    columns = (table.c.key, table.c.guild_id)
    query = select(*columns).where(tuple_(*columns).in_(list(asked)))
    return frozenset((row.key, row.guild_id) for row in connection.execute(query))


def forget(connection: Connection, notice: Notice) -> None:
    """Forget that *notice* was told."""
    key, guild_id = notice
    mine = (table.c.key == key, table.c.guild_id == guild_id)
    connection.execute(delete(table).where(*mine))
