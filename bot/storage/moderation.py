"""Questions and changes around the moderation events, which are never changed once written."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, func, insert, select, type_coerce

from bot.domain.moderation import EventQuery, ModerationEvent
from bot.storage.tables import moderation_events as events


def add(connection: Connection, event: ModerationEvent) -> None:
    """Append *event*."""
    connection.execute(insert(events).values(**asdict(event)))


def find(connection: Connection, query: EventQuery) -> list[tuple[int, ModerationEvent]]:
    """Return the events that are meant with their ids, newest first."""
    wanted = select(events).where(*_conditions(query)).limit(query.size)
    if query.after_id is not None:
        return list(_found(connection, wanted.order_by(events.c.id)))[::-1]
    return list(_found(connection, wanted.order_by(events.c.id.desc())))


def count(connection: Connection, query: EventQuery) -> int:
    """Return how many events there are, however many were asked for."""
    wanted = select(func.count()).select_from(events).where(*_conditions(query))
    return connection.execute(wanted).scalar_one()


def categories(connection: Connection, guild_id: int) -> list[str]:
    """Return every category that the server's events name, in alphabetical order."""
    query = select(events.c.categories).where(events.c.guild_id == guild_id).distinct()
    return sorted({name for found in connection.execute(query).scalars() for name in found})


def _found(connection: Connection, wanted: Select[Any]) -> Iterator[tuple[int, ModerationEvent]]:
    for row in connection.execute(wanted).mappings():
        values = dict(row)
        event_id = values.pop("id")
        values["categories"] = tuple(values["categories"])
        yield event_id, ModerationEvent(**values)


def _conditions(query: EventQuery) -> list[ColumnElement[bool]]:
    conditions = [events.c.guild_id == query.guild_id]
    if query.after_id is not None:
        conditions.append(events.c.id > query.after_id)
    elif query.before_id is not None:
        conditions.append(events.c.id < query.before_id)
    if query.member is not None:
        conditions.append(events.c.user_id == query.member)
    if query.stage is not None:
        conditions.append(events.c.stage == query.stage)
    if query.category is not None:
        named = json.dumps(query.category)  # with its quotes, so that no part of a name matches
        stored = type_coerce(events.c.categories, Text)
        conditions.append(stored.contains(named, autoescape=True))
    return conditions
