"""Deleting what was kept long enough: at most 500 rows of one table in a transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, and_, delete, select, tuple_, update

from bot.domain import retention as keep
from bot.domain.retention import USUAL_DAYS, Chosen
from bot.storage import tables
from bot.storage.database import Connection

_BATCH: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Rows of a table that are due.

    Attributes:
        setting: which setting of a server says how many days they are kept; None: it is the same
            for all.
        due: which rows are, before an instant.
        lasts: how long all servers keep them; from the setting otherwise.
        erased: what becomes of columns; where there are none the rows are deleted.
        by_server: whether rows are found fast only where it is known of which server.
        is_record: whether it is append-only, and the sweep has to be allowed.
        is_short: whether it is a matter of minutes.
    """

    table: Table
    due: Callable[[Table, datetime], ColumnElement[bool]]
    setting: Chosen | None = None
    lasts: timedelta = timedelta(0)
    erased: Mapping[str, object] | None = None
    by_server: bool = False
    is_record: bool = False
    is_short: bool = False


def _before(column: str, *more: ColumnElement[bool]) -> Callable[[Table, datetime], Any]:
    return lambda table, before: and_(table.c[column] <= before, *more)


SWEEPS: Final[tuple[Sweep, ...]] = (
    Sweep(
        table=tables.jobs,
        setting=Chosen.HISTORY,
        due=_before("created_at", tables.jobs.c.finished_at.is_not(None)),
    ),
    Sweep(table=tables.moderation_events, setting=Chosen.LOGS, due=_before("at")),
    Sweep(
        table=tables.cases,
        setting=Chosen.LOGS,
        due=_before("opened_at", tables.cases.c.state != "open"),
    ),
    Sweep(
        table=tables.wishes,
        setting=Chosen.LOGS,
        due=_before("created_at", tables.wishes.c.state != "open"),
    ),
    Sweep(table=tables.blocks, setting=Chosen.LOGS, due=_before("until")),
    Sweep(table=tables.audit, setting=Chosen.LOGS, due=_before("at"), is_record=True),
    Sweep(
        table=tables.cases,
        lasts=keep.CASE_TEXT,
        due=_before("opened_at", tables.cases.c.text != ""),
        erased={"text": ""},
    ),
    Sweep(
        table=tables.daily,
        lasts=keep.MEMBER_DAYS,
        by_server=True,
        due=lambda table, before: and_(
            table.c.dimension.in_(["member", "member-month"]), table.c.day <= before.date()
        ),
    ),
    Sweep(
        table=tables.counters,
        lasts=keep.COUNTERS,
        due=_before("ends_at", tables.counters.c.reserved == 0),
    ),
    Sweep(table=tables.notices, lasts=keep.NOTICES, due=_before("told_at")),
    Sweep(table=tables.erasures, due=_before("until")),
    Sweep(table=tables.drafts, due=_before("expires_at"), is_short=True),
)
"""Prompts, and prices that wait, have sweeps of their own: `jobs.erase_prompts`, confirmations."""


def guilds_in(connection: Connection, sweep: Sweep) -> list[int]:
    """Return the servers that *sweep* has anything of."""
    return list(connection.execute(select(sweep.table.c.guild_id).distinct()).scalars())


def days_of(connection: Connection, setting: Chosen) -> dict[int, int]:
    """Return what servers chose for *setting*, where they chose something."""
    rows = connection.execute(select(tables.guilds.c.guild_id, tables.guilds.c.choices))
    return {row.guild_id: row.choices[setting] for row in rows if setting in row.choices}


def is_due(connection: Connection, sweep: Sweep, guild_id: int | None, before: datetime) -> bool:
    """Whether there is anything to do, of one server or of all."""
    return bool(connection.execute(_found(sweep, guild_id, before).limit(1)).first())


def sweep_some(connection: Connection, sweep: Sweep, guild_id: int | None, before: datetime) -> int:
    """Delete, or erase columns of, some rows that are due; return of how many."""
    table = sweep.table
    found = [tuple(row) for row in connection.execute(_found(sweep, guild_id, before))]
    if not found:
        return 0
    keys = tuple_(*table.primary_key.columns).in_(found)
    mine = and_(keys, sweep.due(table, before))  # still: a block may hold again meanwhile
    if sweep.erased is None:
        connection.execute(delete(table).where(mine))
    else:
        connection.execute(update(table).where(mine).values(dict(sweep.erased)))
    return len(found)


def cutoff(sweep: Sweep, now: datetime, chosen: Mapping[int, int], guild_id: int) -> datetime:
    """Return before which instant rows of a server are due."""
    if sweep.setting is None:
        return now - sweep.lasts
    return now - timedelta(days=chosen.get(guild_id, USUAL_DAYS[sweep.setting]))


def _found(sweep: Sweep, guild_id: int | None, before: datetime) -> Select[Any]:
    table = sweep.table
    where = [sweep.due(table, before)]
    if guild_id is not None:
        where.append(table.c.guild_id == guild_id)
    return select(*table.primary_key.columns).where(*where).limit(_BATCH)
