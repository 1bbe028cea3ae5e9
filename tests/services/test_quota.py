"""Booking and closing: exact, once, and on the very windows that were booked."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bot.domain.errors import QuotaFull, StorageBusy, TooManyAtOnce, TooManyAtOnceHere
from bot.domain.quota import Scope, Unit
from bot.domain.windows import Clocks, Period, Rolling, Window
from bot.providers.base import Price
from bot.services.quota import Quotas
from bot.storage import check_ledger, counters
from bot.storage.database import Connection, Database
from tests.services.clocks import FrozenClock
from tests.services.quotas import (
    ANN,
    ARTIST,
    BOB,
    BOSS,
    CENT,
    DEFAULTS,
    GUILD,
    NOON,
    PATRON,
    book,
    claim,
    limit,
    rows,
    stand,
)

DAY, MONTH = Window.DAY, Window.MONTH
PICTURES, DOLLARS = Unit.PICTURES, Unit.DOLLARS
Close = Callable[[Database, Quotas, str], Awaitable[None]]


async def settle(
    database: Database, quotas: Quotas, reference: str, pictures: int = 1, price: int = CENT
) -> None:
    paid = Price(micros=price, version="2026-11")
    await database.write(
        partial(quotas.settle, reference=reference, pictures=pictures, price=paid, at=NOON)
    )


async def release(database: Database, quotas: Quotas, reference: str) -> None:
    await database.write(partial(quotas.release, reference=reference, at=NOON))


async def mark_unknown(database: Database, quotas: Quotas, reference: str) -> None:
    await database.write(partial(quotas.mark_unknown, reference=reference, at=NOON))


# --- booking ----------------------------------------------------------------------------------


async def test_of_300_asks_at_once_exactly_the_limit_is_granted(
    database: Database, quotas: Quotas
) -> None:
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, DAY, 50), by=BOSS)

    answers = await asyncio.gather(
        *(book(database, quotas) for _ in range(300)), return_exceptions=True
    )

    assert sum(isinstance(answer, str) for answer in answers) == 50
    assert sum(isinstance(answer, QuotaFull) for answer in answers) == 250
    assert (await stand(quotas, PICTURES, DAY)).in_flight == 50
    assert len(await rows(database, "SELECT id FROM bookings")) == 50


async def test_a_servers_limit_is_exact_over_its_members(
    database: Database, quotas: Quotas
) -> None:
    await quotas.set_rule(GUILD, limit(Scope.SERVER, 0, DOLLARS, DAY, 50 * CENT), by=BOSS)

    answers = await asyncio.gather(
        *(book(database, quotas, user_id=number) for number in range(1, 301)),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, str) for answer in answers) == 50


async def test_a_refusal_tells_everything(database: Database, quotas: Quotas) -> None:
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, DAY, 5), by=BOSS)
    await settle(database, quotas, await book(database, quotas, pictures=2), pictures=2)
    await book(database, quotas, pictures=1)

    with pytest.raises(QuotaFull) as caught:
        await book(database, quotas, pictures=3)

    assert caught.value.values == {
        "scope": "member",
        "whose": "Your limit",
        "unit": "pictures",
        "window": "day",
        "spoken": "a day",
        "limit": "5 pictures",
        "used": "2 pictures",
        "in_flight": "1 picture",
        "left": "2 pictures",
        "asked": "3 pictures",
        "resets": NOON.replace(hour=0) + timedelta(days=1),
        "amounts": {"limit": 5, "used": 2, "in_flight": 1},
    }


async def test_nothing_remains_of_a_refusal(database: Database, quotas: Quotas) -> None:
    await book(database, quotas)
    before = await rows(database, "SELECT * FROM counters")

    with pytest.raises(QuotaFull):
        await book(database, quotas, pictures=100)

    assert await rows(database, "SELECT * FROM counters") == before
    assert len(await rows(database, "SELECT id FROM bookings")) == 1


async def test_nothing_remains_when_the_refusal_is_caught_inside_the_work(
    database: Database, quotas: Quotas
) -> None:
    await quotas.set_rule(GUILD, limit(Scope.SERVER, 0, DOLLARS, DAY, 5), by=BOSS)

    def work(connection: Connection) -> None:
        with pytest.raises(QuotaFull):
            quotas.book(connection, claim())

    await database.write(work)

    assert await rows(database, "SELECT * FROM counters WHERE reserved <> 0") == []
    assert await rows(database, "SELECT * FROM bookings") == []


async def test_too_many_at_once_is_said_before_anything_else(
    database: Database, clock: FrozenClock
) -> None:
    few = Quotas(database, clock, replace(DEFAULTS, member_jobs_at_once=2))
    references = [await book(database, few) for _ in range(2)]

    with pytest.raises(TooManyAtOnce) as caught:
        await book(database, few, pictures=100)
    await book(database, few, user_id=BOB)  # someone else may
    await book(database, few, guild_id=GUILD + 1)  # and she may elsewhere

    assert caught.value.values == {"limit": 2}
    await release(database, few, references[0])
    await book(database, few)


async def test_the_operators_budget_holds_over_every_server(
    database: Database, clock: FrozenClock
) -> None:
    poor = Quotas(database, clock, replace(DEFAULTS, bot_micros_per_month=10 * CENT))
    await poor.set_rule(GUILD, limit(Scope.SERVER, 0, DOLLARS, MONTH, 10**9), by=BOSS)
    await poor.grant(
        GUILD, Scope.SERVER, 0, DOLLARS, 10**9, reason="party", expires_at=None, by=BOSS
    )
    for guild_id in range(GUILD, GUILD + 10):
        await book(database, poor, guild_id=guild_id)

    with pytest.raises(QuotaFull) as caught:
        await book(database, poor)

    assert caught.value.values["scope"] == "bot"
    assert caught.value.values["resets"] == NOON.replace(month=12, day=1, hour=0)


@pytest.mark.parametrize("window", [Window.DAY, Rolling(6), Window.LIFETIME, None])
async def test_the_operators_other_limits_hold_over_every_server(
    database: Database, clock: FrozenClock, window: Period
) -> None:
    unit = Unit.REQUESTS if window else Unit.JOBS
    three = limit(Scope.BOT, 0, unit, window, 3)
    held = Quotas(database, clock, replace(DEFAULTS, bot_limits=(three,)))
    await held.set_rule(GUILD, limit(Scope.SERVER, 0, unit, window, 100), by=BOSS)
    first = [await book(database, held, guild_id=GUILD + number) for number in range(3)]

    with pytest.raises(TooManyAtOnceHere if window is None else QuotaFull):
        await book(database, held)

    await release(database, held, first[0])
    last = await book(database, held)
    await settle(database, held, last)
    standing = await stand(held, unit, window, scope=Scope.BOT)
    assert standing.used == (0 if window is None else 1)
    assert standing.in_flight == 2
    assert await database.read(check_ledger.differences) == []


async def test_of_two_budgets_for_all_servers_the_smaller_one_holds(
    database: Database, clock: FrozenClock
) -> None:
    month = limit(Scope.BOT, 0, DOLLARS, MONTH, 5 * CENT)
    for budget, least in ((9 * CENT, 5 * CENT), (2 * CENT, 2 * CENT), (None, 5 * CENT)):
        defaults = replace(DEFAULTS, bot_micros_per_month=budget, bot_limits=(month,))
        both = Quotas(database, clock, defaults)
        assert (await stand(both, DOLLARS, MONTH, scope=Scope.BOT)).limit == least


async def test_the_operators_months_are_utc_and_the_servers_its_own(
    database: Database, clock: FrozenClock
) -> None:
    both = Quotas(database, clock, replace(DEFAULTS, bot_micros_per_month=1))
    at = NOON.replace(day=30, hour=20)
    clock.at = at

    limits = await both.standing(GUILD, ANN, frozenset(), Clocks("Asia/Tokyo"))

    resets = {each.scope: each.resets_at for each in limits if each.window is MONTH}
    assert resets[Scope.BOT] == NOON.replace(month=12, day=1, hour=0)
    assert resets[Scope.SERVER] == NOON.replace(month=12, day=31, hour=15)


async def test_what_costs_nothing_is_not_stopped_by_money(
    database: Database, quotas: Quotas
) -> None:
    await quotas.set_rule(GUILD, limit(Scope.SERVER, 0, DOLLARS, DAY, CENT), by=BOSS)
    await settle(database, quotas, await book(database, quotas), price=5 * CENT)

    reference = await book(database, quotas, micros=0)
    await settle(database, quotas, reference, price=0)

    money = await stand(quotas, DOLLARS, DAY, scope=Scope.SERVER)
    assert (money.used, money.in_flight, money.left) == (5 * CENT, 0, 0)


async def test_counters_that_moved_meanwhile_refuse_the_booking(
    database: Database, quotas: Quotas, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(*_: object) -> bool:
        return False

    monkeypatch.setattr(counters, "hold", overtaken)

    with pytest.raises(StorageBusy):
        await book(database, quotas)

    assert await rows(database, "SELECT * FROM bookings") == []


async def test_the_same_reference_is_booked_once(database: Database, quotas: Quotas) -> None:
    await book(database, quotas, reference="twice")

    with pytest.raises(IntegrityError):
        await book(database, quotas, reference="twice")

    assert (await stand(quotas, PICTURES, DAY)).in_flight == 1


# --- closing ----------------------------------------------------------------------------------


async def test_settling_books_what_was_made_and_paid(database: Database, quotas: Quotas) -> None:
    reference = await book(database, quotas, pictures=4, micros=4 * CENT)

    await settle(database, quotas, reference, pictures=3, price=2 * CENT)

    pictures = await stand(quotas, PICTURES, DAY)
    money = await stand(quotas, DOLLARS, MONTH, scope=Scope.SERVER)
    jobs = await stand(quotas, Unit.JOBS, None)
    assert (pictures.used, pictures.in_flight, pictures.left) == (3, 0, 17)
    assert (money.used, money.in_flight) == (2 * CENT, 0)
    assert (jobs.used, jobs.in_flight, jobs.resets_at) == (0, 0, None)
    assert await rows(
        database, "SELECT kind, pictures, micros, price_known, price_version FROM ledger"
    ) == [("settled", 3, 2 * CENT, 1, "2026-11")]


async def test_money_may_be_due_for_no_picture(database: Database, quotas: Quotas) -> None:
    reference = await book(database, quotas, pictures=4, micros=4 * CENT)

    await settle(database, quotas, reference, pictures=0, price=4 * CENT)

    assert (await stand(quotas, PICTURES, DAY)).left == 20
    assert (await stand(quotas, DOLLARS, MONTH, scope=Scope.SERVER)).used == 4 * CENT


async def test_a_cost_above_the_estimate_is_booked_in_full(
    database: Database, quotas: Quotas
) -> None:
    await quotas.set_rule(GUILD, limit(Scope.SERVER, 0, DOLLARS, DAY, 2 * CENT), by=BOSS)
    reference = await book(database, quotas, micros=CENT)

    await settle(database, quotas, reference, price=7 * CENT)

    money = await stand(quotas, DOLLARS, DAY, scope=Scope.SERVER)
    assert (money.used, money.left) == (7 * CENT, 0)
    with pytest.raises(QuotaFull):
        await book(database, quotas, micros=1)


async def test_an_unknown_price_is_booked_at_the_estimate(
    database: Database, quotas: Quotas
) -> None:
    reference = await book(database, quotas, micros=3 * CENT)
    unknown = Price(micros=0, known=False, version="none")

    await database.write(
        partial(quotas.settle, reference=reference, pictures=1, price=unknown, at=NOON)
    )

    assert await rows(database, "SELECT micros, price_known, price_version FROM ledger") == [
        (3 * CENT, 0, "none")
    ]


async def test_a_release_gives_everything_back(database: Database, quotas: Quotas) -> None:
    reference = await book(database, quotas, pictures=4)

    await release(database, quotas, reference)

    assert (
        await rows(database, "SELECT used, reserved FROM counters WHERE used + reserved <> 0") == []
    )
    assert await rows(database, "SELECT kind, pictures, micros FROM ledger") == [("released", 0, 0)]
    assert await rows(database, "SELECT state, closed_at IS NULL FROM bookings") == [
        ("released", 0)
    ]


async def test_what_may_have_been_billed_gives_pictures_back_and_keeps_the_money(
    database: Database, quotas: Quotas
) -> None:
    reference = await book(database, quotas, pictures=4, micros=4 * CENT)

    await mark_unknown(database, quotas, reference)

    assert (await stand(quotas, PICTURES, DAY)).left == 20
    assert (await stand(quotas, DOLLARS, MONTH, scope=Scope.SERVER)).used == 4 * CENT
    assert await rows(database, "SELECT kind, pictures, micros, price_known FROM ledger") == [
        ("unknown", 0, 4 * CENT, 0)
    ]


@pytest.mark.parametrize("first", [settle, release, mark_unknown])
@pytest.mark.parametrize("second", [settle, release, mark_unknown])
async def test_a_booking_is_closed_once(
    database: Database, quotas: Quotas, first: Close, second: Close
) -> None:
    reference = await book(database, quotas)
    await first(database, quotas, reference)
    before = await rows(database, "SELECT * FROM counters")

    await asyncio.gather(*(second(database, quotas, reference) for _ in range(3)))

    assert await rows(database, "SELECT * FROM counters") == before
    assert len(await rows(database, "SELECT * FROM ledger")) == 1


@pytest.mark.parametrize("close", [settle, release, mark_unknown])
async def test_what_was_never_booked_is_not_closed(
    database: Database, quotas: Quotas, close: Close
) -> None:
    await close(database, quotas, "nothing")

    assert await rows(database, "SELECT * FROM ledger") == []


# --- windows and changes ----------------------------------------------------------------------


async def test_a_release_after_midnight_hits_yesterdays_window(
    database: Database, quotas: Quotas, clock: FrozenClock
) -> None:
    reference = await book(database, quotas, pictures=4, at=NOON.replace(hour=23, minute=59))
    tomorrow = NOON + timedelta(days=1)
    clock.at = tomorrow
    other = await book(database, quotas, pictures=1, at=tomorrow)

    await release(database, quotas, reference)

    assert (await stand(quotas, PICTURES, DAY)).in_flight == 1
    await settle(database, quotas, other)
    assert (await stand(quotas, PICTURES, DAY)).used == 1
    assert await rows(database, "SELECT * FROM counters WHERE reserved <> 0") == []


async def test_a_window_starts_anew_at_the_servers_midnight(
    database: Database, quotas: Quotas
) -> None:
    tokyo = {"clocks": Clocks("Asia/Tokyo"), "pictures": 20}
    await book(database, quotas, at=NOON.replace(hour=14, minute=59), **tokyo)

    with pytest.raises(QuotaFull):
        await book(database, quotas, at=NOON.replace(hour=14, minute=59, second=59), **tokyo)

    await book(database, quotas, at=NOON.replace(hour=15), **tokyo)


async def test_a_rule_that_changes_in_flight_changes_nothing_for_the_booking(
    database: Database, quotas: Quotas
) -> None:
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, DAY, 10), by=BOSS)
    reference = await book(database, quotas, pictures=8)
    await quotas.clear_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, DAY), by=BOSS)
    await quotas.set_rule(GUILD, limit(Scope.MEMBER, ANN, PICTURES, DAY, 9), by=BOSS)
    await quotas.set_rule(GUILD, limit(Scope.MEMBER, ANN, PICTURES, Window.WEEK, 9), by=BOSS)

    assert (await stand(quotas, PICTURES, DAY)).in_flight == 8
    await settle(database, quotas, reference, pictures=7)

    assert (await stand(quotas, PICTURES, DAY)).used == 7
    assert (await stand(quotas, PICTURES, Window.WEEK)).used == 7
    assert await rows(database, "SELECT * FROM counters WHERE reserved <> 0") == []


async def test_a_limit_set_in_mid_month_counts_the_whole_month(
    database: Database, quotas: Quotas
) -> None:
    await settle(database, quotas, await book(database, quotas, pictures=3), pictures=3)
    in_flight = await book(database, quotas, pictures=2)
    await quotas.set_rule(GUILD, limit(Scope.SERVER, 0, PICTURES, MONTH, 6), by=BOSS)

    month = await stand(quotas, PICTURES, MONTH, scope=Scope.SERVER)
    assert (month.used, month.in_flight, month.left) == (3, 2, 1)
    with pytest.raises(QuotaFull):
        await book(database, quotas, pictures=2, user_id=BOB)
    await book(database, quotas, pictures=1, user_id=BOB)
    await settle(database, quotas, in_flight, pictures=2)

    month = await stand(quotas, PICTURES, MONTH, scope=Scope.SERVER)
    assert (month.used, month.in_flight, month.left) == (5, 1, 0)


async def test_a_limit_that_was_away_for_a_while_missed_nothing(
    database: Database, quotas: Quotas
) -> None:
    weekly = Scope.ROLE, ARTIST, PICTURES, Window.WEEK
    artists = frozenset({ARTIST})
    await quotas.set_rule(GUILD, limit(*weekly, 10), by=BOSS)
    await book(database, quotas, pictures=2, role_ids=artists)
    await book(database, quotas, pictures=3)  # without the role
    await quotas.clear_rule(GUILD, limit(*weekly), by=BOSS)
    await book(database, quotas, pictures=4, role_ids=artists)  # without the rule
    await quotas.set_rule(GUILD, limit(*weekly, 10), by=BOSS)

    assert (await stand(quotas, PICTURES, Window.WEEK, roles=artists)).left == 1


async def test_a_new_time_zone_forgets_nothing(database: Database, quotas: Quotas) -> None:
    await book(database, quotas, pictures=20)

    with pytest.raises(QuotaFull):
        await book(database, quotas, clocks=Clocks("Europe/Berlin"))


async def test_a_counter_that_was_cleared_away_is_reckoned_again(
    database: Database, quotas: Quotas
) -> None:
    reference = await book(database, quotas, pictures=4)
    await settle(database, quotas, await book(database, quotas, pictures=2), pictures=2)
    await database.write(lambda c: c.execute(text("DELETE FROM counters")))

    await book(database, quotas)
    pictures = await stand(quotas, PICTURES, DAY)
    assert (pictures.used, pictures.in_flight) == (2, 5)
    await release(database, quotas, reference)
    assert (await stand(quotas, PICTURES, DAY)).in_flight == 1


async def test_closing_after_counters_were_cleared_away_is_harmless(
    database: Database, quotas: Quotas
) -> None:
    reference = await book(database, quotas)
    await database.write(lambda c: c.execute(text("DELETE FROM counters")))

    await settle(database, quotas, reference)

    assert (await stand(quotas, PICTURES, DAY)).used == 1


# --- who decides ------------------------------------------------------------------------------


async def test_a_members_roles_and_own_rules_decide(database: Database, quotas: Quotas) -> None:
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, DAY, 1), by=BOSS)
    await quotas.set_rule(GUILD, limit(Scope.ROLE, ARTIST, PICTURES, DAY, 2), by=BOSS)
    await quotas.set_rule(GUILD, limit(Scope.ROLE, PATRON, PICTURES, DAY, 3), by=BOSS)
    await quotas.set_rule(GUILD, limit(Scope.MEMBER, BOB, PICTURES, DAY, 4), by=BOSS)
    both = frozenset({ARTIST, PATRON})

    limits = [
        (await stand(quotas, PICTURES, DAY, user_id=user_id, roles=roles)).limit
        for user_id, roles in [
            (ANN, frozenset[int]()),
            (ANN, frozenset({ARTIST})),
            (ANN, both),
            (BOB, both),
        ]
    ]

    assert limits == [1, 2, 3, 4]
    with pytest.raises(QuotaFull):
        await book(database, quotas, pictures=4, role_ids=both)
    await book(database, quotas, pictures=3, role_ids=both)
    await book(database, quotas, pictures=4, role_ids=both, user_id=BOB)


async def test_a_roles_rule_is_for_each_member_by_themselves(
    database: Database, quotas: Quotas
) -> None:
    await quotas.set_rule(GUILD, limit(Scope.ROLE, ARTIST, PICTURES, DAY, 2), by=BOSS)
    roles = frozenset({ARTIST})
    await book(database, quotas, pictures=2, role_ids=roles)

    await book(database, quotas, pictures=2, role_ids=roles, user_id=BOB)


async def test_a_manager_may_raise_the_servers_own_limit(
    database: Database, quotas: Quotas
) -> None:
    with pytest.raises(QuotaFull):
        await book(database, quotas, micros=11_000_000)

    await quotas.set_rule(GUILD, limit(Scope.SERVER, 0, DOLLARS, MONTH, 12_000_000), by=BOSS)

    await book(database, quotas, micros=11_000_000)


async def test_servers_do_not_see_each_other(database: Database, quotas: Quotas) -> None:
    await quotas.set_rule(GUILD + 1, limit(Scope.EVERYONE, 0, PICTURES, DAY, 0), by=BOSS)
    await book(database, quotas, guild_id=GUILD + 2, pictures=20)

    await book(database, quotas, pictures=20)


async def test_standing_lists_the_members_limits_first(
    database: Database, clock: FrozenClock
) -> None:
    all_of_them = Quotas(database, clock, replace(DEFAULTS, bot_micros_per_month=CENT))
    await all_of_them.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, Window.HOUR, 3), by=BOSS)
    await all_of_them.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, Window.WEEK, 9), by=BOSS)

    limits = await all_of_them.standing(GUILD, ANN, frozenset(), Clocks())

    assert [(each.scope, each.unit, each.window, each.source) for each in limits] == [
        (Scope.MEMBER, Unit.JOBS, None, "default"),
        (Scope.MEMBER, PICTURES, Window.HOUR, "rule"),
        (Scope.MEMBER, PICTURES, Window.WEEK, "rule"),
        (Scope.SERVER, DOLLARS, MONTH, "default"),
        (Scope.BOT, DOLLARS, MONTH, "default"),
    ]
