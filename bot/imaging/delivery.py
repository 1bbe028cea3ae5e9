"""How several pictures share the room that one message has. Whole numbers only."""

from collections.abc import Sequence


def fair_limit(sizes: Sequence[int], together: int) -> int:
    """Return the largest limit with which all of *sizes*, cut down to it, fit *together* bytes.

    What small pictures leave over, the large ones get.
    """
    left, waiting = together, sorted(sizes)
    while waiting:
        each = left // len(waiting)
        if waiting[0] > each:
            return each
        left -= waiting.pop(0)
    return together
