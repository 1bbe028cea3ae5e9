"""Channels, requests, rolling and endless windows, what runs at once, denial and no limits."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.domain.errors import (
    QuotaDenied,
    QuotaFull,
    QuotaUsedUp,
    RollingFull,
    TooManyAtOnce,
    TooManyAtOnceHere,
)
from bot.domain.quota import Effect, Rule, Scope, Unit
from bot.domain.windows import Clocks, Rolling, Weekday, Window
from bot.providers.base import Price
from bot.services.quota import Quotas
from bot.storage.database import Database
from tests.services.clocks import FrozenClock
from tests.services.quotas import (
    ANN,
    ARTIST,
    BOB,
    BOSS,
    CENT,
    CHANNEL,
    GUILD,
    NOON,
    book,
    limit,
    rows,
    stand,
)

PICTURES, REQUESTS, DOLLARS, JOBS = Unit.PICTURES, Unit.REQUESTS, Unit.DOLLARS, Unit.JOBS
HOUR, MS = timedelta(hours=1), timedelta(milliseconds=1)
SIX = Rolling(6)


async def make(database: Database, quotas: Quotas, pictures: int = 1, **values: object) -> None:
    """Book and settle a request."""
    reference = await book(database, quotas, pictures=pictures, **values)
    paid = Price(micros=CENT)
    await database.write(
        partial(quotas.settle, reference=reference, pictures=pictures, price=paid, at=NOON)
    )


# --- channels and requests --------------------------------------------------------------------


async def test_a_channels_limit_is_shared_by_all_who_ask_there(
    database: Database, quotas: Quotas
) -> None:
    await quotas.set_rule(GUILD, limit(Scope.CHANNEL, CHANNEL, PICTURES, Window.DAY, 3), by=BOSS)
    await make(database, quotas, 2)
    await book(database, quotas, user_id=BOB)

    with pytest.raises(QuotaFull) as caught:
        await book(database, quotas)
    await book(database, quotas, channel_id=CHANNEL + 1)

    assert (caught.value.values["whose"], caught.value.values["left"]) == (
        "This channel's limit",
        "0 pictures",
    )
    room = await stand(quotas, PICTURES, Window.DAY, scope=Scope.CHANNEL)
    assert (room.used, room.in_flight, room.left) == (2, 1, 0)


async def test_a_channels_limit_that_is_set_later_knows_what_was_made_there(
    database: Database, quotas: Quotas
) -> None:
    await make(database, quotas, 2)
    await make(database, quotas, 5, channel_id=CHANNEL + 1)
    await book(database, quotas)
    await quotas.set_rule(GUILD, limit(Scope.CHANNEL, CHANNEL, PICTURES, Window.DAY, 9), by=BOSS)

    room = await stand(quotas, PICTURES, Window.DAY, scope=Scope.CHANNEL)
    assert (room.used, room.in_flight) == (2, 1)


async def test_requests_count_as_one_whatever_they_make(database: Database, quotas: Quotas) -> None:
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, REQUESTS, Window.DAY, 2), by=BOSS)
    await make(database, quotas, 4)
    failed = await book(database, quotas, pictures=4)
    with pytest.raises(QuotaFull, match="limit"):
        await book(database, quotas)
    await database.write(partial(quotas.release, reference=failed, at=NOON))
    await make(database, quotas, 4)

    day = await stand(quotas, REQUESTS, Window.DAY)
    assert (day.used, day.in_flight, day.left) == (2, 0, 0)
    await quotas.set_rule(GUILD, limit(Scope.SERVER, 0, REQUESTS, Window.MONTH, 9), by=BOSS)
    assert (await stand(quotas, REQUESTS, Window.MONTH, scope=Scope.SERVER)).used == 2


# --- rolling windows --------------------------------------------------------------------------


async def test_a_rolling_window_counts_to_the_millisecond(
    database: Database, quotas: Quotas, clock: FrozenClock
) -> None:
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, SIX, 3), by=BOSS)
    await make(database, quotas, 2)
    await make(database, quotas, 1, at=NOON + HOUR)
    at = NOON + 6 * HOUR

    with pytest.raises(RollingFull) as caught:
        await book(database, quotas, pictures=1, at=at - MS)
    assert caught.value.values["resets"] == at
    assert caught.value.values["spoken"] == "in any 6 hours"
    await make(database, quotas, 2, at=at)
    with pytest.raises(RollingFull) as caught:
        await book(database, quotas, pictures=1, at=at + HOUR - MS)
    assert caught.value.values["resets"] == at + HOUR

    clock.at = at + HOUR
    six = await stand(quotas, PICTURES, SIX)
    assert (six.used, six.left, six.resets_at) == (2, 1, at + 6 * HOUR)


async def test_a_refusal_says_when_enough_is_free(database: Database, quotas: Quotas) -> None:
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, SIX, 4), by=BOSS)
    for hours in range(4):
        await make(database, quotas, 1, at=NOON + hours * HOUR)

    with pytest.raises(RollingFull) as caught:
        await book(database, quotas, pictures=3, at=NOON + 5 * HOUR)

    assert caught.value.values["resets"] == NOON + 8 * HOUR


async def test_what_waits_only_for_running_requests_names_no_time(
    database: Database, quotas: Quotas
) -> None:
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, SIX, 2), by=BOSS)
    await book(database, quotas, pictures=2)

    with pytest.raises(QuotaUsedUp):
        await book(database, quotas)


async def test_what_runs_counts_until_it_ends_and_then_from_when_it_was_asked(
    database: Database, quotas: Quotas, clock: FrozenClock
) -> None:
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, SIX, 5), by=BOSS)
    slow = await book(database, quotas, pictures=2)
    late = NOON + 7 * HOUR
    clock.at = late
    await book(database, quotas, pictures=1, at=late)  # moves the window on

    assert (await stand(quotas, PICTURES, SIX)).in_flight == 3
    paid = Price(micros=CENT)
    await database.write(partial(quotas.settle, reference=slow, pictures=2, price=paid, at=late))

    six = await stand(quotas, PICTURES, SIX)
    assert (six.used, six.in_flight) == (0, 1)


async def test_a_rolling_limit_begins_with_what_the_ledger_knows(
    database: Database, quotas: Quotas, clock: FrozenClock
) -> None:
    await make(database, quotas, 2, at=NOON - 6 * HOUR)
    await make(database, quotas, 3, at=NOON - 6 * HOUR + MS)
    await quotas.set_rule(GUILD, limit(Scope.SERVER, 0, PICTURES, SIX, 10), by=BOSS)

    assert (await stand(quotas, PICTURES, SIX, scope=Scope.SERVER)).used == 3
    await book(database, quotas)
    assert (await stand(quotas, PICTURES, SIX, scope=Scope.SERVER)).used == 3
    clock.at = NOON + MS
    assert (await stand(quotas, PICTURES, SIX, scope=Scope.SERVER)).used == 0


async def test_a_rolling_limit_does_not_count_what_grants_bore(
    database: Database, quotas: Quotas
) -> None:
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, SIX, 3), by=BOSS)
    await quotas.grant(GUILD, Scope.MEMBER, ANN, PICTURES, 5, reason="", expires_at=None, by=BOSS)
    await make(database, quotas, 4)
    await make(database, quotas, 2)
    assert (await stand(quotas, PICTURES, SIX)).used == 3
    await book(database, quotas, pictures=3, at=NOON + 6 * HOUR)

    with pytest.raises(QuotaFull):
        await book(database, quotas, pictures=3, at=NOON + 6 * HOUR)


async def test_a_cleared_rolling_limit_leaves_no_counter(
    database: Database, quotas: Quotas
) -> None:
    rule = limit(Scope.EVERYONE, 0, PICTURES, SIX, 3)
    mine = limit(Scope.MEMBER, ANN, PICTURES, SIX, 4)
    for each in (rule, mine):
        await quotas.set_rule(GUILD, each, by=BOSS)
    in_flight = await book(database, quotas, pictures=2)
    left = "SELECT * FROM counters WHERE \"window\" = 'rolling:6'"

    await quotas.clear_rule(GUILD, mine, by=BOSS)
    assert len(await rows(database, left)) == 1  # the other rule still wants it
    await quotas.clear_rule(GUILD, rule, by=BOSS)
    assert await rows(database, left) == []
    paid = Price(micros=CENT)
    await database.write(
        partial(quotas.settle, reference=in_flight, pictures=2, price=paid, at=NOON)
    )
    await quotas.set_rule(GUILD, rule, by=BOSS)
    await book(database, quotas, pictures=1)

    six = await stand(quotas, PICTURES, SIX)
    assert (six.used, six.in_flight) == (2, 1)


# --- lifetime, at once ------------------------------------------------------------------------


async def test_a_lifetime_limit_never_starts_anew(
    database: Database, quotas: Quotas, clock: FrozenClock
) -> None:
    await make(database, quotas, 2)
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, Window.LIFETIME, 3), by=BOSS)
    await make(database, quotas, 1)
    clock.advance(days=400)

    with pytest.raises(QuotaUsedUp) as caught:
        await book(database, quotas, at=clock.now())

    assert caught.value.values["spoken"] == "in all"
    assert (await stand(quotas, PICTURES, Window.LIFETIME)).resets_at is None


async def test_what_runs_at_once_is_limited_for_server_channel_and_member(
    database: Database, quotas: Quotas
) -> None:
    await quotas.set_rule(GUILD, limit(Scope.SERVER, 0, JOBS, None, 3), by=BOSS)
    await quotas.set_rule(GUILD, limit(Scope.CHANNEL, CHANNEL, JOBS, None, 2), by=BOSS)
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, JOBS, None, 1), by=BOSS)
    first = await book(database, quotas)

    with pytest.raises(TooManyAtOnce):
        await book(database, quotas)
    await book(database, quotas, user_id=BOB)
    with pytest.raises(TooManyAtOnceHere) as caught:
        await book(database, quotas, user_id=3)
    assert caught.value.values == {"whose": "This channel's limit", "limit": 2}
    await book(database, quotas, user_id=3, channel_id=CHANNEL + 1)
    with pytest.raises(TooManyAtOnceHere, match="at once"):
        await book(database, quotas, user_id=4, channel_id=CHANNEL + 2)
    await database.write(partial(quotas.release, reference=first, at=NOON))
    await book(database, quotas, user_id=4, channel_id=CHANNEL + 2)


# --- deny, unlimited --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "scope_id", "who"),
    [
        (Scope.SERVER, 0, "The members of this server may not make pictures"),
        (Scope.CHANNEL, CHANNEL, "In this channel, members may not make pictures"),
        (Scope.ROLE, ARTIST, f"Members with the role <@&{ARTIST}> may not make pictures"),
        (Scope.MEMBER, ANN, "You may not make pictures"),
    ],
)
async def test_denial_holds_at_once_and_is_lifted_at_once(
    database: Database, quotas: Quotas, scope: Scope, scope_id: int, who: str
) -> None:
    denial = Rule(scope=scope, scope_id=scope_id, unit=None, effect=Effect.DENY)
    roles = frozenset({ARTIST})
    await quotas.set_rule(GUILD, denial, by=BOSS)
    in_all = Rule(scope=Scope.MEMBER, scope_id=ANN, unit=PICTURES, effect=Effect.UNLIMITED)
    await quotas.set_rule(GUILD, in_all, by=BOSS)

    with pytest.raises(QuotaDenied) as caught:
        await book(database, quotas, role_ids=roles)
    assert caught.value.values == {"who": who}
    assert await quotas.clear_rule(GUILD, denial, by=BOSS) == denial
    await book(database, quotas, role_ids=roles)


async def test_unlimited_lifts_the_members_limits_and_not_the_servers_money(
    database: Database, quotas: Quotas
) -> None:
    rule = Rule(scope=Scope.MEMBER, scope_id=ANN, unit=None, effect=Effect.UNLIMITED)
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, DOLLARS, Window.DAY, CENT), by=BOSS)
    await quotas.set_rule(GUILD, rule, by=BOSS)
    await quotas.set_rule(GUILD, limit(Scope.SERVER, 0, DOLLARS, Window.DAY, 9 * CENT), by=BOSS)

    await book(database, quotas, pictures=500, micros=9 * CENT)
    with pytest.raises(QuotaFull) as caught:
        await book(database, quotas)

    assert caught.value.values["scope"] == "server"


async def test_what_was_made_without_limits_counts_when_a_limit_comes_back(
    database: Database, quotas: Quotas
) -> None:
    rule = Rule(scope=Scope.MEMBER, scope_id=ANN, unit=None, effect=Effect.UNLIMITED)
    await quotas.set_rule(GUILD, rule, by=BOSS)
    await make(database, quotas, 19)
    await quotas.clear_rule(GUILD, rule, by=BOSS)

    await book(database, quotas, pictures=1)
    with pytest.raises(QuotaFull):
        await book(database, quotas, pictures=1)


# --- clocks -----------------------------------------------------------------------------------


async def test_windows_start_at_the_servers_reset_hour_and_weekday(
    database: Database, quotas: Quotas, clock: FrozenClock
) -> None:
    clocks = Clocks("Asia/Tokyo", Weekday.SUNDAY, 4)
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, Window.DAY, 1), by=BOSS)
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, Window.WEEK, 9), by=BOSS)
    at = NOON.replace(hour=18, minute=59)  # 03:59 in Tokyo
    await book(database, quotas, at=at, clocks=clocks)

    with pytest.raises(QuotaFull):
        await book(database, quotas, at=at, clocks=clocks)
    await book(database, quotas, at=at + timedelta(minutes=1), clocks=clocks)

    clock.at = at
    found = await quotas.standing(GUILD, ANN, frozenset(), clocks)
    resets = {each.window: each.resets_at for each in found if each.unit is PICTURES}
    assert resets[Window.DAY] == NOON.replace(hour=19)
    assert resets[Window.WEEK] == NOON.replace(day=21, hour=19)  # Sunday, 22 November, 04:00


async def test_an_explanation_names_what_is_reached_first(
    database: Database, quotas: Quotas
) -> None:
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, Window.DAY, 10), by=BOSS)
    await quotas.set_rule(GUILD, limit(Scope.SERVER, 0, PICTURES, Window.DAY, 8), by=BOSS)
    await make(database, quotas, 4)

    found = await quotas.explain(GUILD, ANN, frozenset(), Clocks(), channel_id=CHANNEL)

    first = found.tightest
    assert first is not None
    assert (first.scope, first.limit, first.used, first.left) == (Scope.SERVER, 8, 4, 4)
    assert replace(first.rule, amount=0) == limit(Scope.SERVER, 0, PICTURES, Window.DAY)
