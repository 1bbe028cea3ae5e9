"""The daily roll-up adds up the same on both databases, whoever writes at once."""

import asyncio
from datetime import date, timedelta

import pytest

from bot.domain.usage import Counts, Dimension, Outcomes, Tally
from bot.storage import daily
from bot.storage.database import Database

GUILD = 7
ONE = Counts(
    tally=Tally(requests=1, pictures=2, micros=13_000, unsure_micros=1), outcomes=Outcomes(done=1)
)
TODAY = date(2026, 11, 22)


def _times(number: int) -> Counts:
    return sum((ONE for _ in range(number)), start=Counts())


async def _add(database: Database, day: date, *members: int) -> None:
    entries = {(Dimension.ALL, ""): ONE} | {(Dimension.MEMBER, str(each)): ONE for each in members}
    await database.write(lambda c: daily.add(c, GUILD, day, entries))


async def test_what_is_written_at_once_is_all_counted(database: Database) -> None:
    await asyncio.gather(*(_add(database, TODAY, 1, 2) for _ in range(20)))

    found = await database.read(lambda c: daily.by_name(c, GUILD, Dimension.MEMBER, TODAY, TODAY))
    assert found == {"1": _times(20), "2": _times(20)}


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (date(2026, 11, 1), {"1": 3, "2": 1}),  # a whole month
        (date(2026, 10, 31), {"1": 4, "2": 1, "3": 1}),  # a day and a month
        (date(2026, 11, 21), {"1": 2, "2": 1}),  # days only
        (date(2026, 8, 15), {"1": 5, "2": 1, "3": 2}),
    ],
)
async def test_members_are_added_up_by_days_and_months(
    database: Database, since: date, expected: dict[str, int]
) -> None:
    for day, members in (
        (date(2026, 8, 14), (1, 3)),  # before everything that is asked for
        (date(2026, 9, 30), (1, 3)),
        (date(2026, 10, 31), (1, 3)),
        (date(2026, 11, 1), (1,)),
        (TODAY - timedelta(days=1), (1,)),
        (TODAY, (1, 2)),
    ):
        await _add(database, day, *members)

    found = await database.read(lambda c: daily.by_member(c, GUILD, since, TODAY))

    assert found == {name: _times(number) for name, number in expected.items()}
    assert await database.read(lambda c: daily.first_day(c, GUILD)) == date(2026, 8, 14)
    days = await database.read(
        lambda c: daily.by_day(c, GUILD, Dimension.MEMBER, "3", date(2026, 9, 1), TODAY)
    )
    assert days == {date(2026, 9, 30): ONE, date(2026, 10, 31): ONE}
