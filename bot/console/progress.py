"""Progress of long commands: a bar in a terminal, a line now and then anywhere else."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import click

from bot.domain.progress import Progress

_EVERY = 1.0  # seconds between two lines


@contextmanager
def told(what: str, unit: Callable[[int], str]) -> Generator[Progress]:
    """Give a function that shows on the error stream how far *what* has come, counted in *unit*."""
    from rich import progress as rich
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(what, unit)
        return
    columns = (rich.TextColumn("{task.description}"), rich.BarColumn(), rich.TimeRemainingColumn())
    with rich.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def tell(done: int, total: int) -> None:
            says = f"{what} {unit(done)} of {unit(total)}"
            bar.update(task, description=says, completed=done, total=total)

        yield tell


class _Lines:
    """Says it in a line, at most one a second."""

    def __init__(self, what: str, unit: Callable[[int], str]) -> None:
        self._what = what
        self._unit = unit
        self._next = time.monotonic() + _EVERY

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY
            said = f"{self._what} {self._unit(done)} of {self._unit(total)}."
            click.echo(said, err=True)
