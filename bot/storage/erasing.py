"""Erasing a member on a server, and bringing back what still holds when they come again.

The ledger, the audit and what grants bore are append-only by triggers. A row in the table
``erasing``, there only within one transaction, lets ids in them be replaced, and nothing else: what
a line says of money can be changed by nobody. The books add up as before, under a random number.
"""

import json
import re
import secrets
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Delete,
    RowMapping,
    Table,
    Text,
    Update,
    and_,
    delete,
    func,
    insert,
    not_,
    or_,
    select,
    tuple_,
    type_coerce,
    update,
)

from bot.storage import daily, notices, tables
from bot.storage.database import Connection
from bot.storage.personal import REGISTRY, Entry, Fate, Held, Kind, is_json

PSEUDONYMS: Final = range(1 << 32, 1 << 40)
"""No member's id: Discord's first five minutes had none. Clients show it as an unknown user."""

Found = tuple[str, tuple[Any, ...]]
"""A table's name and the key of one of its rows."""

_BATCH: Final = 500
_UNSCRUBBED: Final = ("unscrubbed", notices.OPERATOR)
_COMES_BACK: Final = (
    tables.bookings, tables.grant_uses, tables.ledger, tables.grants, tables.moderation_events,
    tables.quota_rules, tables.blocks,
)  # fmt: skip


@contextmanager
def allowed(connection: Connection, code: str) -> Generator[None]:
    """Within a unit of work: let records be unnamed; *code* says for which erasing."""
    connection.execute(insert(tables.erasing), {"code": code})
    yield
    connection.execute(delete(tables.erasing).where(tables.erasing.c.code == code))


def unscrubbed(connection: Connection, at: datetime) -> None:
    """Remember that something was erased, which unused parts of the files may still hold."""
    notices.claim(connection, [_UNSCRUBBED], at)


def is_unscrubbed(connection: Connection) -> bool:
    """Whether something was erased since the files were cleaned."""
    return bool(notices.told(connection, [_UNSCRUBBED]))


def scrubbed(connection: Connection) -> None:
    """Remember that the files were cleaned."""
    notices.forget(connection, _UNSCRUBBED)


def guilds_with(connection: Connection, user_id: int) -> list[int]:
    """Return the servers on which anything is stored of a member."""
    found = set[int]()
    for entry in REGISTRY:
        if entry.through is not None or "guild_id" not in entry.columns:
            continue
        for name, held in entry.people.items():
            where = held.is_in(entry.table, name, user_id)
            query = select(entry.table.c.guild_id).where(where).distinct()
            found.update(connection.execute(query).scalars())
        for column in _targets(entry):
            named = select(entry.table.c.guild_id).where(_names(column, user_id)).distinct()
            found.update(connection.execute(named).scalars())
    return sorted(found)


def running(connection: Connection, user_id: int) -> tuple[str, int] | None:
    """Return code and server of a request of the member that has not come to its end."""
    jobs = tables.jobs.c
    query = select(jobs.code, jobs.guild_id).where(jobs.finished_at.is_(None))
    row = connection.execute(query.where(jobs.user_id == user_id).order_by(jobs.id)).first()
    return None if row is None else (row.code, row.guild_id)


def new_pseudonym() -> int:
    """Return a number that stands for one member on one server."""
    return PSEUDONYMS.start + secrets.randbelow(len(PSEUDONYMS))


def erase(
    connection: Connection, guild_id: int, user_id: int, pseudonym: int, now: datetime
) -> Counter[str]:
    """Erase a member on a server; return how many rows of which table it touched.

    Within a unit of work in which it is `allowed`, and no request of theirs is running.
    """
    touched = Counter[str]()
    for entry in REGISTRY:
        for name, held in entry.people.items():
            mine = _mine(entry, name, held, guild_id, user_id)
            if held.fate is Fate.DELETE:
                touched[entry.table.name] += _count(connection, delete(entry.table).where(mine))
                continue
            _erase_with(connection, entry, name, mine, now)
            known: object = str(pseudonym) if held.as_text else pseudonym
            change = update(entry.table).where(mine).values({name: known})
            touched[entry.table.name] += _count(connection, change)
    touched["audit"] += _unname_targets(connection, guild_id, user_id, pseudonym)
    return +touched


