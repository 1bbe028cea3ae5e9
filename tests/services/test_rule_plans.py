"""Plans for rules: what they would change and whom they meet, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import BadOption, ChangedMeanwhile
from bot.domain.presets import Preset
from bot.domain.quota import Effect, Rule, Scope, Unit
from bot.domain.windows import Period, Rolling, Window
from bot.providers.base import Price
from bot.services.guilds import Guilds
from bot.services.quota import Quotas
from bot.services.quota_changes import MOST_RULES
from bot.services.rule_plans import ClearRule, Draft, RulePlans, SetRule
from bot.storage import rules
from bot.storage.database import Database
from tests.services.clocks import FrozenClock
from tests.services.quotas import (
    ANN,
    ARTIST,
    BOB,
    BOSS,
    CENT,
    CHANNEL,
    DEFAULTS,
    GUILD,
    NOON,
    book,
    limit,
    rows,
)

EACH = limit(Scope.EVERYONE, 0, Unit.PICTURES, Window.DAY)


@pytest.fixture
def plans(database: Database, clock: FrozenClock) -> RulePlans:
    return RulePlans(database, Guilds(database, clock), clock, DEFAULTS)


async def _used(
    database: Database, quotas: Quotas, user_id: int, pictures: int, hours_ago: int = 0
) -> None:
    at = NOON - timedelta(hours=hours_ago)
    wanted = {"pictures": pictures, "micros": pictures * CENT, "at": at, "user_id": user_id}
    reference = await book(database, quotas, **wanted)
    price = Price(micros=pictures * CENT, known=True, version="t")
    await database.write(
        lambda c: quotas.settle(c, reference, pictures=pictures, price=price, at=at)
    )


async def _agreed(plans: RulePlans, rule: Rule) -> Draft:
    plan = SetRule(rule)
    agreed = (await plans.draft(GUILD, plan)).seal
    return await plans.carry_out(GUILD, plan, by=BOSS, agreed=agreed)


async def test_members_who_have_used_so_much_are_counted(
    database: Database, quotas: Quotas, plans: RulePlans
) -> None:
    await _used(database, quotas, ANN, 1)
    await _used(database, quotas, ANN, 2, hours_ago=5)
    await _used(database, quotas, ANN, 3, hours_ago=30)
    await _used(database, quotas, BOB, 2)
    met: dict[tuple[Unit, Period, int], int] = {
        (Unit.PICTURES, Window.DAY, 3): 1,
        (Unit.PICTURES, Window.DAY, 2): 2,
        (Unit.PICTURES, Window.LIFETIME, 6): 1,
        (Unit.PICTURES, Rolling(2), 3): 0,
        (Unit.PICTURES, Rolling(48), 6): 1,
        (Unit.REQUESTS, Window.DAY, 2): 1,
        (Unit.DOLLARS, Window.DAY, 2 * CENT): 2,
    }

    for kind, members in met.items():
        draft = await plans.draft(GUILD, SetRule(limit(Scope.EVERYONE, 0, *kind)))
        assert [each.met for each in draft.changes if each.after] == [members], kind


async def test_what_grants_bore_meets_no_limit(
    database: Database, quotas: Quotas, plans: RulePlans
) -> None:
    await quotas.set_rule(GUILD, replace(EACH, amount=1), by=BOSS)
    await quotas.grant(
        GUILD, Scope.MEMBER, ANN, Unit.PICTURES, 5, reason="", expires_at=None, by=BOSS
    )
    await _used(database, quotas, ANN, 3)

    (two,) = (await plans.draft(GUILD, SetRule(replace(EACH, amount=2)))).changes

    assert two.met == 0


async def test_what_the_holder_of_a_limit_has_used(
    database: Database, quotas: Quotas, plans: RulePlans
) -> None:
    await _used(database, quotas, ANN, 3)
    await _used(database, quotas, BOB, 2)
    used = {
        (Scope.SERVER, 0): 5,
        (Scope.CHANNEL, CHANNEL): 5,
        (Scope.CHANNEL, CHANNEL + 1): 0,
        (Scope.MEMBER, BOB): 2,
        (Scope.ROLE, ARTIST): None,
    }

    for holder, amount in used.items():
        rule = limit(*holder, Unit.PICTURES, Rolling(3), 9)
        (change,) = (await plans.draft(GUILD, SetRule(rule))).changes
        assert (change.before, change.after, change.used) == (None, rule, amount)


async def test_usage_meanwhile_is_no_other_change_but_another_rule_is(
    database: Database, quotas: Quotas, plans: RulePlans
) -> None:
    plan = SetRule(replace(EACH, amount=5))
    agreed = (await plans.draft(GUILD, plan)).seal
    await quotas.set_rule(GUILD, replace(EACH, amount=7), by=BOSS)
    with pytest.raises(ChangedMeanwhile):
        await plans.carry_out(GUILD, plan, by=BOB, agreed=agreed)
    assert await quotas.rules(GUILD) == (replace(EACH, amount=7),)

    agreed = (await plans.draft(GUILD, plan)).seal
    await _used(database, quotas, ANN, 3)
    await plans.carry_out(GUILD, plan, by=BOB, agreed=agreed)

    assert await quotas.rules(GUILD) == (replace(EACH, amount=5),)
    audited = "SELECT user_id, target FROM audit WHERE action = 'quota.set' ORDER BY id"
    assert [tuple(each) for each in await rows(database, audited)] == [
        (BOSS, "everyone pictures day"),
        (BOB, "everyone pictures day"),
    ]


async def test_the_operators_default_goes_and_comes_back(quotas: Quotas, plans: RulePlans) -> None:
    usual = replace(EACH, amount=20, is_default=True)
    weekly = limit(Scope.EVERYONE, 0, Unit.PICTURES, Window.WEEK, 40)
    made = await _agreed(plans, weekly)
    assert [(each.before, each.after) for each in made.changes] == [(usual, None), (None, weekly)]

    back = await plans.draft(GUILD, ClearRule(weekly))

    assert [(each.before, each.after) for each in back.changes] == [(None, usual), (weekly, None)]
    assert await quotas.rules(GUILD) == (weekly,)


async def test_denial_takes_the_place_of_no_limits(plans: RulePlans) -> None:
    free = Rule(scope=Scope.MEMBER, scope_id=ANN, unit=None, effect=Effect.UNLIMITED)
    denied = replace(free, effect=Effect.DENY)
    await _agreed(plans, free)

    (change,) = (await _agreed(plans, denied)).changes

    assert (change.before, change.after) == (free, denied)
    assert (await plans.draft(GUILD, SetRule(denied))).is_empty


async def test_what_servers_cannot_set_is_refused(
    database: Database, plans: RulePlans, quotas: Quotas
) -> None:
    with pytest.raises(BadOption):
        await plans.draft(GUILD, SetRule(limit(Scope.BOT, 0, Unit.DOLLARS, Window.DAY, 5)))
    many = [limit(Scope.MEMBER, n, Unit.PICTURES, Window.DAY, 1) for n in range(1, MOST_RULES)]
    await database.write(lambda c: [rules.put(c, GUILD, rule, BOSS, NOON) for rule in many])

    agreed = (await plans.draft(GUILD, Preset.FRIENDS)).seal
    with pytest.raises(BadOption):
        await plans.carry_out(GUILD, Preset.FRIENDS, by=BOSS, agreed=agreed)

    assert len(await quotas.rules(GUILD)) == MOST_RULES - 1
