"""The one statement that many may run at once, and the rows that it leaves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bot.domain.quota import Scope, Unit
from bot.domain.windows import ALWAYS, Rolling
from bot.storage import counters
from bot.storage.counters import Hold, Holders, Key, Move, Tally
from bot.storage.database import Connection, Database

TODAY = datetime(2026, 11, 18, tzinfo=UTC)
DAY = timedelta(days=1)
PICTURES = Key(1, Scope.MEMBER, 5, Unit.PICTURES, "day", TODAY, TODAY + DAY)
DOLLARS = replace(PICTURES, unit=Unit.DOLLARS)
ROOM = Key(1, Scope.CHANNEL, 7, Unit.REQUESTS, "day", TODAY, TODAY + DAY)
SERVER = Key(1, Scope.SERVER, 0, Unit.DOLLARS, "day", TODAY, TODAY + DAY)


def live(connection: Connection, at: datetime = TODAY) -> dict[Key, Tally]:
    return counters.live(connection, Holders(1, 7, 5), at, lock=False)


def begin(connection: Connection, *keys: Key, used: int = 0, reserved: int = 0) -> None:
    for key in keys:
        counters.begin(connection, key, Tally(used, reserved))


@pytest.mark.parametrize(
    ("used", "reserved", "amount", "held"),
    [(0, 0, 10, True), (0, 0, 11, False), (3, 4, 3, True), (3, 4, 4, False), (12, 0, 1, False)],
)
async def test_a_hold_fits_below_the_ceiling_or_is_refused(
    database: Database, used: int, reserved: int, amount: int, held: bool
) -> None:
    def work(connection: Connection) -> tuple[bool, Tally]:
        begin(connection, PICTURES, used=used, reserved=reserved)
        answer = counters.hold(connection, [Hold(PICTURES, amount, 10)])
        return answer, live(connection)[PICTURES]

    assert await database.write(work) == (held, Tally(used, reserved + (amount if held else 0)))


async def test_one_full_counter_refuses_all(database: Database) -> None:
    def work(connection: Connection) -> bool:
        begin(connection, PICTURES, DOLLARS, SERVER)
        holds = [Hold(SERVER, 1, 10), Hold(PICTURES, 1, 10), Hold(DOLLARS, 1, 0)]
        return counters.hold(connection, holds)

    assert not await database.write(work)


def test_rows_are_taken_in_the_order_of_the_primary_key() -> None:
    assert sorted([SERVER, PICTURES, DOLLARS]) == [DOLLARS, PICTURES, SERVER]


async def test_a_counter_that_someone_else_began_is_left(database: Database) -> None:
    def work(connection: Connection) -> Tally:
        begin(connection, PICTURES, used=7)
        begin(connection, PICTURES, used=1)
        return live(connection)[PICTURES]

    assert await database.write(work) == Tally(7, 0)


async def test_only_counters_of_this_instant_and_these_holders_are_live(
    database: Database,
) -> None:
    others = [
        replace(PICTURES, scope_id=6),
        replace(PICTURES, guild_id=2),
        replace(ROOM, scope_id=8),
        replace(SERVER, guild_id=2),
        replace(PICTURES, starts_at=TODAY - DAY, ends_at=TODAY),
        replace(PICTURES, starts_at=TODAY + DAY, ends_at=TODAY + 2 * DAY),
    ]
    bot = Key(0, Scope.BOT, 0, Unit.DOLLARS, "month", TODAY, TODAY + DAY)

    def work(connection: Connection) -> list[Key]:
        begin(connection, PICTURES, SERVER, ROOM, bot, *others)
        return list(live(connection))

    assert await database.write(work) == [bot, ROOM, PICTURES, SERVER]


async def test_old_windows_go_away_by_themselves(database: Database) -> None:
    def at(days: int) -> Key:
        starts = TODAY - days * DAY
        return replace(PICTURES, starts_at=starts, ends_at=starts + DAY)

    def work(connection: Connection) -> list[int]:
        begin(connection, at(30), used=1)
        begin(connection, at(20), reserved=1)  # still in flight
        begin(connection, at(3), used=1)
        begin(connection, replace(at(30), scope_id=6))
        begin(connection, PICTURES)
        question = text("SELECT starts_at FROM counters WHERE scope_id = 5 ORDER BY starts_at")
        return list(connection.scalars(question))

    kept = await database.write(work)
    assert kept == [at(days).stored()[5] for days in (20, 3, 0)]


async def test_moving_nothing_is_nothing(database: Database) -> None:
    await database.write(lambda connection: counters.move(connection, []))
    move = Move(PICTURES, 1, 1, TODAY)
    await database.write(lambda connection: counters.move(connection, [move]))

    assert await database.read(live) == {}


def test_a_key_comes_back_from_json() -> None:
    assert Key.restored(PICTURES.stored()) == PICTURES
    assert Key.restored(PICTURES.stored()).ends_at == PICTURES.ends_at


ROLLING = Key(1, Scope.MEMBER, 5, Unit.PICTURES, "rolling:24", *ALWAYS)


@pytest.mark.parametrize(("ago", "used"), [(timedelta(0), 4), (timedelta(milliseconds=1), 3)])
async def test_a_rolling_window_forgets_what_it_left_behind(
    database: Database, ago: timedelta, used: int
) -> None:
    def work(connection: Connection) -> Tally:
        counters.begin(connection, ROLLING, Tally(3, 1, since=TODAY))
        counters.move(connection, [Move(ROLLING, -1, 1, TODAY - ago)])
        return live(connection)[ROLLING]

    assert await database.write(work) == Tally(used, 0, TODAY)


async def test_a_rolling_window_moves_on(database: Database) -> None:
    def work(connection: Connection) -> Tally:
        counters.begin(connection, ROLLING, Tally(3, 1, since=TODAY))
        counters.advance(connection, ROLLING, 2, TODAY + DAY)
        return live(connection)[ROLLING]

    assert await database.write(work) == Tally(1, 1, TODAY + DAY)


async def test_one_kind_of_counter_can_be_forgotten(database: Database) -> None:
    other = replace(ROLLING, window="rolling:6"), replace(ROLLING, scope_id=6), PICTURES

    def work(connection: Connection) -> list[Key]:
        begin(connection, ROLLING, *other)
        counters.forget(connection, 1, Scope.MEMBER, Unit.PICTURES, "rolling:24")
        return list(live(connection))

    assert set(await database.write(work)) == {PICTURES, other[0]}


def test_a_key_knows_how_long_its_window_is() -> None:
    assert ROLLING.rolling == Rolling(24)
    assert PICTURES.rolling is None
