"""What managers change, what they may not, and the record of it."""

import json
from datetime import timedelta

import pytest

from bot.domain.errors import BadOption
from bot.domain.quota import Rule, Scope, Unit
from bot.domain.windows import Window
from bot.services.quota import Quotas
from bot.storage.database import Database
from tests.services.quotas import ANN, ARTIST, BOSS, GUILD, NOON, limit, rows

DAY = Window.DAY
Place = tuple[Scope, int, Unit]
PICTURES, DOLLARS, JOBS = Unit.PICTURES, Unit.DOLLARS, Unit.JOBS


async def audited(database: Database) -> list[tuple[object, ...]]:
    found = await rows(
        database, 'SELECT action, target, "before", "after", user_id FROM audit ORDER BY id'
    )
    return [tuple(row) for row in found]


async def test_rules_are_set_changed_listed_and_cleared(database: Database, quotas: Quotas) -> None:
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, DAY, 5), by=BOSS)
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, DAY, 6), by=BOSS)
    await quotas.set_rule(GUILD, limit(Scope.ROLE, ARTIST, DOLLARS, Window.MONTH, 7), by=BOSS)
    await quotas.set_rule(GUILD + 1, limit(Scope.SERVER, 0, PICTURES, DAY, 8), by=BOSS)

    assert await quotas.rules(GUILD) == (
        Rule(scope=Scope.EVERYONE, unit=PICTURES, window=DAY, amount=6),
        Rule(scope=Scope.ROLE, scope_id=ARTIST, unit=DOLLARS, window=Window.MONTH, amount=7),
    )
    assert await quotas.clear_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, DAY), by=BOSS)
    assert not await quotas.clear_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, DAY), by=BOSS)
    assert len(await quotas.rules(GUILD)) == 1


async def test_every_change_is_in_the_audit(database: Database, quotas: Quotas) -> None:
    await quotas.set_rule(GUILD, limit(Scope.MEMBER, ANN, PICTURES, DAY, 5), by=BOSS)
    await quotas.set_rule(GUILD, limit(Scope.MEMBER, ANN, PICTURES, DAY, 6), by=BOSS)
    await quotas.clear_rule(GUILD, limit(Scope.MEMBER, ANN, PICTURES, DAY), by=BOSS)
    await quotas.clear_rule(
        GUILD, limit(Scope.MEMBER, ANN, PICTURES, DAY), by=BOSS
    )  # nothing to clear
    ends = NOON + timedelta(days=1)
    await quotas.grant(GUILD, Scope.SERVER, 0, DOLLARS, 7, reason="party", expires_at=ends, by=BOSS)

    after = {"amount": 7, "expires_at": "2026-11-19T12:00:00+00:00", "reason": "party"}
    assert await audited(database) == [
        ("quota.set", f"member:{ANN} pictures day", None, "5", BOSS),
        ("quota.set", f"member:{ANN} pictures day", "5", "6", BOSS),
        ("quota.clear", f"member:{ANN} pictures day", "6", None, BOSS),
        ("quota.grant", "server dollars", None, json.dumps(after, separators=(",", ":")), BOSS),
    ]


@pytest.mark.parametrize(
    ("scope", "unit", "amount", "option"),
    [
        (Scope.BOT, DOLLARS, 5, "scope"),
        (Scope.EVERYONE, JOBS, 5, "unit"),
        (Scope.SERVER, PICTURES, -1, "amount"),
        (Scope.SERVER, DOLLARS, 10**12 + 1, "amount"),
    ],
)
async def test_what_servers_may_not_limit(
    database: Database, quotas: Quotas, scope: Scope, unit: Unit, amount: int, option: str
) -> None:
    with pytest.raises(BadOption) as caught:
        await quotas.set_rule(GUILD, limit(scope, 0, unit, DAY, amount), by=BOSS)

    assert caught.value.values["option"] == option
    assert await quotas.rules(GUILD) == ()
    assert await audited(database) == []


@pytest.mark.parametrize(
    ("place", "amount", "days", "option"),
    [
        ((Scope.BOT, 0, DOLLARS), 5, 1, "scope"),
        ((Scope.EVERYONE, 0, PICTURES), 5, 1, "scope"),
        ((Scope.MEMBER, ANN, JOBS), 5, 1, "unit"),
        ((Scope.MEMBER, ANN, PICTURES), 0, 1, "amount"),
        ((Scope.MEMBER, ANN, PICTURES), 5, 0, "expires"),
    ],
)
async def test_what_cannot_be_granted(
    database: Database, quotas: Quotas, place: Place, amount: int, days: int, option: str
) -> None:
    ends = NOON + timedelta(days=days)

    with pytest.raises(BadOption) as caught:
        await quotas.grant(GUILD, *place, amount, reason="", expires_at=ends, by=BOSS)

    assert caught.value.values["option"] == option
    assert await quotas.grants(GUILD) == ()
    assert await audited(database) == []


async def test_a_scope_that_needs_no_one_forgets_who_was_named(quotas: Quotas) -> None:
    await quotas.set_rule(GUILD, limit(Scope.SERVER, ANN, PICTURES, DAY, 5), by=BOSS)
    grant = await quotas.grant(
        GUILD, Scope.SERVER, ANN, PICTURES, 5, reason="", expires_at=None, by=BOSS
    )

    (rule,) = await quotas.rules(GUILD)
    assert (rule.scope_id, grant.scope_id) == (0, 0)
