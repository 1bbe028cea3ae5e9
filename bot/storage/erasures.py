"""Who was erased while a limit or a block of theirs holds: found again by a keyed hash alone."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import String, delete, insert, select

from bot.domain.retention import STRIKES
from bot.domain.windows import ALWAYS, Rolling, period
from bot.storage import tables
from bot.storage.database import Connection
from bot.storage.hot import Hot
from bot.storage.tables import erasures as table
from bot.storage.types import milliseconds

_FOR_EVER = None
_FIND = Hot(
    "SELECT pseudonym, until FROM erasures WHERE guild_id = :guild_id AND person = :person",
    person=String(),
)


def of_guild(connection: Connection, guild_id: int, now: datetime) -> dict[str, int]:
    """Return the pseudonyms on a server by the hashes of whom they stand for."""
    columns = (table.c.person, table.c.pseudonym, table.c.until)
    rows = connection.execute(select(*columns).where(table.c.guild_id == guild_id))
    return {row.person: row.pseudonym for row in rows if row.until is None or row.until > now}


def find(
    connection: Connection, guild_id: int, persons: Collection[str], now: datetime
) -> int | None:
    """Return the pseudonym that stands for somebody, by any of their hashes."""
    at = milliseconds(now)
    for person in persons:
        for pseudonym, until in _FIND.rows(connection, {"guild_id": guild_id, "person": person}):
            if until is None or until > at:
                return pseudonym
    return None


def add(
    connection: Connection,
    guild_id: int,
    person: str,
    pseudonym: int,
    *,
    until: datetime | None,
    at: datetime,
) -> None:
    """Remember whom *pseudonym* stands for; *until* None: as long as what holds has no end."""
    row = {"guild_id": guild_id, "person": person, "pseudonym": pseudonym}
    connection.execute(insert(table), {**row, "until": until, "at": at})


def remove(connection: Connection, guild_id: int, pseudonym: int) -> None:
    """Forget whom *pseudonym* stands for."""
    mine = (table.c.guild_id == guild_id, table.c.pseudonym == pseudonym)
    connection.execute(delete(table).where(*mine))


def needed(
    connection: Connection, guild_id: int, user_id: int, now: datetime
) -> tuple[bool, datetime | None]:
    """Return whether something of the member holds that erasing must not end, and until when."""
    ends = [*_limits(connection, guild_id, user_id, now), *_block(connection, guild_id, user_id)]
    ends += _strikes(connection, guild_id, user_id)
    if _has_rules(connection, guild_id, user_id):
        ends.append(_FOR_EVER)
    if None in ends:
        return True, None
    latest = max((end for end in ends if end is not None), default=now)
    return latest > now, latest


def _limits(
    connection: Connection, guild_id: int, user_id: int, now: datetime
) -> list[datetime | None]:
    counters = tables.counters.c
    query = select(counters.window, counters.ends_at).where(
        counters.guild_id == guild_id,
        counters.scope == "member",
        counters.scope_id == user_id,
        counters.used > 0,
    )
    return [_ends(row.window, row.ends_at, now) for row in connection.execute(query)]


def _ends(window: str, ends_at: datetime, now: datetime) -> datetime | None:
    if window.startswith("rolling"):
        found = period(window)
        if isinstance(found, Rolling):
            return now + timedelta(hours=found.hours)
    return None if ends_at == ALWAYS[1] else ends_at


def _block(connection: Connection, guild_id: int, user_id: int) -> list[datetime | None]:
    blocks = tables.blocks.c
    mine = (blocks.guild_id == guild_id, blocks.user_id == user_id)
    rows = connection.execute(select(blocks.until).where(*mine)).scalars()
    return [None if until is None else until + STRIKES for until in rows]


def _strikes(connection: Connection, guild_id: int, user_id: int) -> list[datetime | None]:
    events = tables.moderation_events.c
    mine = (events.guild_id == guild_id, events.user_id == user_id)
    query = select(events.at).where(*mine).order_by(events.at.desc()).limit(1)
    return [at + STRIKES for at in connection.execute(query).scalars()]


def _has_rules(connection: Connection, guild_id: int, user_id: int) -> bool:
    rules = tables.quota_rules.c
    mine = (rules.guild_id == guild_id, rules.scope == "member", rules.scope_id == user_id)
    return connection.execute(select(rules.id).where(*mine).limit(1)).first() is not None
