"""One server's money is moved by one transaction at a time.

On SQLite the only writer sees to that. On PostgreSQL a lock of the server's own does: Discord gives
each server to one process, so nobody waits for it who would not wait anyway.
"""

from sqlalchemy import text

from bot.storage.database import Connection

_OF_GUILD = text("SELECT pg_advisory_xact_lock(CAST(:guild AS BIGINT))")
_OF_BOOKING = text(
    "SELECT pg_advisory_xact_lock(guild_id) FROM bookings WHERE reference = CAST(:wanted AS TEXT)"
)


def take_for_guild(connection: Connection, guild_id: int) -> None:
    """Wait until no other transaction moves this server's money, and keep others waiting."""
    if connection.dialect.name == "postgresql":
        connection.execute(_OF_GUILD, {"guild": guild_id})


def take_for_booking(connection: Connection, reference: str) -> None:
    """Do the same for the server of a booking."""
    if connection.dialect.name == "postgresql":
        connection.execute(_OF_BOOKING, {"wanted": reference})
