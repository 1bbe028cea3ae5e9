"""Questions and changes around members' wishes for more."""

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, insert, select, update

from bot.domain.quota import Scope, Unit
from bot.domain.shards import ALL, Shards
from bot.domain.wishes import Wish, WishState
from bot.storage.owned import owned
from bot.storage.tables import wishes

_COLUMNS = [wishes.c[field.name] for field in fields(Wish)]
_OPEN = wishes.c.state == WishState.OPEN.value


def add(connection: Connection, new: Wish) -> int:
    """Store *new* and return its id."""
    row = {name: value for name, value in asdict(new).items() if name != "id"}
    row |= {"scope": new.scope.value, "unit": new.unit.value, "state": new.state.value}
    return connection.execute(insert(wishes).values(row).returning(wishes.c.id)).scalar_one()


def open_like(connection: Connection, wish: Wish) -> Wish | None:
    """Return the member's open wish about the same limit."""
    same = [wishes.c[name] == str(getattr(wish, name)) for name in ("scope", "unit", "window")]
    mine = (wishes.c.guild_id == wish.guild_id, wishes.c.user_id == wish.user_id)
    return _first(connection, *same, *mine, _OPEN)


def find(connection: Connection, guild_id: int, wish_id: int) -> Wish | None:
    """Return a server's wish."""
    return _first(connection, wishes.c.guild_id == guild_id, wishes.c.id == wish_id)


def posted(connection: Connection, wish_id: int, channel_id: int, message_id: int) -> None:
    """Remember where a wish's card stands."""
    values = {"card_channel_id": channel_id, "card_message_id": message_id}
    connection.execute(update(wishes).where(wishes.c.id == wish_id).values(**values))


def close(connection: Connection, wish_id: int, state: WishState, **values: object) -> bool:
    """Give an open wish its final *state*. False: it has one already."""
    change = update(wishes).where(wishes.c.id == wish_id, _OPEN)
    return connection.execute(change.values(state=state.value, **values)).rowcount == 1


def due(connection: Connection, now: datetime, shards: Shards = ALL, most: int = 100) -> list[Wish]:
    """Return open wishes on servers of *shards* that nobody answered in time, *most* at once."""
    late = (_OPEN, wishes.c.expires_at <= now, owned(wishes.c.guild_id, shards))
    query = select(*_COLUMNS).where(*late)
    rows = connection.execute(query.order_by(wishes.c.id).limit(most)).mappings()
    return [_read(row) for row in rows]


def untold(connection: Connection, guild_id: int | None = None, user_id: int = 0) -> list[Wish]:
    """Return answered wishes whose member does not know it yet: of one member, or everybody's."""
    query = select(*_COLUMNS).where(wishes.c.is_told.is_(False), ~_OPEN)
    if guild_id is not None:
        query = query.where(wishes.c.guild_id == guild_id, wishes.c.user_id == user_id)
    return [_read(row) for row in connection.execute(query.order_by(wishes.c.id)).mappings()]


def told(connection: Connection, wish_id: int) -> bool:
    """Remember that the member knows. False: that was remembered already."""
    change = update(wishes).where(wishes.c.id == wish_id, wishes.c.is_told.is_(False))
    return connection.execute(change.values(is_told=True)).rowcount == 1


def _first(connection: Connection, *conditions: ColumnElement[bool]) -> Wish | None:
    row = connection.execute(select(*_COLUMNS).where(*conditions)).mappings().first()
    return None if row is None else _read(row)


def _read(row: RowMapping) -> Wish:
    values: dict[str, Any] = dict(row)
    values["scope"], values["unit"] = Scope(row["scope"]), Unit(row["unit"])
    values["state"] = WishState(row["state"])
    return Wish(**values)
