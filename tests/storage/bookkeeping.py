"""A process that books and settles without a pause: `python -m tests.storage.bookkeeping URL`.

Prints how many bookings are settled, after each score of them.
"""

import asyncio
import sys
from itertools import count
from uuid import uuid4

from bot.domain.clock import SystemClock
from bot.domain.quota import QuotaDefaults
from bot.providers.base import Price
from bot.services.quota import Quotas
from bot.storage.database import Database, open_database
from tests.services.quotas import CENT, NOON, claim

GENEROUS = QuotaDefaults(
    member_pictures_per_day=10**9,
    server_micros_per_month=10**15,
    member_jobs_at_once=10**6,
    bot_micros_per_month=10**15,
)
PAID = Price(micros=CENT // 2, known=True, version="test")


async def one(database: Database, quotas: Quotas, number: int) -> None:
    wanted = claim(reference=uuid4().hex, user_id=number % 7 + 1)
    await database.write(lambda c: quotas.book(c, wanted))
    await database.write(
        lambda c: quotas.settle(c, wanted.reference, pictures=1, price=PAID, at=NOON)
    )


async def main(url: str) -> None:
    async with open_database(url) as database:
        quotas = Quotas(database, SystemClock(), GENEROUS)
        for first in count(step=20):
            await asyncio.gather(*(one(database, quotas, first + i) for i in range(20)))
            sys.stdout.write(f"{first + 20}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
