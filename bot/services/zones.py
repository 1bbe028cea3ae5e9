"""Time zones by name, as people look for them."""

from functools import cache
from zoneinfo import available_timezones

_NOT_PLACES = ("Etc/", "SystemV/", "posix", "right/", "Factory", "localtime")


@cache
def names() -> tuple[str, ...]:
    """Return every IANA name that a server may choose, in alphabetical order."""
    found = (name for name in available_timezones() if not name.startswith(_NOT_PLACES))
    return tuple(sorted(found))


def find(text: str) -> str | None:
    """Return the name that *text* means, blind to case and spaces; None where there is none."""
    return _by_key().get(_key(text))


def matching(text: str, most: int) -> list[str]:
    """Return at most *most* names for what was typed so far, best first."""
    typed = _key(text)
    found = [name for name in names() if typed in _key(name)]
    return sorted(found, key=lambda name: _distance(name, typed))[:most]


def _distance(name: str, typed: str) -> tuple[bool, bool, bool]:
    area, _, city = name.partition("/")
    return name != "UTC", not _key(city or area).startswith(typed), not city


def _key(text: str) -> str:
    return text.strip().casefold().replace(" ", "_")


@cache
def _by_key() -> dict[str, str]:
    return {_key(name): name for name in names()}
