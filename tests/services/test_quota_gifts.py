"""Grants that are taken back, and parts of them that members give to one another."""

from datetime import timedelta
from functools import partial

import pytest

from bot.domain.errors import BadOption, GiftsOff, NoSuchGrant, NothingToGive, QuotaFull
from bot.domain.quota import Grant, Scope, Unit
from bot.domain.windows import Window
from bot.providers.base import Price
from bot.services.guilds import Guilds
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
    book,
    limit,
    rows,
)

PICTURES, DOLLARS = Unit.PICTURES, Unit.DOLLARS


@pytest.fixture
async def quotas(database: Database, clock: FrozenClock) -> Quotas:
    """Nobody may make a picture but with a grant; gifts are allowed."""
    made = Quotas(database, clock, DEFAULTS)
    await made.set_rule(GUILD, limit(Scope.EVERYONE, 0, PICTURES, Window.DAY, 0), by=BOSS)
    await Guilds(database, clock).change(GUILD, BOSS, gifts=True)
    return made


async def give(
    quotas: Quotas, amount: int, days: int | None = None, scope: Scope = Scope.MEMBER, to: int = ANN
) -> Grant:
    ends = None if days is None else NOON + timedelta(days=days)
    return await quotas.grant(
        GUILD, scope, to, PICTURES, amount, reason="won", expires_at=ends, by=BOSS
    )


async def gift(quotas: Quotas, amount: int, giver: int = ANN, to: int = BOB) -> tuple[Grant, ...]:
    return await quotas.gift(GUILD, giver, to, PICTURES, amount, reason="for you")


async def lefts(quotas: Quotas) -> list[tuple[int, int]]:
    return [(grant.scope_id, grant.left) for grant in await quotas.grants(GUILD)]


async def test_a_grant_that_is_taken_back_gives_nothing_more(
    database: Database, quotas: Quotas
) -> None:
    grant = await give(quotas, 5)
    running = await book(database, quotas, pictures=2)

    before = await quotas.revoke(GUILD, grant.id, by=BOSS)

    assert (before.left, before.in_flight) == (3, 2)
    with pytest.raises(QuotaFull):
        await book(database, quotas)
    assert await quotas.open_grants(GUILD) == ()
    paid = Price(micros=CENT)
    await database.write(partial(quotas.settle, reference=running, pictures=2, price=paid, at=NOON))
    (after,) = await quotas.grants(GUILD)
    assert (after.used, after.in_flight, after.left, after.revoked_at) == (2, 0, 0, NOON)


@pytest.mark.parametrize("which", [99, 2**62])
async def test_only_what_is_there_is_taken_back(quotas: Quotas, which: int) -> None:
    with pytest.raises(NoSuchGrant):
        await quotas.revoke(GUILD, which, by=BOSS)


async def test_a_grant_is_taken_back_once_and_by_its_own_server(quotas: Quotas) -> None:
    grant = await give(quotas, 5)

    with pytest.raises(NoSuchGrant):
        await quotas.revoke(GUILD + 1, grant.id, by=BOSS)
    await quotas.revoke(GUILD, grant.id, by=BOSS)
    with pytest.raises(NoSuchGrant):
        await quotas.revoke(GUILD, grant.id, by=BOSS)


async def test_a_gift_comes_from_what_expires_first_and_ends_as_it_would(
    database: Database, quotas: Quotas
) -> None:
    lasting = await give(quotas, 5)
    soon = await give(quotas, 3, days=2)

    parts = await gift(quotas, 4)

    assert [(part.amount, part.expires_at, part.gift_of) for part in parts] == [
        (3, soon.expires_at, soon.id),
        (1, None, lasting.id),
    ]
    assert await lefts(quotas) == [(ANN, 4), (ANN, 0), (BOB, 3), (BOB, 1)]
    await book(database, quotas, user_id=BOB, pictures=4)
    with pytest.raises(QuotaFull):
        await book(database, quotas, user_id=BOB)
    await book(database, quotas, pictures=4)
    with pytest.raises(QuotaFull):
        await book(database, quotas)


async def test_a_gift_may_be_given_on(quotas: Quotas) -> None:
    await give(quotas, 5)
    await gift(quotas, 4)
    await gift(quotas, 2, giver=BOB, to=ANN)

    assert await lefts(quotas) == [(ANN, 1), (BOB, 2), (ANN, 2)]


async def test_only_ones_own_that_is_not_in_flight_can_be_given(
    database: Database, quotas: Quotas
) -> None:
    await give(quotas, 5)
    await give(quotas, 100, scope=Scope.ROLE, to=ARTIST)
    await give(quotas, 100, scope=Scope.SERVER)
    await book(database, quotas, pictures=2)

    with pytest.raises(NothingToGive) as caught:
        await gift(quotas, 4)

    assert caught.value.values == {"left": "3 pictures", "asked": "4 pictures"}
    assert len(await quotas.grants(GUILD)) == 3


async def test_gifts_need_the_servers_leave(
    database: Database, quotas: Quotas, clock: FrozenClock
) -> None:
    await give(quotas, 5)
    await Guilds(database, clock).change(GUILD, BOSS, gifts=False)

    with pytest.raises(GiftsOff):
        await gift(quotas, 1)


@pytest.mark.parametrize(("amount", "to", "option"), [(0, BOB, "amount"), (1, ANN, "member")])
async def test_what_cannot_be_a_gift(quotas: Quotas, amount: int, to: int, option: str) -> None:
    await give(quotas, 5)

    with pytest.raises(BadOption) as caught:
        await gift(quotas, amount, to=to)

    assert caught.value.values["option"] == option


async def test_what_happened_to_grants_is_in_the_audit(database: Database, quotas: Quotas) -> None:
    grant = await give(quotas, 5)
    await gift(quotas, 2)
    await quotas.revoke(GUILD, grant.id, by=BOSS)

    found = await rows(
        database,
        """SELECT action, target, "before", "after", user_id FROM audit
        WHERE action IN ('quota.gift', 'quota.revoke') ORDER BY id""",
    )
    assert [tuple(row) for row in found] == [
        ("quota.gift", f"member:{BOB} pictures", None, '{"amount":2,"reason":"for you"}', ANN),
        ("quota.revoke", f"member:{ANN} pictures", '{"left":3}', '{"left":0}', BOSS),
    ]


async def test_a_server_has_only_so_many_open_grants(
    quotas: Quotas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.quota_giving.MOST_GRANTS", 1)
    await give(quotas, 1)

    with pytest.raises(BadOption):
        await give(quotas, 1)
