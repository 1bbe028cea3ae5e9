"""The windows that limits are counted in, by the clocks of a server's time zone."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)


class Window(StrEnum):
    """What a limit starts anew after."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def zone(name: str) -> tzinfo:
    """Return the IANA time zone *name*, or UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def span(window: Window, at: datetime, tz: tzinfo) -> tuple[datetime, datetime]:
    """Return when the *window* that holds *at* starts and when the next one does, in UTC.

    Windows follow one another without gap or overlap. A day lasts from the first midnight of its
    date to the first of the next, 23 or 25 hours where clocks are changed; weeks start on Monday.
    Hours are real ones and start on the hour.
    """
    if window is Window.HOUR:
        return _hour(at, tz)
    first, following = _DATES[window](at.astimezone(tz).date())
    if at >= _midnight(following, tz):  # clocks were put back over midnight: the date came twice
        first, following = _DATES[window](following)
    return _midnight(first, tz), _midnight(following, tz)


def _week(day: date) -> tuple[date, date]:
    monday = day - day.weekday() * _DAY
    return monday, monday + 7 * _DAY


def _month(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    return first, (first + 31 * _DAY).replace(day=1)


_DATES: Mapping[Window, Callable[[date], tuple[date, date]]] = {
    Window.DAY: lambda day: (day, day + _DAY),
    Window.WEEK: _week,
    Window.MONTH: _month,
}


def _midnight(day: date, tz: tzinfo) -> datetime:
    """Return the first instant at which the clocks show *day*, or a later one if they skip it."""
    wall = datetime.combine(day, time.min, tz)
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
