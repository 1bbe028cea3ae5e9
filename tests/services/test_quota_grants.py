"""Grants: drawn on when a limit is full, given back when the request was not charged."""

from datetime import timedelta
from functools import partial

import pytest

from bot.domain.errors import QuotaFull
from bot.domain.quota import Grant, Scope, Unit
from bot.domain.windows import Window
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
    DEFAULTS,
    GUILD,
    NOON,
    PATRON,
    book,
    limit,
    stand,
)

DAY, MONTH = Window.DAY, Window.MONTH
PICTURES, DOLLARS = Unit.PICTURES, Unit.DOLLARS


@pytest.fixture
async def quotas(database: Database, clock: FrozenClock) -> Quotas:
    """Everyone may make ten pictures a day."""
    made = Quotas(database, clock, DEFAULTS)
    await made.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, DAY, 10), by=BOSS)
    return made


async def give(
    quotas: Quotas,
    scope: Scope,
    scope_id: int,
    amount: int,
    unit: Unit = PICTURES,
    days: int | None = None,
) -> int:
    expires_at = None if days is None else NOON + timedelta(days=days)
    grant = await quotas.grant(
        GUILD, scope, scope_id, unit, amount, reason="contest", expires_at=expires_at, by=BOSS
    )
    return grant.id


async def state(quotas: Quotas) -> list[tuple[int, int]]:
    """Return what of each grant is used and in flight."""
    return [(grant.used, grant.in_flight) for grant in await quotas.grants(GUILD)]


async def settle(
    database: Database, quotas: Quotas, reference: str, pictures: int, price: int = CENT
) -> None:
    paid = Price(micros=price)
    await database.write(
        partial(quotas.settle, reference=reference, pictures=pictures, price=paid, at=NOON)
    )


async def test_a_grant_covers_only_what_the_limit_does_not(
    database: Database, quotas: Quotas
) -> None:
    await give(quotas, Scope.MEMBER, ANN, 5)

    await book(database, quotas, pictures=8)
    assert await state(quotas) == [(0, 0)]
    await book(database, quotas, pictures=4)

    assert await state(quotas) == [(0, 2)]
    pictures = await stand(quotas, PICTURES, DAY)
    assert (pictures.in_flight, pictures.left, pictures.granted) == (10, 0, 3)


async def test_a_grant_that_is_too_small_is_not_touched(database: Database, quotas: Quotas) -> None:
    await give(quotas, Scope.MEMBER, ANN, 1)
    await book(database, quotas, pictures=10)

    with pytest.raises(QuotaFull):
        await book(database, quotas, pictures=2)

    assert await state(quotas) == [(0, 0)]


async def test_a_release_gives_the_grant_back(database: Database, quotas: Quotas) -> None:
    await give(quotas, Scope.MEMBER, ANN, 5)
    reference = await book(database, quotas, pictures=14)
    assert await state(quotas) == [(0, 4)]

    await database.write(partial(quotas.release, reference=reference, at=NOON))

    assert await state(quotas) == [(0, 0)]
    assert (await stand(quotas, PICTURES, DAY)).left == 10


@pytest.mark.parametrize(
    ("made", "counted", "granted"), [(14, 10, 4), (12, 10, 2), (10, 10, 0), (3, 3, 0), (16, 12, 4)]
)
async def test_the_limit_is_used_up_before_the_grant(
    database: Database, quotas: Quotas, made: int, counted: int, granted: int
) -> None:
    await give(quotas, Scope.MEMBER, ANN, 5)
    reference = await book(database, quotas, pictures=14)

    await settle(database, quotas, reference, made)

    assert await state(quotas) == [(granted, 0)]
    assert (await stand(quotas, PICTURES, DAY)).used == counted


async def test_the_grant_that_expires_first_is_used_first(
    database: Database, quotas: Quotas
) -> None:
    await give(quotas, Scope.MEMBER, ANN, 3)  # never expires
    await give(quotas, Scope.MEMBER, ANN, 3, days=9)
    await give(quotas, Scope.ROLE, ARTIST, 3, days=1)
    await book(database, quotas, pictures=10)

    reference = await book(database, quotas, pictures=7, role_ids=frozenset({ARTIST}))

    assert await state(quotas) == [(0, 1), (0, 3), (0, 3)]
    await settle(database, quotas, reference, 4)
    assert await state(quotas) == [(0, 0), (1, 0), (3, 0)]

    await book(database, quotas, pictures=1)

    assert await state(quotas) == [(0, 0), (1, 1), (3, 0)]


