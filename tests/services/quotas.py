"""Claims to book, and ways to look at what became of them."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

from sqlalchemy import Row, text

from bot.domain.quota import QuotaDefaults, Rule, Scope, Standing, Unit
from bot.domain.windows import Clocks, Period
from bot.services.quota import Claim, Quotas
from bot.storage.database import Connection, Database

GUILD, CHANNEL, ANN, BOB, BOSS, ARTIST, PATRON = 100, 200, 1, 2, 9, 10, 11
CENT = 10_000
DEFAULTS = QuotaDefaults(
    member_pictures_per_day=20,
    server_micros_per_month=10_000_000,
    member_jobs_at_once=1_000,
    bot_micros_per_month=None,
)
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)  # a Wednesday
_numbers = count(1)


def claim(**values: object) -> Claim:
    usual = Claim(
        reference=f"job{next(_numbers)}",
        guild_id=GUILD,
        channel_id=CHANNEL,
        user_id=ANN,
        role_ids=frozenset(),
        command="imagine",
        model="sketch",
        pictures=1,
        micros=CENT,
        at=NOON,
        clocks=Clocks(),
    )
    return replace(usual, **values)


def limit(scope: Scope, scope_id: int, unit: Unit, window: Period, amount: int = 0) -> Rule:
    return Rule(scope=scope, scope_id=scope_id, unit=unit, window=window, amount=amount)


async def book(database: Database, quotas: Quotas, **values: object) -> str:
    """Book a claim and return its reference."""
    wanted = claim(**values)
    await database.write(lambda connection: quotas.book(connection, wanted))
    return wanted.reference


async def stand(
    quotas: Quotas,
    unit: Unit,
    window: Period,
    *,
    scope: Scope = Scope.MEMBER,
    user_id: int = ANN,
    roles: frozenset[int] = frozenset(),
    channel_id: int = CHANNEL,
) -> Standing:
    """Return where one limit of a member stands."""
    limits = await quotas.standing(GUILD, user_id, roles, Clocks(), channel_id=channel_id)
    return next(
        each for each in limits if (each.scope, each.unit, each.window) == (scope, unit, window)
    )


async def rows(database: Database, question: str) -> list[Row[tuple[object, ...]]]:
    def ask(connection: Connection) -> list[Row[tuple[object, ...]]]:
        return list(connection.execute(text(question)))

    return await database.read(ask)
