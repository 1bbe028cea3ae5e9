"""A write that changes nothing, to learn whether the database takes writes."""

from sqlalchemy import Connection, text

_SAME_AGAIN = text("UPDATE alembic_version SET version_num = version_num")


def write_nothing(connection: Connection) -> bool:
    """Write one row as it is, through to the disk; a unit of work for `Database.write`."""
    return connection.execute(_SAME_AGAIN).rowcount == 1
