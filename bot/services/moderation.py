"""The record of what was refused for its content: written with the refusal, read by managers."""

from collections.abc import Collection
from dataclasses import replace

from bot.domain.moderation import EventPage, EventQuery, ModerationEvent
from bot.storage import moderation
from bot.storage.database import Connection, Database

__all__ = ["EventPage", "EventQuery", "ModerationEvent", "ModerationLog", "record"]


def record(connection: Connection, event: ModerationEvent, earlier: Collection[str] = ()) -> None:
    """Append *event* within the caller's unit of work.

    What has one of the *earlier* fingerprints of the same words, by an older key, gets its own.
    """
    if earlier:
        moderation.rename_fingerprints(connection, event.guild_id, earlier, event.fingerprint)
    moderation.add(connection, event)


class ModerationLog:
    """Reads the moderation events of servers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, query: EventQuery) -> EventPage:
        """Return the events that are meant, and where the pages around them are."""
        return await self._database.read(lambda c: _page(c, query))

    async def categories(self, guild_id: int) -> list[str]:
        """Return the categories that occur in the server's events, in alphabetical order."""
        return await self._database.read(lambda c: moderation.categories(c, guild_id))


def _page(connection: Connection, query: EventQuery) -> EventPage:
    found = moderation.find(connection, query)
    if query.after_id is not None and len(found) < query.size:  # the first page is a full one
        return _page(connection, replace(query, after_id=None, before_id=None))
    everything = replace(query, after_id=None, before_id=None)
    total = moderation.count(connection, everything)
    if not found:
        return EventPage(events=(), total=total)
    first, last = found[0][0], found[-1][0]
    skipped = moderation.count(connection, replace(everything, after_id=first))
    return EventPage(
        events=tuple(event for _, event in found),
        total=total,
        skipped=skipped,
        older=last if skipped + len(found) < total else None,
        newer=first if skipped else None,
        repeats=moderation.repeats(
            connection, query.guild_id, {event.fingerprint for _, event in found}
        ),
    )
