from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.windows import Clocks, Window, span, zone

HOUR = timedelta(hours=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "name", "at", "starts", "ends"),
    [
        (Window.HOUR, "UTC", "2026-11-18T12:34", "2026-11-18T12:00", "2026-11-18T13:00"),
        (Window.HOUR, "Asia/Kolkata", "2026-11-18T12:20", "2026-11-18T11:30", "2026-11-18T12:30"),
        (Window.DAY, "UTC", "2026-11-18T00:00", "2026-11-18T00:00", "2026-11-19T00:00"),
        (Window.DAY, "Asia/Tokyo", "2026-11-18T14:59", "2026-11-17T15:00", "2026-11-18T15:00"),
        (Window.DAY, "Asia/Tokyo", "2026-11-18T15:00", "2026-11-18T15:00", "2026-11-19T15:00"),
        (Window.WEEK, "UTC", "2026-11-22T23:59", "2026-11-16T00:00", "2026-11-23T00:00"),
        (Window.WEEK, "UTC", "2026-11-23T00:00", "2026-11-23T00:00", "2026-11-30T00:00"),
        (Window.MONTH, "UTC", "2026-12-31T23:59", "2026-12-01T00:00", "2027-01-01T00:00"),
        (Window.MONTH, "UTC", "2028-02-29T12:00", "2028-02-01T00:00", "2028-03-01T00:00"),
        (
            Window.MONTH,
            "America/New_York",
            "2026-12-01T04:59",
            "2026-11-01T04:00",
            "2026-12-01T05:00",
        ),
    ],
)
def test_windows_follow_the_servers_clock(
    window: Window, name: str, at: str, starts: str, ends: str
) -> None:
    assert span(window, utc(at), Clocks(name)) == (utc(starts), utc(ends))


@pytest.mark.parametrize(
    ("name", "at", "hours"),
    [
        ("Europe/Berlin", "2026-03-29T12:00", 23),
        ("Europe/Berlin", "2026-10-25T12:00", 25),
        ("America/New_York", "2026-03-08T12:00", 23),
        ("America/New_York", "2026-11-01T12:00", 25),
        ("Australia/Lord_Howe", "2026-10-03T20:00", 23.5),
        ("Africa/Cairo", "2026-04-24T12:00", 23),  # its clocks skip midnight itself
        ("America/Havana", "2026-11-01T12:00", 25),  # its midnight comes twice
        ("Europe/Berlin", "2026-11-18T12:00", 24),
    ],
)
def test_a_day_has_the_hours_that_its_clocks_show(name: str, at: str, hours: float) -> None:
    starts, ends = span(Window.DAY, utc(at), Clocks(name))

    assert ends - starts == hours * HOUR


def test_the_hour_that_comes_twice_is_two_windows() -> None:
    berlin = Clocks("Europe/Berlin")
    first = span(Window.HOUR, utc("2026-10-25T00:30"), berlin)
    second = span(Window.HOUR, utc("2026-10-25T01:30"), berlin)

    assert first == (utc("2026-10-25T00:00"), utc("2026-10-25T01:00"))
    assert second == (utc("2026-10-25T01:00"), utc("2026-10-25T02:00"))


@pytest.mark.parametrize("change", ["2026-04-04T15:00", "2026-10-03T15:30"])
def test_half_hour_changes_cut_an_hour_short(change: str) -> None:
    lord_howe = Clocks("Australia/Lord_Howe")
    before = span(Window.HOUR, utc(change) - timedelta(seconds=1), lord_howe)
    after = span(Window.HOUR, utc(change) + timedelta(minutes=10), lord_howe)

    assert before[1] == after[0] == utc(change)
    assert {end - start for start, end in (before, after)} <= {HOUR, HOUR / 2}


CALENDAR = [window for window in Window if window is not Window.LIFETIME]
ZONES = sorted(available_timezones())
INSTANTS = st.datetimes(datetime(1975, 1, 1), datetime(2037, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone


@given(at=INSTANTS, name=st.sampled_from(ZONES), window=st.sampled_from(CALENDAR))
@example(at=utc("2011-10-29T02:31"), name="America/St_Johns", window=Window.DAY)  # 00:01 to 23:01
@example(at=utc("2010-11-07T02:45"), name="America/St_Johns", window=Window.DAY)
@example(at=utc("2011-12-30T10:30"), name="Pacific/Apia", window=Window.DAY)  # a date left out
@example(at=utc("1993-08-21T13:00"), name="Pacific/Kwajalein", window=Window.WEEK)
@example(at=utc("2026-04-23T22:00"), name="Africa/Cairo", window=Window.DAY)
@example(at=utc("2026-04-04T14:59"), name="Australia/Lord_Howe", window=Window.HOUR)
def test_windows_cover_time_without_gap_or_overlap(at: datetime, name: str, window: Window) -> None:
    tz = Clocks(name)
    starts, ends = span(window, at, tz)

    assert starts <= at < ends
    assert starts.tzinfo is UTC
    assert span(window, starts, tz) == (starts, ends)
    assert span(window, ends - timedelta(seconds=1), tz) == (starts, ends)
    assert span(window, ends, tz)[0] == ends


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
def test_known_zones_are_themselves(name: str) -> None:
    assert zone(name) == ZoneInfo(name)


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "", "a\0b"])
def test_unknown_zones_are_utc(name: str) -> None:
    found: tzinfo = zone(name)

    assert found is UTC
