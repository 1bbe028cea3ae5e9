"""The limits that servers have set."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, or_, select, update

from bot.domain.quota import Rule, Scope, Unit
from bot.domain.windows import Window
from bot.storage.database import Connection
from bot.storage.tables import quota_rules as table

_OF_GUILD = (
    select(table)
    .where(table.c.guild_id == bindparam("guild"))
    .order_by(table.c.scope, table.c.scope_id, table.c.unit, table.c.window)
)
_CONCERNING = _OF_GUILD.where(
    or_(table.c.scope != Scope.MEMBER.value, table.c.scope_id == bindparam("member"))
)
_THE_ONE = (
    (table.c.guild_id == bindparam("guild"))
    & (table.c.scope == bindparam("for_scope"))
    & (table.c.scope_id == bindparam("for_id"))
    & (table.c.unit == bindparam("for_unit"))
    & (table.c.window == bindparam("for_window"))
)


def of_guild(connection: Connection, guild_id: int) -> tuple[Rule, ...]:
    """Return every rule of a server."""
    return tuple(map(_rule, connection.execute(_OF_GUILD, {"guild": guild_id})))


def concerning(connection: Connection, guild_id: int, user_id: int) -> tuple[Rule, ...]:
    """Return a server's rules but those for other members."""
    rows = connection.execute(_CONCERNING, {"guild": guild_id, "member": user_id})
    return tuple(map(_rule, rows))


def put(connection: Connection, guild_id: int, rule: Rule, by: int, at: datetime) -> int | None:
    """Set *rule*; return the amount that it had before, or None."""
    values = {"amount": rule.amount, "changed_at": at, "changed_by": by}
    before = _amount(connection, guild_id, rule)
    if before is None:
        connection.execute(insert(table), {"guild_id": guild_id, **_columns(rule), **values})
    else:
        connection.execute(update(table).where(_THE_ONE).values(values), _key(guild_id, rule))
    return before


def remove(connection: Connection, guild_id: int, rule: Rule) -> int | None:
    """Remove the rule like *rule*; return its amount, or None where there is none."""
    before = _amount(connection, guild_id, rule)
    connection.execute(delete(table).where(_THE_ONE), _key(guild_id, rule))
    return before


def _amount(connection: Connection, guild_id: int, rule: Rule) -> int | None:
    return connection.scalar(select(table.c.amount).where(_THE_ONE), _key(guild_id, rule))


def _columns(rule: Rule) -> dict[str, object]:
    return {
        "scope": rule.scope.value,
        "scope_id": rule.scope_id,
        "unit": rule.unit.value,
        "window": rule.window and rule.window.value,
    }


def _key(guild_id: int, rule: Rule) -> dict[str, object]:
    ours = {f"for_{name.removeprefix('scope_')}": value for name, value in _columns(rule).items()}
    return {"guild": guild_id, **ours}


def _rule(row: Row[Any]) -> Rule:
    return Rule(
        scope=Scope(row.scope),
        scope_id=row.scope_id,
        unit=Unit(row.unit),
        window=Window(row.window),
        amount=row.amount,
    )
