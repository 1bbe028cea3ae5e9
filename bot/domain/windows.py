"""The windows that limits are counted in, by the clocks of a server."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)
_ROLLING = re.compile(r"rolling:([1-9]\d{0,3})", re.ASCII)

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
"""The bounds of what never starts anew."""

MOST_ROLLING_HOURS = 24 * 31


class Window(StrEnum):
    """What a limit starts anew after; a lifetime never does."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    LIFETIME = "lifetime"


@dataclass(frozen=True, slots=True, order=True)
class Rolling:
    """The last so many hours, at any instant, to the millisecond."""

    hours: int

    def __str__(self) -> str:
        """Return how it is stored."""
        return f"rolling:{self.hours}"

    @property
    def length(self) -> timedelta:
        """How long what was used counts."""
        return self.hours * _HOUR


Period = Window | Rolling | None
"""What a limit counts in; None is this moment: what runs at once."""


class Weekday(StrEnum):
    """The days that a week may start on, Monday first."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


WEEKDAY_NUMBERS = {day: number for number, day in enumerate(Weekday)}


@dataclass(frozen=True, slots=True)
class Clocks:
    """When the days, weeks and months of a server start.

    Attributes:
        timezone: an IANA name.
        week_start: the weekday that weeks start on.
        reset_hour: 0 to 23: the hour of the clock at which days, weeks and months start.
    """

    timezone: str = "UTC"
    week_start: Weekday = Weekday.MONDAY
    reset_hour: int = 0


def zone(name: str) -> tzinfo:
    """Return the IANA time zone *name*, or UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def period(text: str) -> Window | Rolling:
    """Return what ``day`` or ``rolling:24`` says. Raises ValueError: it says nothing of the kind.

    It is what ``str`` gives of a window, too.
    """
    found = _ROLLING.fullmatch(text)
    return Rolling(int(found[1])) if found else Window(text)


def span(window: Window, at: datetime, clocks: Clocks) -> tuple[datetime, datetime]:
    """Return when the *window* that holds *at* starts and when the next one does, in UTC.

    Windows follow one another without gap or overlap. A day lasts from the first instant at which
    the clocks show the reset hour on its date, or a later hour if they skip it, to the same of the
    next date: 23 or 25 hours where clocks are changed. Hours are real ones and start on the hour.
    """
    tz = zone(clocks.timezone)
    if window is Window.LIFETIME:
        return ALWAYS
    if window is Window.HOUR:
        return _hour(at, tz)
    dates, hour = _DATES[window], time(clocks.reset_hour)
    first, following = dates(at.astimezone(tz).date(), clocks)
    while at < (starts := _clock_shows(first, hour, tz)):  # before the reset hour
        first, following = dates(first - _DAY, clocks)
    while at >= (ends := _clock_shows(following, hour, tz)):  # clocks put back: a date came twice
        starts = ends
        following = dates(following, clocks)[1]
    return starts, ends


def _day(day: date, _clocks: Clocks) -> tuple[date, date]:
    return day, day + _DAY


def _week(day: date, clocks: Clocks) -> tuple[date, date]:
    first = day - (day.weekday() - WEEKDAY_NUMBERS[clocks.week_start]) % 7 * _DAY
    return first, first + 7 * _DAY


def _month(day: date, _clocks: Clocks) -> tuple[date, date]:
    first = day.replace(day=1)
    return first, (first + 31 * _DAY).replace(day=1)


_DATES: Mapping[Window, Callable[[date, Clocks], tuple[date, date]]] = {
    Window.DAY: _day,
    Window.WEEK: _week,
    Window.MONTH: _month,
}


@lru_cache(maxsize=4096)
def _clock_shows(day: date, hour: time, tz: tzinfo) -> datetime:
    """Return the first instant at which the clocks show *hour* on *day*, or later if skipped."""
    wall = datetime.combine(day, hour, tz)
    instant = wall.astimezone(UTC)
    if instant.astimezone(tz).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return instant
    return _change(wall.replace(fold=1).astimezone(UTC), instant, tz)


def _hour(at: datetime, tz: tzinfo) -> tuple[datetime, datetime]:
    at = at.astimezone(UTC)
    start = at - (at + _offset(at, tz) - datetime.min.replace(tzinfo=UTC)) % _HOUR
    end = start + _HOUR
    if _minutes(start, tz) != _minutes(at, tz):  # half-hour changes, as on Lord Howe Island
        start = _change(start, at, tz)
    if _minutes(end, tz) != _minutes(at, tz):
        end = _change(at, end, tz)
    return start, end


def _change(before: datetime, after: datetime, tz: tzinfo) -> datetime:
    """Return the instant between the two at which the clocks were changed."""
    new = _offset(after, tz)
    while after - before > _TICK:
        middle = before + (after - before) // 2
        if _offset(middle, tz) == new:
            after = middle
        else:
            before = middle
    return after


def _offset(at: datetime, tz: tzinfo) -> timedelta:
    return at.astimezone(tz).utcoffset() or timedelta()


def _minutes(at: datetime, tz: tzinfo) -> timedelta:
    return _offset(at, tz) % _HOUR