def mentions(connection: Connection, user_id: int) -> list[Found]:
    """Return by table the keys of rows in which somebody's words name the member in passing."""
    return [
        (entry.table.name, tuple(row))
        for entry in REGISTRY
        for column in entry.texts
        for row in connection.execute(
            select(*entry.table.primary_key.columns).where(_names(column, user_id))
        )
    ]


def unname(connection: Connection, found: Iterable[Found], who: int) -> int:
    """Put a 0 in the place of the member's id in the texts of rows that `mentions` found."""
    entries = {entry.table.name: entry for entry in REGISTRY}
    changed = 0
    for name, key in found:
        entry = entries[name]
        keys = entry.table.primary_key.columns
        the_row = and_(*(column == value for column, value in zip(keys, key, strict=True)))
        row = connection.execute(select(*entry.texts).where(the_row)).mappings().first()
        values = {} if row is None else dict(_unnamed(entry.texts, row, who, 0))
        if values:
            connection.execute(update(entry.table).where(the_row).values(values))
            changed += 1
    return changed


def take_back(connection: Connection, guild_id: int, pseudonym: int, user_id: int) -> None:
    """Let what stands under *pseudonym* be the member's again: limits, blocks, what was used.

    Counters are forgotten, and begin anew with what the ledger says.
    """
    _drop_rivals(connection, guild_id, pseudonym, user_id)
    for entry in REGISTRY:
        if entry.table not in _COMES_BACK:
            continue
        for name, held in entry.people.items():
            if held.kind is Kind.OWNER:
                mine = _mine(entry, name, held, guild_id, pseudonym)
                connection.execute(update(entry.table).where(mine).values({name: user_id}))
    counters = tables.counters.c
    whose = counters.scope_id.in_([pseudonym, user_id])
    connection.execute(
        delete(tables.counters).where(
            counters.guild_id == guild_id, counters.scope == "member", whose
        )
    )
    daily.rename(connection, guild_id, str(pseudonym), str(user_id))


def keys_of_guild(
    connection: Connection, table: Table, guild_id: int, *more: ColumnElement[bool]
) -> list[Any]:
    """Return the keys of at most `_BATCH` rows of a server."""
    keys = table.primary_key.columns
    query = select(*keys).where(table.c.guild_id == guild_id, *more).limit(_BATCH)
    return [tuple(row) for row in connection.execute(query)]


def purge(connection: Connection, table: Table, guild_id: int, pseudonym: int) -> int:
    """Erase some rows of a server from *table*; return how many, 0 once there are none left.

    What the books need stays, without any id: the bot's own limits count it.
    """
    entry = next(each for each in REGISTRY if each.table is table)
    found = keys_of_guild(connection, table, guild_id, *_through(entry, guild_id))
    if not found:
        return 0
    mine = tuple_(*table.primary_key.columns).in_(found)
    if entry.purged:
        connection.execute(delete(table).where(mine))
        return len(found)
    values: dict[str, object] = {"guild_id": pseudonym, "channel_id": 0, "user_id": 0}
    if table is tables.bookings:
        values["taken"] = {"counters": [], "grants": []}
    connection.execute(update(table).where(mine).values(values))
    return len(found)


def busy(connection: Connection, guild_id: int) -> str | None:
    """Return the code of a request of the server that has not come to its end."""
    jobs = tables.jobs.c
    query = select(jobs.code).where(jobs.finished_at.is_(None), jobs.guild_id == guild_id)
    return connection.execute(query.limit(1)).scalar_one_or_none()


def rows_of_guild(connection: Connection, guild_id: int) -> dict[str, int]:
    """Return how many rows each table has of a server, where there are any."""
    counted = {
        entry.table.name: connection.execute(
            select(func.count()).select_from(entry.table).where(entry.table.c.guild_id == guild_id)
        ).scalar_one()
        for entry in REGISTRY
        if "guild_id" in entry.columns
    }
    return {name: number for name, number in counted.items() if number}


