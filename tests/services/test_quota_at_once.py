"""As many as the limit, and not one more, however many ask at the same moment.

`make quota-rush` asks a thousand at once in twenty rounds; the tests ask fewer, once.
"""

import asyncio
import os

import pytest

from bot.domain.errors import QuotaFull, StorageBusy
from bot.domain.quota import Scope, Unit
from bot.domain.windows import Period, Rolling, Window
from bot.services.quota import Quotas
from bot.storage.check_ledger import differences
from bot.storage.database import Database
from tests.services.clocks import FrozenClock
from tests.services.quotas import BOSS, DEFAULTS, book, limit, rows

ASKS = int(os.environ.get("QUOTA_RUSH_ASKS", "150"))
ROUNDS = int(os.environ.get("QUOTA_RUSH_ROUNDS", "1"))
LIMIT = 50
LONG = 1800  # seconds for twenty rounds of a thousand


@pytest.mark.timeout(LONG)
@pytest.mark.parametrize("window", [Window.DAY, Rolling(5)])
async def test_exactly_the_limit_is_granted(
    database: Database, clock: FrozenClock, window: Period
) -> None:
    quotas = Quotas(database, clock, DEFAULTS)

    for number in range(ROUNDS):
        guild_id = 1_000 + number
        rule = limit(Scope.SERVER, 0, Unit.PICTURES, window, LIMIT)
        await quotas.set_rule(guild_id, rule, by=BOSS)
        answers = await asyncio.gather(*(_ask(database, quotas, guild_id, i) for i in range(ASKS)))
        assert sum(answers) == LIMIT, f"round {number}"

    held = await rows(database, "SELECT guild_id, count(*) FROM bookings GROUP BY guild_id")
    assert sorted(map(tuple, held)) == [(1_000 + number, LIMIT) for number in range(ROUNDS)]
    assert await database.read(differences) == []


async def _ask(database: Database, quotas: Quotas, guild_id: int, number: int) -> bool:
    """Ask as one of a hundred members; whom the database has no time for asks again."""
    while True:
        try:
            await book(database, quotas, guild_id=guild_id, user_id=number % 100 + 1)
        except QuotaFull:
            return False
        except StorageBusy:
            continue
        return True
