"""Time zones, found as people look for them."""

import pytest

from bot.services import zones


def test_only_names_of_places_and_utc_are_offered() -> None:
    assert {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"} <= set(zones.names())
    assert not [name for name in zones.names() if name.startswith(("Etc/", "posix", "right/"))]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("", "UTC"),
        ("berl", "Europe/Berlin"),
        ("new y", "America/New_York"),
        ("london", "Europe/London"),
        ("asia/to", "Asia/Tokyo"),
    ],
)
def test_what_begins_as_typed_comes_first(typed: str, first: str) -> None:
    assert zones.matching(typed, 25)[0] == first


def test_no_more_are_offered_than_fit() -> None:
    assert len(zones.matching("a", 25)) == 25
    assert zones.matching("nowhere", 25) == []


def test_an_unknown_name_is_none() -> None:
    assert zones.find("Mars/Base") is None
