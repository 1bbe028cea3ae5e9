"""Everything that is stored of one member, as they may see it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import RowMapping, or_, select

from bot.domain.messages import Phrase
from bot.storage import tables
from bot.storage.database import Connection
from bot.storage.personal import REGISTRY, Entry, Held, Kind

SOMEBODY = "(somebody else)"
"""In the place of other people's ids, and of what they told of the member."""

SECRET = "(a secret of Discord's; it lives 15 minutes)"  # noqa: S105 - it stands for one


@dataclass(frozen=True, slots=True)
class Shown:
    """A table's rows of one member: what they are, how long they are kept, and the rows."""

    table: str
    says: str
    kept: Phrase
    rows: list[Mapping[str, object]]


def stored(connection: Connection, user_id: int) -> tuple[Shown, ...]:
    """Return what each table has of the member, on all servers; tables without are left out."""
    shown = [
        Shown(
            table=entry.table.name,
            says=entry.says,
            kept=entry.retention.says,
            rows=_rows(connection, entry, user_id),
        )
        for entry in REGISTRY
        if entry.told
    ]
    return tuple(each for each in shown if each.rows)


def _rows(connection: Connection, entry: Entry, user_id: int) -> list[Mapping[str, object]]:
    table = entry.table
    if table is tables.pictures:
        mine = select(tables.jobs.c.id).where(tables.jobs.c.user_id == user_id)
        query = select(table).where(table.c.job_id.in_(mine))
    else:
        found = [held.is_in(table, name, user_id) for name, held in entry.people.items()]
        if table is tables.audit:
            named = f"member:{user_id}"
            found += [table.c.target == named, table.c.target.startswith(f"{named} ")]
        query = select(table).where(or_(*found))
    rows = connection.execute(query.order_by(*table.primary_key.columns)).mappings()
    return [_seen(entry, row, user_id) for row in rows]


def _seen(entry: Entry, row: RowMapping, user_id: int) -> Mapping[str, object]:
    mine = {name for name, held in entry.people.items() if _same(held, row[name], user_id)}
    values = {
        name: _value(held, row[name], is_hidden=name not in mine and _is_others(held, row, mine))
        for name, held in entry.columns.items()
    }
    if entry.table is tables.audit:
        values["target"] = _without_others(str(values["target"]), user_id)
    return values


def _same(held: Held, value: object, user_id: int) -> bool:
    return value == (str(user_id) if held.as_text else user_id)


def _is_others(held: Held, row: RowMapping, mine: set[str]) -> bool:
    """Whether it is another's id, or what another told of the member."""
    another = held.is_person and row.get("scope", "member") == "member"
    return another or held.hidden_from in mine


def _without_others(target: str, user_id: int) -> str:
    """Return what the audit says was changed, without the ids of other members."""
    return re.sub(rf"member:(?!{user_id}\b)\d+", f"member:{SOMEBODY}", target)


def _value(held: Held, value: object, *, is_hidden: bool) -> object:
    if value is None:
        return None
    if is_hidden:
        return SOMEBODY
    match held.kind:
        case Kind.TOKEN:
            return SECRET
        case Kind.FILE:
            return f"({len(value) if isinstance(value, bytes) else 0} bytes)"
        case _:
            return value.isoformat() if isinstance(value, (date, datetime)) else value
