"""Every day of three years on which clocks change, in every zone, against `whenever`."""

# pyright: reportUnknownMemberType=false
# `whenever` takes time zones of Python versions that are not there yet.

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from whenever import Instant, PlainDateTime, RepeatedTime, SkippedTime, ZonedDateTime

from bot.domain.windows import Clocks, Weekday, Window, span

FIRST, LAST = datetime(2025, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
HOURS = (0, 1, 2, 3, 23)
NAMES = sorted(available_timezones() - {"localtime"})


def changes(name: str) -> Iterator[date]:
    """Yield the days, of the zone's own calendar, within which its clocks change."""
    tz, at = ZoneInfo(name), FIRST
    while at < LAST:
        if at.astimezone(tz).utcoffset() != (at + WEEK).astimezone(tz).utcoffset():
            for days in range(7):
                day = at + days * DAY
                if day.astimezone(tz).utcoffset() != (day + DAY).astimezone(tz).utcoffset():
                    yield from {day.astimezone(tz).date(), (day + DAY).astimezone(tz).date()}
        at += WEEK


@cache
def starts(name: str, day: date, hour: int) -> datetime:
    """Return when the clocks first show *hour* on *day*, or pass it, as `whenever` has it."""
    wall = PlainDateTime(day.year, day.month, day.day, hour)
    try:
        return _utc(wall.assume_tz(name, disambiguation="raise"))
    except RepeatedTime:
        return _utc(wall.assume_tz(name, disambiguation="earlier"))
    except SkippedTime:
        return _passed(name, wall)


def _passed(name: str, wall: PlainDateTime) -> datetime:
    """Return the instant at which clocks jump over *wall*: between the two ways to read it."""
    low = wall.assume_tz(name, disambiguation="earlier").timestamp(unit="millisecond")
    high = wall.assume_tz(name, disambiguation="later").timestamp(unit="millisecond")
    while high - low > 1:
        middle = (low + high) // 2
        shown = Instant.from_timestamp(middle, unit="millisecond").to_tz(name).to_plain()
        low, high = (low, middle) if shown >= wall else (middle, high)
    return datetime.fromtimestamp(high / 1000, UTC)


def _utc(found: ZonedDateTime) -> datetime:
    return datetime.fromtimestamp(found.timestamp(unit="millisecond") / 1000, UTC)


def look(name: str) -> tuple[object, ...]:
    """Return what tells a zone's clocks of those years apart; many names mean the same clocks."""
    tz, weeks = ZoneInfo(name), (LAST - FIRST) // WEEK
    offsets = ((FIRST + number * WEEK).astimezone(tz).utcoffset() for number in range(weeks))
    return (*offsets, *DAYS_OF[name])


DAYS_OF = {name: tuple(dict.fromkeys(changes(name))) for name in NAMES}
CLOCKS = {look(name): name for name in NAMES if DAYS_OF[name]}
DAYS = {name: DAYS_OF[name] for name in CLOCKS.values()}


def test_there_is_something_to_look_at() -> None:
    assert sum(map(len, DAYS_OF.values())) > 1_000
    assert sum(map(len, DAYS.values())) > 200


@pytest.mark.parametrize("hour", HOURS)
def test_days_start_when_the_clocks_show_the_reset_hour(hour: int) -> None:
    for name, days in DAYS.items():
        clocks = Clocks(name, reset_hour=hour)
        for day in days:
            first, second = starts(name, day, hour), starts(name, day + DAY, hour)
            for at in (first, first + timedelta(hours=1), second - timedelta(milliseconds=1)):
                assert span(Window.DAY, at, clocks) == (first, second), (name, day, at)


@pytest.mark.parametrize("week_start", Weekday)
def test_weeks_start_on_the_chosen_day(week_start: Weekday) -> None:
    number = list(Weekday).index(week_start)
    for name, days in DAYS.items():
        for day in days:
            monday = day - (day.weekday() - number) % 7 * DAY
            week = starts(name, monday, 0), starts(name, monday + WEEK, 0)
            clocks = Clocks(name, week_start)
            assert span(Window.WEEK, starts(name, day, 0), clocks) == week, (name, day)
            assert span(Window.WEEK, week[1] - timedelta(milliseconds=1), clocks) == week


def test_months_start_on_the_first() -> None:
    for name, days in DAYS.items():
        for day in days:
            first = day.replace(day=1)
            month = starts(name, first, 2), starts(name, (first + 31 * DAY).replace(day=1), 2)
            at = starts(name, day, 2)
            assert span(Window.MONTH, at, Clocks(name, reset_hour=2)) == month, (name, day)


def test_days_of_23_and_25_hours_are_among_them() -> None:
    lengths = {
        starts(name, day + DAY, 0) - starts(name, day, 0)
        for name, days in DAYS.items()
        for day in days
    }

    assert {timedelta(hours=hours) for hours in (23, 23.5, 24, 24.5, 25)} <= lengths
