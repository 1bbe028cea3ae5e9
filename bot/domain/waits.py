"""How long people waited, in classes: few enough to keep for every day, fine enough to compare."""

import math
from collections.abc import Mapping
from typing import Final

_FIRST: Final = 0.5
_STEP: Final = 1.25
LAST: Final = 40
"""The class of everything above an hour."""


def wait_class(seconds: float) -> int:
    """Return the class of a wait; class 0 ends at half a second, each next one 25 % later."""
    steps = math.log(max(seconds, _FIRST) / _FIRST, _STEP)
    return min(LAST, math.ceil(round(steps, 9)))  # a class's own end is in it


def quantile(waits: Mapping[int, int], part: float) -> float | None:
    """Return how many seconds *part* of the waits took at most, from how many each class has.

    It is exact to its class, so to 25 %; between a class's ends they count as evenly spread. None
    where nobody waited.
    """
    rank = part * sum(waits.values())
    before = 0
    for number in sorted(waits):
        if waits[number] and before + waits[number] >= rank:
            low, high = _end(number - 1), _end(number)
            return low + (high - low) * (rank - before) / waits[number]
        before += waits[number]
    return None


def _end(number: int) -> float:
    return 0.0 if number < 0 else _FIRST * _STEP**number
