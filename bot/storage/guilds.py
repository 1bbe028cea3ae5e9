"""Questions and changes around the servers' settings."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, text, update

from bot.domain.guild import Fidelity, GuildChoices, Strictness, Unchecked
from bot.domain.windows import Weekday
from bot.storage.tables import guilds
from bot.storage.types import Json, UtcMs

_ADD = text(
    "INSERT INTO guilds (guild_id, choices, changed_at) VALUES (:guild_id, :choices, :at)"
    " ON CONFLICT (guild_id) DO NOTHING"
).bindparams(bindparam("choices", type_=Json), bindparam("at", type_=UtcMs))
_NAMES: Final = frozenset(field.name for field in fields(GuildChoices))
_READ: Final[Mapping[str, Callable[[Any], object]]] = {
    "channels": frozenset,
    "roles": frozenset,
    "strictness": Strictness,
    "fidelity": Fidelity,
    "unchecked": Unchecked,
    "week_start": Weekday,
    "digest": Weekday,
}


def load(connection: Connection, guild_id: int) -> GuildChoices:
    """Return what the server chose, with our defaults for the rest."""
    query = select(guilds.c.choices).where(guilds.c.guild_id == guild_id)
    return _read(connection.execute(query).scalar_one_or_none() or {})


def choosing(connection: Connection, models: Collection[str]) -> dict[int, GuildChoices]:
    """Return what those servers chose that chose one of *models*, by their ids.

    It reads every server's settings; for a question that is asked once a day.
    """
    rows = connection.execute(select(guilds.c.guild_id, guilds.c.choices))
    read = {row.guild_id: _read(row.choices) for row in rows}
    return {guild_id: choices for guild_id, choices in read.items() if choices.model in models}


def with_log_channel(connection: Connection) -> list[int]:
    """Return the servers that have one. It reads every server's settings: ask seldom."""
    rows = connection.execute(select(guilds.c.guild_id, guilds.c.choices))
    return [row.guild_id for row in rows if row.choices.get("log_channel") is not None]


def with_digest(connection: Connection) -> dict[int, tuple[GuildChoices, datetime]]:
    """Return what those servers chose that want a digest, and when they changed it last."""
    rows = connection.execute(select(guilds.c.guild_id, guilds.c.choices, guilds.c.changed_at))
    return {
        row.guild_id: (_read(row.choices), row.changed_at)
        for row in rows
        if row.choices.get("digest") and row.choices.get("log_channel") is not None
    }


def load_to_change(connection: Connection, guild_id: int, at: datetime) -> GuildChoices:
    """Return what `load` does, and let nobody else change it before this transaction ends."""
    connection.execute(_ADD, {"guild_id": guild_id, "choices": {}, "at": at})
    query = select(guilds.c.choices).where(guilds.c.guild_id == guild_id).with_for_update()
    return _read(connection.execute(query).scalar_one())


def save(connection: Connection, guild_id: int, choices: GuildChoices, at: datetime) -> None:
    """Keep the *choices* of a server that `load_to_change` holds."""
    usual = plain(GuildChoices())
    chosen = {name: value for name, value in plain(choices).items() if value != usual[name]}
    change = update(guilds).where(guilds.c.guild_id == guild_id)
    connection.execute(change.values(choices=chosen, changed_at=at))


def plain(choices: GuildChoices) -> dict[str, Any]:
    """Return *choices* as JSON values, by name."""
    places = {"channels": sorted(choices.channels), "roles": sorted(choices.roles)}
    return asdict(choices) | places


def _read(stored: Mapping[str, Any]) -> GuildChoices:
    values = {name: value for name, value in stored.items() if name in _NAMES}
    for name in values.keys() & _READ.keys():
        values[name] = _READ[name](values[name])
    return GuildChoices(**values)
