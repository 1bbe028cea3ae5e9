"""Progress of long commands: a bar in a terminal, a line now and then anywhere else."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

Tell = Callable[[int, int], None]
"""Takes how much is done, and of how much."""

_EVERY = 1.0  # seconds between two lines


@contextmanager
def told(what: str, unit: Callable[[int], str]) -> Generator[Tell]:
    """Give a function that shows on the error stream how far *what* has come, counted in *unit*."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(console, what, unit)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def tell(done: int, total: int) -> None:
            says = f"{what} {unit(done)} of {unit(total)}"
            bar.update(task, description=says, completed=done, total=total)

        yield tell


class _Lines:
    """Says it in a line, at most one a second."""

    def __init__(self, console: Console, what: str, unit: Callable[[int], str]) -> None:
        self._console = console
        self._what = what
        self._unit = unit
        self._next = time.monotonic() + _EVERY

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY
            said = f"{self._what} {self._unit(done)} of {self._unit(total)}."
            self._console.print(said, highlight=False)
