"""How far long work has come."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Is told how much is done, and of how much: bytes, rows, revisions or servers."""


def unheard(done: int, total: int) -> None:
    """Tell nobody."""
    del done, total


def added_up(progress: Progress, total: int) -> Callable[[int], None]:
    """Return what is told of each part, and tells *progress* how much that makes of *total*."""
    done = 0

    def more(part: int) -> None:
        nonlocal done
        done += part
        progress(done, total)

    return more
