"""The daily roll-up says what the ledger says, whenever it is asked and however it came about."""

import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bot.bootstrap import Services
from bot.domain.asks import Asker, Command, Place
from bot.domain.errors import (
    ContentRefused,
    DeliveryFailed,
    MaybeBilled,
    ProviderFailed,
    TooManyAtOnce,
    Undelivered,
    UserError,
)
from bot.domain.waits import LAST, quantile, wait_class
from bot.domain.windows import Clocks
from bot.providers.base import Answer, Price
from bot.storage.migrate import migrate
from tests.services.clocks import FrozenClock
from tests.services.studio import CHANNEL, Told, Wall, answer, ask, open_studio, picture

LIMITS = {"DEFAULT_MEMBER_PICTURES_PER_DAY": "1000", "DEFAULT_SERVER_DOLLARS_PER_MONTH": "1000"}
ENDS: tuple[Answer | BaseException, ...] = (
    answer(picture()),
    answer(picture(), picture()),
    replace(answer(picture()), price=Price(micros=0, known=False)),
    replace(answer(picture()), refused=(ContentRefused(stage="output", categories=("gore",)),)),
    ContentRefused(stage="input", categories=("violence", "hate")),
    ContentRefused(stage="unknown"),
    ProviderFailed(),
    MaybeBilled(),
)
OF_LEDGER = """
    SELECT guild_id, count(*), sum(CASE kind WHEN 'settled' THEN pictures ELSE 0 END), sum(micros)
    FROM ledger WHERE kind IN ('settled', 'unknown') GROUP BY guild_id
"""
OF_DAILY = """
    SELECT guild_id, sum(requests), sum(pictures), sum(micros)
    FROM daily WHERE dimension = ? GROUP BY guild_id HAVING sum(requests)
"""
ONCE = ("all", "member", "member-month", "channel", "command", "model")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path}/easel.db"


async def _busy_days(services: Services, provider: Told, clock: FrozenClock) -> None:
    """Let requests end in every way, on several days, servers, channels and clocks."""
    await services.guilds.change(2, 1, timezone="Asia/Kathmandu")
    for number in range(40):
        provider.outcome = ENDS[number % len(ENDS)]
        roles = frozenset({70 + number % 3, 80})
        one = ask(
            command=Command.EDIT if number % 3 else Command.IMAGINE,
            asker=Asker(user_id=30 + number % 4, role_ids=roles),
            place=Place(
                guild_id=1 + number % 2,
                channel_id=CHANNEL + number % 5,
                parent_id=CHANNEL if number % 5 == 4 else None,
            ),
        )
        ticket = await services.studio.admit(one)
        clock.advance(seconds=number)
        with suppress(UserError):
            await services.studio.perform(ticket, Wall())
        clock.advance(hours=5)


def _rows(path: Path, question: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path / "easel.db")) as connection:
        return sorted(connection.execute(question, values).fetchall())


async def test_it_adds_up_to_the_ledger(tmp_path: Path, clock: FrozenClock) -> None:
    provider = Told(answer(picture()))
    async with open_studio(tmp_path, clock, provider, **LIMITS) as services:
        await _busy_days(services, provider, clock)

    of_ledger = _rows(tmp_path, OF_LEDGER)
    assert [row[1] for row in of_ledger] == [10, 15]
    for dimension in ONCE:
        assert _rows(tmp_path, OF_DAILY, dimension) == of_ledger, dimension
    ended = "SELECT sum(done + refused + failed + unknown) FROM daily WHERE dimension = 'all'"
    assert _rows(tmp_path, ended) == [(40,)]


_REFUSE = "CREATE TRIGGER {0}_no_{1} BEFORE {1} ON {0} BEGIN SELECT RAISE(ABORT, ''); END;"
STRICT_TRIGGERS = "".join(
    f"DROP TRIGGER {table}_no_change;"
    + "".join(
        f"DROP TRIGGER {table}_no_{act};" + _REFUSE.format(table, act)
        for act in ("update", "delete")
    )
    for table in ("ledger", "audit", "grant_uses")
)
"""As they were before anything could be erased."""


