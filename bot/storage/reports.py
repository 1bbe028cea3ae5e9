"""What the ledger and the jobs of a server or a member add up to."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, case, func, or_, select

from bot.domain.jobs import JobState
from bot.domain.usage import Outcomes, Tally
from bot.storage.tables import jobs, ledger

_SETTLED: Final = ledger.c.kind == "settled"
_UNKNOWN: Final = ledger.c.kind == "unknown"
_UNSURE: Final = or_(_UNKNOWN, ledger.c.price_known.is_(False))
_SUMS: Final = (
    func.count().label("requests"),
    func.sum(case((_SETTLED, ledger.c.pictures), else_=0)).label("pictures"),
    func.sum(ledger.c.micros).label("micros"),
    func.sum(case((_UNSURE, ledger.c.micros), else_=0)).label("unsure_micros"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The part of the record that is meant; None is any."""

    guild_id: int
    user_id: int | None = None
    since: datetime | None = None


def tally(connection: Connection, part: Part) -> Tally:
    """Add up what was used."""
    query = select(*_SUMS).where(_spent(part))
    return _tally(connection.execute(query).mappings().one())


def outcomes(connection: Connection, part: Part) -> Outcomes:
    """Count how requests ended, by when they were asked for."""
    query = select(jobs.c.state, func.count()).where(_asked(part)).group_by(jobs.c.state)
    ends: Counter[str] = Counter()
    for state, number in connection.execute(query):
        ends[state if JobState(state).is_final else "running"] += number
    return Outcomes(**ends)


def running(connection: Connection, guild_id: int) -> int:
    """Count a server's requests that have not ended."""
    mine = jobs.c.guild_id + 0 == guild_id  # few are unfinished: no index of all a server's
    query = select(func.count()).select_from(jobs).where(jobs.c.finished_at.is_(None), mine)
    return connection.execute(query).scalar_one()


def _tally(row: RowMapping) -> Tally:
    return Tally(  # a sum is no integer on PostgreSQL, and nothing where there is no row
        requests=row["requests"],
        pictures=int(row["pictures"] or 0),
        micros=int(row["micros"] or 0),
        unsure_micros=int(row["unsure_micros"] or 0),
    )


def _spent(part: Part) -> ColumnElement[bool]:
    mine = _where(part, ledger.c.guild_id, ledger.c.user_id, ledger.c.at)
    return and_(mine, or_(_SETTLED, _UNKNOWN))


def _asked(part: Part) -> ColumnElement[bool]:
    return _where(part, jobs.c.guild_id, jobs.c.user_id, jobs.c.created_at)


def _where(
    part: Part, guild: ColumnElement[int], user: ColumnElement[int], at: ColumnElement[datetime]
) -> ColumnElement[bool]:
    conditions = [guild == part.guild_id]
    if part.user_id is not None:
        conditions.append(user == part.user_id)
    if part.since is not None:
        conditions.append(at >= part.since)
    return and_(*conditions)
