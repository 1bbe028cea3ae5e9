"""What several processes use up together: one row each, changed by one of them at a time."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Float, cast, extract, func, select, update
from sqlalchemy.dialects import postgresql

from bot.storage.tables import buckets

T = TypeVar("T")

State = dict[str, Any]
Change = Callable[[State | None, float], tuple[State, T]]
"""From what a bucket holds (None: nothing yet) and the present moment to what it holds then.

The moment is the server's, in seconds: the clocks of machines differ.
"""

_MINE = select(
    buckets.c.state, cast(extract("epoch", func.clock_timestamp()), Float)
).with_for_update()
_NEW: Final = postgresql.insert(buckets).on_conflict_do_nothing()


def change(connection: Connection, name: str, work: Change[T]) -> T:
    """Change the bucket *name* by *work* and return its result; on PostgreSQL only.

    Who comes meanwhile waits until the transaction ends.
    """
    mine = _MINE.where(buckets.c.name == name)
    row = connection.execute(mine).first()
    if row is None:
        connection.execute(_NEW, {"name": name, "state": {}})
        row = connection.execute(mine).one()
    state, result = work(row[0] or None, float(row[1]))
    connection.execute(update(buckets).where(buckets.c.name == name).values(state=state))
    return result
