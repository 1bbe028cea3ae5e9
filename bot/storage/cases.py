"""Questions and changes around what members ask moderators to look at."""

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, insert, or_, select, update

from bot.domain.cases import Case, CaseKind, Outcome
from bot.storage.database import Connection
from bot.storage.tables import cases

OPEN, CLOSED = "open", "closed"
_COLUMNS = [cases.c[each.name] for each in fields(Case)]


def add(connection: Connection, case: Case) -> int:
    """Store a new case and return its id."""
    row = {name: value for name, value in asdict(case).items() if name != "id"}
    row |= {"kind": case.kind.value}
    return connection.execute(insert(cases).values(row).returning(cases.c.id)).scalar_one()


def seen_like(connection: Connection, case: Case) -> Case | None:
    """Return the member's case about the same picture or request, if anybody saw it."""
    same = [
        cases.c[name] == getattr(case, name)
        for name in ("guild_id", "user_id", "message_id", "job_code")
    ]
    seen = or_(cases.c.outcome.is_(None), cases.c.outcome != Outcome.UNPOSTED.value)
    return _first(connection, *same, cases.c.kind == case.kind.value, seen)


def find(connection: Connection, guild_id: int, case_id: int) -> Case | None:
    """Return a server's case."""
    return _first(connection, cases.c.guild_id == guild_id, cases.c.id == case_id)


def posted(connection: Connection, case_id: int, channel_id: int, message_id: int) -> None:
    """Remember where a case's card stands."""
    values = {"card_channel_id": channel_id, "card_message_id": message_id}
    connection.execute(update(cases).where(cases.c.id == case_id).values(**values))


def close(connection: Connection, case_id: int, outcome: Outcome, by: int, at: datetime) -> bool:
    """Close an open case. False: it was closed."""
    change = update(cases).where(cases.c.id == case_id, cases.c.state == OPEN)
    values = {"state": CLOSED, "outcome": outcome.value, "closed_by": by, "closed_at": at}
    return connection.execute(change.values(**values)).rowcount == 1


def newest(
    connection: Connection, guild_id: int, *, most: int, about: int | None = None
) -> list[Case]:
    """Return a server's newest cases, of all or about one member; the open ones come first."""
    query = select(*_COLUMNS).where(cases.c.guild_id == guild_id)
    if about is not None:
        query = query.where(cases.c.about_id == about)
    order = ((cases.c.state == OPEN).desc(), cases.c.id.desc())
    rows = connection.execute(query.order_by(*order).limit(most)).mappings()
    return [_read(row) for row in rows]


def _first(connection: Connection, *conditions: ColumnElement[bool]) -> Case | None:
    row = connection.execute(select(*_COLUMNS).where(*conditions)).mappings().first()
    return None if row is None else _read(row)


def _read(row: RowMapping) -> Case:
    values: dict[str, Any] = dict(row)
    values["kind"] = CaseKind(row["kind"])
    values["outcome"] = Outcome(row["outcome"]) if row["outcome"] else None
    return Case(**values)