async def test_a_roles_grant_is_shared_by_its_members(database: Database, quotas: Quotas) -> None:
    await give(quotas, Scope.ROLE, ARTIST, 5)
    artists = frozenset({ARTIST})
    await book(database, quotas, pictures=13, role_ids=artists)

    with pytest.raises(QuotaFull):
        await book(database, quotas, pictures=13, role_ids=artists, user_id=BOB)

    await book(database, quotas, pictures=12, role_ids=artists, user_id=BOB)
    assert await state(quotas) == [(0, 5)]


async def test_grants_of_others_do_not_help(database: Database, quotas: Quotas) -> None:
    await give(quotas, Scope.MEMBER, BOB, 5)
    await give(quotas, Scope.ROLE, PATRON, 5)
    await give(quotas, Scope.SERVER, 0, 5)
    await give(quotas, Scope.MEMBER, ANN, 5 * CENT, DOLLARS)
    await quotas.grant(
        GUILD + 1, Scope.MEMBER, ANN, PICTURES, 5, reason="", expires_at=None, by=BOSS
    )

    with pytest.raises(QuotaFull):
        await book(database, quotas, pictures=11, role_ids=frozenset({ARTIST}))


async def test_an_expired_grant_does_not_help(
    database: Database, quotas: Quotas, clock: FrozenClock
) -> None:
    await give(quotas, Scope.MEMBER, ANN, 5, days=1)
    clock.advance(days=1)

    with pytest.raises(QuotaFull):
        await book(database, quotas, pictures=11, at=clock.now())

    assert (await stand(quotas, PICTURES, DAY)).granted == 0
    assert len(await quotas.grants(GUILD)) == 1


async def test_a_server_grant_extends_the_servers_limit(database: Database, quotas: Quotas) -> None:
    await give(quotas, Scope.SERVER, 0, 3 * CENT, DOLLARS)
    await book(database, quotas, micros=10_000_000 - CENT)

    await book(database, quotas, micros=3 * CENT, user_id=BOB)

    assert await state(quotas) == [(0, 2 * CENT)]
    money = await stand(quotas, DOLLARS, MONTH, scope=Scope.SERVER)
    assert (money.left, money.granted) == (0, CENT)
    with pytest.raises(QuotaFull):
        await book(database, quotas, micros=2 * CENT)


async def test_several_full_windows_draw_once(database: Database, quotas: Quotas) -> None:
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, Window.WEEK, 12), by=BOSS)
    await give(quotas, Scope.MEMBER, ANN, 6)
    await book(database, quotas, pictures=10)

    reference = await book(database, quotas, pictures=4)  # the day has none left, the week two

    assert await state(quotas) == [(0, 4)]
    assert (await stand(quotas, PICTURES, Window.WEEK)).in_flight == 10
    await settle(database, quotas, reference, 4)
    assert await state(quotas) == [(4, 0)]
    assert (await stand(quotas, PICTURES, Window.WEEK)).used == 0


async def test_a_rule_set_while_a_granted_request_runs_counts_what_no_grant_bears(
    database: Database, quotas: Quotas
) -> None:
    await give(quotas, Scope.MEMBER, ANN, 5)
    reference = await book(database, quotas, pictures=14)
    await quotas.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, Window.WEEK, 50), by=BOSS)
    await book(database, quotas, pictures=1, micros=0)

    await settle(database, quotas, reference, 14)

    assert (await stand(quotas, PICTURES, DAY)).used == 10
    week = await stand(quotas, PICTURES, Window.WEEK)
    assert (week.used, week.in_flight) == (10, 0)


async def test_what_can_be_drawn_on_is_listed(quotas: Quotas) -> None:
    own = await give(quotas, Scope.MEMBER, ANN, 1)
    roles = await give(quotas, Scope.ROLE, ARTIST, 1, days=1)
    await give(quotas, Scope.ROLE, PATRON, 1)
    await give(quotas, Scope.MEMBER, BOB, 1)

    usable = await quotas.usable_grants(GUILD, ANN, frozenset({ARTIST}))

    assert [grant.id for grant in usable] == [roles, own]


async def test_a_grant_carries_who_gave_it_and_why(quotas: Quotas) -> None:
    await quotas.grant(
        GUILD, Scope.ROLE, ARTIST, PICTURES, 5, reason="won it", expires_at=None, by=BOSS
    )

    assert await quotas.grants(GUILD) == (
        Grant(
            id=1,
            scope=Scope.ROLE,
            scope_id=ARTIST,
            unit=PICTURES,
            amount=5,
            used=0,
            in_flight=0,
            expires_at=None,
            reason="won it",
            granted_at=NOON,
            granted_by=BOSS,
        ),
    )
