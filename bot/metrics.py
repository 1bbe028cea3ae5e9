"""What is counted while Easel works: of one process, since its start, for Prometheus.

Names and labels are few and fixed: no server, no member and no code is ever a label.
"""

from collections.abc import Generator
from contextlib import contextmanager
from time import perf_counter
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

from bot.domain.errors import UserError

SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 780)
"""The classes of times of a request; the last one is its deadline."""

LAG: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
"""The classes of the event loop's lag, in seconds."""

_MILLION = 1e6


class Metrics:
    """The counters; `registry` also takes what is only looked at when somebody asks."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._asks = self._counter("asks", "Requests that people made.", "command")
        self._refusals = self._counter(
            "refusals", "Requests that were refused before anything was booked.", "reason"
        )
        self._results = self._counter(
            "results", "Requests that ended, by their end and its cause.", "command state cause"
        )
        self._dollars = self._counter("dollars", "Dollars that were booked.", "model state")
        self._stages = self._histogram(
            "stage_seconds", "How long the parts of a request took.", SECONDS, "stage"
        )
        self._calls = self._histogram(
            "provider_call_seconds", "Calls to the picture service.", SECONDS, "model outcome"
        )
        self._lag = self._histogram("loop_lag_seconds", "How late the event loop was.", LAG)

    def asked(self, command: str) -> None:
        """Count one request that was booked."""
        self._asks.labels(command).inc()

    @contextmanager
    def refusing(self, command: str) -> Generator[None]:
        """Count one request where the body refuses it."""
        try:
            yield
        except UserError as error:
            self._asks.labels(command).inc()
            self._refusals.labels(type(error).__name__).inc()
            raise

    def ended(self, command: str, state: str, cause: str, model: str, micros: int) -> None:
        """Count one request that ended; *cause* is the name of an error or empty."""
        self._results.labels(command, state, cause).inc()
        self._dollars.labels(model, state).inc(micros / _MILLION)

    @contextmanager
    def stage(self, name: str) -> Generator[None]:
        """Measure how long the body takes, as a part of a request; also where it fails."""
        began = perf_counter()
        try:
            yield
        finally:
            self._stages.labels(name).observe(perf_counter() - began)

    def called(self, model: str, outcome: str, seconds: float) -> None:
        """Count one call to the picture service; *outcome* is ok or the name of an error."""
        self._calls.labels(model, outcome).observe(seconds)

    def lagged(self, seconds: float) -> None:
        """Count one look at how late the event loop is."""
        self._lag.observe(seconds)

    def _counter(self, name: str, says: str, labels: str) -> Counter:
        return Counter(f"easel_{name}", says, labels.split(), registry=self.registry)

    def _histogram(
        self, name: str, says: str, classes: tuple[float, ...], labels: str = ""
    ) -> Histogram:
        return Histogram(
            f"easel_{name}", says, labels.split(), buckets=classes, registry=self.registry
        )