def _mine(entry: Entry, name: str, held: Held, guild_id: int, user_id: int) -> ColumnElement[bool]:
    """Return which rows are meant; through the ledger where there is no index of their own."""
    same = and_(entry.table.c.guild_id == guild_id, held.is_in(entry.table, name, user_id))
    return and_(same, *_through(entry, guild_id, user_id))


def _through(
    entry: Entry, guild_id: int, user_id: int | None = None
) -> Iterator[ColumnElement[bool]]:
    """Yield what finds rows by another table's index, which spares a look at all of them."""
    if entry.through is not None:
        of = entry.through.c
        there = select(of.reference).where(of.guild_id == guild_id)
        mine = there if user_id is None else there.where(of.user_id == user_id)
        yield entry.table.c.reference.in_(mine)


def _erase_with(
    connection: Connection, entry: Entry, name: str, mine: ColumnElement[bool], now: datetime
) -> None:
    for words, held in entry.columns.items():
        if name not in held.of:
            continue
        gone = mine if held.stays is None else and_(mine, not_(held.stays(entry.table, now)))
        connection.execute(update(entry.table).where(gone).values({words: held.erased}))


def _count(connection: Connection, change: Delete | Update) -> int:
    return connection.execute(change).rowcount


def _targets(entry: Entry) -> Iterator[Column[Any]]:
    if entry.table is tables.audit:
        yield entry.table.c.target


def _names(column: Column[Any], user_id: int) -> ColumnElement[bool]:
    return type_coerce(column, Text).contains(str(user_id))


def _unname_targets(connection: Connection, guild_id: int, user_id: int, pseudonym: int) -> int:
    """Unname the member in what the audit says was done to them, and erase the reasons."""
    table = tables.audit
    about = (f"member:{user_id}", f"member:{user_id} ")
    named = or_(table.c.target == about[0], table.c.target.startswith(about[1]))
    query = select(table).where(table.c.guild_id == guild_id, named)
    rows = connection.execute(query).mappings().all()
    texts = [table.c[name] for name in ("target", "before", "after")]
    for row in rows:
        values = dict(row) | dict(_unnamed(texts, row, user_id, pseudonym))
        kept = {name: _without_reason(values[name]) for name in ("before", "after")}
        the_row = table.c.id == row["id"]
        change = update(table).where(the_row).values(target=values["target"], **kept)
        connection.execute(change)
    return len(rows)


def _unnamed(
    columns: Iterable[Column[Any]], row: RowMapping, user_id: int, instead: int
) -> Iterator[tuple[str, object]]:
    """Yield the texts of *row* that name the member, with *instead* in the id's place."""
    whole = re.compile(rf"(?<!\d){user_id}(?!\d)")
    for column in columns:
        value = row[column.name]
        if value is None:
            continue
        text = json.dumps(value) if is_json(column) else value
        new = whole.sub(str(instead), text)
        if new != text:
            yield column.name, json.loads(new) if is_json(column) else new


def _without_reason(value: object) -> object:
    if isinstance(value, dict):
        return {name: each for name, each in value.items() if name != "reason"}  # pyright: ignore[reportUnknownVariableType]
    return value


def _drop_rivals(connection: Connection, guild_id: int, pseudonym: int, user_id: int) -> None:
    """Delete what stands under *pseudonym* where the same stands for the member by now."""
    rule, block = tables.quota_rules, tables.blocks
    mine = rule.alias()
    same = [mine.c[name] == rule.c[name] for name in ("guild_id", "scope", "unit", "window")]
    newer = select(mine.c.id).where(*same, mine.c.scope_id == user_id).exists()
    old = (rule.c.guild_id == guild_id, rule.c.scope == "member", rule.c.scope_id == pseudonym)
    connection.execute(delete(rule).where(*old, newer))
    other = block.alias()
    there = select(other.c.user_id).where(other.c.guild_id == guild_id, other.c.user_id == user_id)
    gone = (block.c.guild_id == guild_id, block.c.user_id == pseudonym)
    connection.execute(delete(block).where(*gone, there.exists()))