async def test_an_older_database_is_filled_with_the_same(
    tmp_path: Path, clock: FrozenClock, url: str
) -> None:
    provider = Told(answer(picture()))
    async with open_studio(tmp_path, clock, provider, **LIMITS) as services:
        await _busy_days(services, provider, clock)
    known = "SELECT * FROM daily WHERE dimension != 'role'"  # an old database has no roles
    written = _rows(tmp_path, known)
    with closing(sqlite3.connect(tmp_path / "easel.db")) as connection:
        connection.executescript(STRICT_TRIGGERS)
        connection.executescript(
            "DROP TABLE daily; DROP TABLE confirmations; DROP TABLE wishes; DROP TABLE blocks;"
            "DROP TABLE words; DROP TABLE cases; DROP TABLE drafts; DROP TABLE buckets;"
            "DROP TABLE erasures; DROP TABLE departures; DROP TABLE erasing;"
            "DROP INDEX ix_moderation_events_member_at;"
            "ALTER TABLE jobs DROP COLUMN roles; ALTER TABLE jobs DROP COLUMN quality;"
            "UPDATE alembic_version SET version_num = '0002'"
        )

    migrate(url)

    assert len(written) > 100
    assert _rows(tmp_path, known) == written


async def test_what_is_closed_twice_counts_once(tmp_path: Path, clock: FrozenClock) -> None:
    async with open_studio(tmp_path, clock, Told(answer(picture())), **LIMITS) as services:
        ticket = await services.studio.admit(ask())
        books = services.studio.books
        await books.withdrawn(ticket, "Cancelled")
        await books.withdrawn(ticket, "Cancelled")
        await books.failed(ticket, MaybeBilled(), called=True, price=None)

    ended = "SELECT failed, unknown FROM daily WHERE dimension = 'all'"
    assert _rows(tmp_path, ended) == [(1, 0)]


async def test_what_waits_to_be_shown_is_not_counted_yet(
    tmp_path: Path, clock: FrozenClock
) -> None:
    limits = LIMITS | {"MEMBER_JOBS_AT_ONCE": "1"}
    async with open_studio(tmp_path, clock, Told(answer(picture())), **limits) as services:
        ticket = await services.studio.admit(ask())
        with pytest.raises(Undelivered):
            await services.studio.perform(ticket, Wall(failure=DeliveryFailed()))
        assert _rows(tmp_path, "SELECT * FROM daily") == []
        with pytest.raises(TooManyAtOnce):
            await services.studio.admit(ask())
        await services.studio.deliver(ticket, Wall())

    counted = "SELECT done, turned_away FROM daily WHERE dimension = 'all'"
    assert _rows(tmp_path, counted) == [(1, 1)]
    roles = "SELECT count(*) FROM jobs WHERE roles IS NOT NULL"
    assert _rows(tmp_path, roles) == [(0,)]


@pytest.mark.parametrize("days", [1, 2, 8, 9, 10, 40, 366])
async def test_members_add_up_over_ends_of_months(
    tmp_path: Path, clock: FrozenClock, days: int
) -> None:
    provider = Told(answer(picture()))
    async with open_studio(tmp_path, clock, provider, **LIMITS) as services:
        await _busy_days(services, provider, clock)
        clock.advance(days=5)
        report = await services.reports.server(1, Clocks(), days)

    made = sum(share.tally.requests for share in report.by_member)
    assert made == report.total.requests
    assert (made > 0) == (days > 5)


@pytest.mark.parametrize("seconds", [0, 0.5, 0.51, 1, 7.3, 60, 1800, 10**6])
def test_a_wait_lies_in_its_class(seconds: float) -> None:
    number = wait_class(seconds)

    found = quantile({number: 1}, 1.0)
    assert found is not None
    if number < LAST:
        assert seconds <= found <= max(0.5, seconds * 1.2501)


def test_quantiles_go_by_rank() -> None:
    waits = {wait_class(4): 90, wait_class(300): 10}

    assert quantile(waits, 0.5) == pytest.approx(4, rel=0.25)
    assert quantile(waits, 0.95) == pytest.approx(300, rel=0.25)
    assert quantile({}, 0.5) is None
