"""`easel top`: what a running Easel does, in the terminal, looked at again and again."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot.console.figures import Figures
from bot.console.pages import fetch

_MOST = 8  # lines of a table


@dataclass(frozen=True, slots=True)
class Watched:
    """Whom to look at, how often in seconds, and how many times (None: until interrupted)."""

    addresses: Sequence[str]
    every: float
    times: int | None


def watch(watched: Watched, console: Console | None = None) -> None:
    """Show it until it is interrupted. Raises SetupError where nobody answers at first."""
    now, before = _look(watched), None
    with Live(screen(now, before), console=console, auto_refresh=False, transient=False) as live:
        looks = 1
        while watched.times is None or looks < watched.times:
            time.sleep(watched.every)
            now, before = _look(watched), now
            live.update(screen(now, before), refresh=True)
            looks += 1


def _look(watched: Watched) -> Figures:
    pages = [fetch(address, "/metrics") for address in watched.addresses]
    return Figures.of(pages, time.monotonic())


def screen(now: Figures, before: Figures | None) -> RenderableType:
    """Return the whole view of *now*; rates are those since *before*."""
    parts = (_work(now), _rates(now, before), _money(now, before), _health(now))
    tables = [
        _table("Results", now.by("easel_results_total", "state")),
        _table("Causes", _without_empty(now.by("easel_results_total", "cause"))),
        _table("Refused", now.by("easel_refusals_total", "reason")),
        _table("Calls", now.by("easel_provider_call_seconds_count", "outcome")),
    ]
    return Group(Columns(parts, equal=True), Columns(tables, equal=True))


def _work(now: Figures) -> Panel:
    return _panel(
        "Now",
        {
            "waiting": _whole(now.total("easel_queue_waiting")),
            "in flight": _whole(now.total("easel_queue_running")),
            "opening pictures": _whole(now.total("easel_workers_busy")),
            "servers": _whole(now.total("easel_servers")),
        },
    )


def _rates(now: Figures, before: Figures | None) -> Panel:
    def rate(name: str, **labels: str) -> str:
        found = now.a_minute(before, lambda figures: figures.total(name, **labels))
        return "..." if found is None else f"{found:.1f}"

    return _panel(
        "A minute",
        {
            "asks": rate("easel_asks_total"),
            "shown": rate("easel_results_total", state="done"),
            "calls": rate("easel_provider_call_seconds_count"),
            "refused": rate("easel_refusals_total"),
        },
    )


def _money(now: Figures, before: Figures | None) -> Panel:
    spent: Callable[[Figures], float] = lambda figures: figures.total("easel_dollars_total")  # noqa: E731
    rate = now.a_minute(before, spent)
    return _panel(
        "Money since the start",
        {
            "booked": f"${spent(now):.2f}",
            "of it unsure": f"${now.total('easel_dollars_total', state='unknown'):.2f}",
            "an hour, at this rate": "..." if rate is None else f"${rate * 60:.2f}",
        },
    )


def _health(now: Figures) -> Panel:
    lags = now.total("easel_loop_lag_seconds_count")
    lag = now.total("easel_loop_lag_seconds_sum") / lags if lags else 0.0
    stops = list(now.by("easel_provider_stopped", "cause"))
    return _panel(
        "Health",
        {
            "shards connected": _whole(now.total("easel_gateway_up")),
            "loop lag": f"{lag * 1000:.1f} ms",
            "workers lost": _whole(now.total("easel_workers_ended_total", how="killed")),
            "picture service": Text("stopped: " + ", ".join(stops), "bold red") if stops else "ok",
        },
    )


def _panel(title: str, lines: Mapping[str, str | Text]) -> Panel:
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(justify="right")
    for name, value in lines.items():
        grid.add_row(name, value)
    return Panel(grid, title=title, title_align="left")


def _table(title: str, values: Mapping[str, float]) -> Panel:
    shown = list(values.items())[:_MOST]
    return _panel(title, {name: _whole(value) for name, value in shown} or {"none yet": ""})


def _without_empty(values: Mapping[str, float]) -> Mapping[str, float]:
    return {name: value for name, value in values.items() if name}


def _whole(value: float) -> str:
    return f"{value:.0f}"
