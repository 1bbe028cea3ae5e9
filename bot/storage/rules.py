"""The rules that servers have set."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, insert, select, update

from bot.domain.quota import Effect, Rule, Scope, Unit
from bot.domain.windows import Period, period
from bot.storage.database import Connection
from bot.storage.hot import Hot
from bot.storage.tables import quota_rules as table

_ANY: Final = "any"
_NOW: Final = "now"
_COLUMNS = 'scope, scope_id, unit, "window", amount, effect'
_ORDER = 'ORDER BY scope, scope_id, unit, "window"'
_OF_GUILD = Hot(f"SELECT {_COLUMNS} FROM quota_rules WHERE guild_id = :guild {_ORDER}")  # noqa: S608 - names of ours
_CONCERNING = Hot(
    f"""SELECT {_COLUMNS} FROM quota_rules WHERE guild_id = :guild AND
    (scope NOT IN ('member', 'channel') OR scope = 'member' AND scope_id = :member
        OR scope = 'channel' AND scope_id = :channel)"""  # noqa: S608 - names of ours
)
_THE_ONE = (
    (table.c.guild_id == bindparam("guild"))
    & (table.c.scope == bindparam("for_scope"))
    & (table.c.scope_id == bindparam("for_id"))
    & (table.c.unit == bindparam("for_unit"))
    & (table.c.window == bindparam("for_window"))
)
_NUMBER = select(func.count()).select_from(table).where(table.c.guild_id == bindparam("guild"))


def of_guild(connection: Connection, guild_id: int) -> tuple[Rule, ...]:
    """Return every rule of a server."""
    return tuple(map(_rule, _OF_GUILD.rows(connection, {"guild": guild_id})))


def concerning(
    connection: Connection, guild_id: int, user_id: int, channel_id: int
) -> tuple[Rule, ...]:
    """Return a server's rules but those for other members and other channels."""
    values = {"guild": guild_id, "member": user_id, "channel": channel_id}
    return tuple(map(_rule, _CONCERNING.rows(connection, values)))


def number(connection: Connection, guild_id: int) -> int:
    """Return how many rules a server has."""
    return connection.execute(_NUMBER, {"guild": guild_id}).scalar_one()


def put(connection: Connection, guild_id: int, rule: Rule, by: int, at: datetime) -> Rule | None:
    """Set *rule*; return the one that it replaces, or None."""
    values = {
        "amount": rule.amount,
        "effect": rule.effect.value,
        "changed_at": at,
        "changed_by": by,
    }
    before = find(connection, guild_id, rule)
    if before is None:
        connection.execute(insert(table), {"guild_id": guild_id, **_place(rule), **values})
    else:
        connection.execute(update(table).where(_THE_ONE).values(values), _key(guild_id, rule))
    return before


def remove(connection: Connection, guild_id: int, rule: Rule) -> Rule | None:
    """Remove the rule like *rule*; return it as it was, or None where there is none."""
    before = find(connection, guild_id, rule)
    connection.execute(delete(table).where(_THE_ONE), _key(guild_id, rule))
    return before


def find(connection: Connection, guild_id: int, rule: Rule) -> Rule | None:
    """Return the rule of the same scope, unit and window, or None."""
    columns = (table.c.scope, table.c.scope_id, table.c.unit, table.c.window)
    query = select(*columns, table.c.amount, table.c.effect).where(_THE_ONE)
    row = connection.execute(query, _key(guild_id, rule)).one_or_none()
    return None if row is None else _rule(row)


def window_name(rule: Rule) -> str:
    """Return how the window of *rule* is stored: ``day``, ``rolling:24``, ``now`` or ``any``."""
    if rule.window is not None:
        return str(rule.window)
    return _NOW if rule.effect is Effect.LIMIT else _ANY


def _place(rule: Rule) -> dict[str, object]:
    return {
        "scope": rule.scope.value,
        "scope_id": rule.scope_id,
        "unit": rule.unit.value if rule.unit else _ANY,
        "window": window_name(rule),
    }


def _key(guild_id: int, rule: Rule) -> dict[str, object]:
    ours = {f"for_{name.removeprefix('scope_')}": value for name, value in _place(rule).items()}
    return {"guild": guild_id, **ours}


def _rule(row: Sequence[Any]) -> Rule:
    scope, scope_id, unit, window, amount, effect = row
    return Rule(
        scope=Scope(scope),
        scope_id=scope_id,
        unit=None if unit == _ANY else Unit(unit),
        window=_window(window),
        amount=amount,
        effect=Effect(effect),
    )


def _window(name: str) -> Period:
    return None if name in {_ANY, _NOW} else period(name)
