"""After any mix of requests, changes and ends, counters, grants and the ledger add up."""

from dataclasses import replace
from random import Random

import pytest

from bot.domain.errors import QuotaFull, TooManyAtOnce
from bot.domain.quota import Scope, Unit
from bot.domain.windows import Window
from bot.providers.base import Price
from bot.services.quota import Quotas
from bot.storage.database import Connection, Database
from tests.services.clocks import FrozenClock
from tests.services.quotas import BOSS, CENT, DEFAULTS, GUILD, claim, rows

MEMBERS, ROLES = (1, 2, 3), (10, 11)
LIMITS = replace(
    DEFAULTS, member_jobs_at_once=3, server_micros_per_month=90 * CENT, bot_micros_per_month=10**8
)


class Life:
    """A server's life, drawn from a seed."""

    def __init__(self, quotas: Quotas, clock: FrozenClock, seed: int) -> None:
        self.quotas, self.clock, self.random = quotas, clock, Random(seed)  # noqa: S311 - a test
        self.open: list[tuple[str, int, int]] = []
        self.answers: dict[str, int] = {"booked": 0, "refused": 0}

    def request(self, connection: Connection) -> None:
        pictures = self.random.randint(1, 4)
        wanted = claim(
            guild_id=self.random.choice((GUILD, GUILD, GUILD + 1)),
            user_id=self.random.choice(MEMBERS),
            role_ids=frozenset(self.random.sample(ROLES, self.random.randint(0, 2))),
            pictures=pictures,
            micros=pictures * CENT * self.random.randint(0, 2),
            at=self.clock.now(),
            timezone=self.random.choice(("UTC", "Asia/Tokyo")),
        )
        try:
            self.quotas.book(connection, wanted)
        except (QuotaFull, TooManyAtOnce):
            self.answers["refused"] += 1
        else:
            self.answers["booked"] += 1
            self.open.append((wanted.reference, wanted.pictures, wanted.micros))

    def end(self, connection: Connection) -> None:
        if not self.open:
            return
        reference, pictures, micros = self.open.pop(self.random.randrange(len(self.open)))
        now = self.clock.now()
        match self.random.randint(0, 3):
            case 0:
                self.quotas.release(connection, reference, now)
            case 1:
                self.quotas.mark_unknown(connection, reference, now)
            case _:
                price = Price(micros=self.random.randint(0, 2 * micros))
                made = self.random.randint(0, pictures)
                self.quotas.settle(connection, reference, pictures=made, price=price, at=now)

    async def change(self) -> None:
        scope = self.random.choice((Scope.SERVER, Scope.ROLE, Scope.MEMBER, Scope.EVERYONE))
        scope_id = self.random.choice(ROLES if scope is Scope.ROLE else MEMBERS)
        unit = self.random.choice((Unit.PICTURES, Unit.DOLLARS))
        amount = self.random.randint(0, 40) * (CENT if unit is Unit.DOLLARS else 1)
        place = GUILD, scope, scope_id, unit
        if scope is not Scope.EVERYONE and self.random.random() < 0.5:
            await self.quotas.grant(*place, max(1, amount), reason="luck", expires_at=None, by=BOSS)
        elif self.random.random() < 0.3:
            await self.quotas.clear_rule(*place, self.random.choice(list(Window)), by=BOSS)
        else:
            await self.quotas.set_rule(*place, self.random.choice(list(Window)), amount, by=BOSS)

    async def live(self, database: Database, steps: int) -> None:
        for _ in range(steps):
            choice = self.random.random()
            if choice < 0.55:
                await database.write(self.request)
            elif choice < 0.9:
                await database.write(self.end)
            else:
                await self.change()
            self.clock.advance(minutes=self.random.choice((0, 1, 7, 60)))
        while self.open:
            await database.write(self.end)


EXPECTED = {
    "bot": "TRUE",
    "server": "ledger.guild_id = counters.guild_id",
    "member": "ledger.guild_id = counters.guild_id AND ledger.user_id = counters.scope_id",
}


@pytest.mark.parametrize("seed", range(4))
async def test_the_ledger_adds_up(database: Database, clock: FrozenClock, seed: int) -> None:
    life = Life(Quotas(database, clock, LIMITS), clock, seed)

    await life.live(database, 150)

    assert min(life.answers.values()) > 5  # something was granted and something was refused
    assert await rows(database, "SELECT * FROM bookings WHERE state = 'held'") == []
    assert await rows(database, "SELECT * FROM counters WHERE reserved <> 0 OR used < 0") == []
    assert await rows(database, "SELECT * FROM grants WHERE reserved <> 0 OR used < 0") == []
    assert await rows(database, "SELECT * FROM grants WHERE used > amount") == []
    assert await differences(database) == []


async def differences(database: Database) -> list[object]:
    """Return counters that are not what the ledger says: at most grants lie between them."""
    wrong: list[object] = []
    for scope, same in EXPECTED.items():
        wrong += await rows(
            database,
            f"""SELECT counters.*, told FROM (
                SELECT counters.*, (
                    SELECT COALESCE(SUM(CASE unit WHEN 'pictures' THEN ledger.pictures
                        WHEN 'dollars' THEN ledger.micros ELSE 0 END), 0) FROM ledger
                    WHERE {same} AND at >= starts_at AND at < ends_at) AS told,
                (SELECT COALESCE(SUM(grants.used), 0) FROM grants
                    WHERE grants.guild_id = counters.guild_id AND grants.unit = counters.unit
                ) AS granted
                FROM counters WHERE scope = '{scope}') AS counters
            WHERE used > told OR used < told - granted""",  # noqa: S608 - constants of ours
        )
    return wrong
