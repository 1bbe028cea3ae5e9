"""Questions and changes around the moderation events, which are never changed once written."""

import json
from collections.abc import Collection, Iterator
from dataclasses import fields
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    func,
    insert,
    select,
    type_coerce,
    update,
)

from bot.domain.asks import Command
from bot.domain.moderation import EventQuery, ModerationEvent
from bot.storage.tables import moderation_events as events


def add(connection: Connection, event: ModerationEvent) -> None:
    """Append *event*."""
    values = {each.name: getattr(event, each.name) for each in fields(event)}
    values["scores"] = dict(event.scores) or None
    connection.execute(insert(events).values(**values))


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


def repeats(connection: Connection, guild_id: int, fingerprints: Collection[str]) -> dict[str, int]:
    """Return how often words were declined on a server, by fingerprint, where more than once.

    A variation does not count: it mostly has no words, which are the same every time.
    """
    query = (
        select(events.c.fingerprint, func.count().label("number"))
        .where(
            events.c.guild_id == guild_id,
            events.c.fingerprint.in_(fingerprints),
            events.c.fingerprint != "",  # erased with the member
            events.c.command != Command.VARY.value,
        )
        .group_by(events.c.fingerprint)
        .having(func.count() > 1)
    )
    return {row.fingerprint: row.number for row in connection.execute(query)}


def rename_fingerprints(
    connection: Connection, guild_id: int, before: Collection[str], after: str
) -> None:
    """Let a server's events with one of the fingerprints *before* have *after*."""
    old = (events.c.guild_id == guild_id, events.c.fingerprint.in_(before))
    connection.execute(update(events).where(*old).values(fingerprint=after))


def categories(connection: Connection, guild_id: int) -> list[str]:
    """Return every category that the server's events name, in alphabetical order."""
    query = select(events.c.categories).where(events.c.guild_id == guild_id).distinct()
    return sorted({name for found in connection.execute(query).scalars() for name in found})


def _found(connection: Connection, wanted: Select[Any]) -> Iterator[tuple[int, ModerationEvent]]:
    for row in connection.execute(wanted).mappings():
        values = dict(row)
        event_id = values.pop("id")
        values["categories"] = tuple(values["categories"])
        values["scores"] = values["scores"] or {}
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
