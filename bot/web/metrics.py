"""The page /metrics: what was counted, and what can be seen at the moment somebody asks."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.metrics import Metrics

Reading = float | Mapping[str, float]
"""A figure, or figures by the value of their one label."""

READINGS: Final[Mapping[str, tuple[str, str | None]]] = {
    "queue_waiting": ("Requests that wait for their turn.", None),
    "queue_running": ("Requests in flight: being prepared, made or shown.", None),
    "workers": ("Processes that open pictures.", None),
    "workers_busy": ("Jobs that processes for pictures do now.", None),
    "workers_ended_total": ("Processes for pictures that were replaced.", "how"),
    "provider_stopped": ("1 while the picture service is not asked, by cause.", "cause"),
    "gateway_up": ("1 while a shard is connected to Discord.", "shard"),
    "gateway_latency_seconds": ("A heartbeat's way to Discord and back.", "shard"),
    "servers": ("Servers that Easel is on.", None),
    "discord_stopped": ("1 while calls to Discord stop, because too many were refused.", None),
}
"""What is looked at: what it says, and its label."""

Look = Callable[[], Mapping[str, Reading]]


class Live(Collector):
    """Figures that are read from what works, by their names in `READINGS`."""

    def __init__(self, look: Look) -> None:
        self._look = look

    def collect(self) -> Iterable[Metric]:
        """Look now."""
        for name, reading in self._look().items():
            says, label = READINGS[name]
            yield _family(f"easel_{name}", says, label, reading)


def metrics_route(metrics: Metrics, look: Look) -> web.RouteDef:
    """Return the page; *look* gives what is to be seen now."""
    metrics.registry.register(Live(look))

    async def page(request: web.Request) -> web.Response:
        del request
        headers = {"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"}
        return web.Response(body=generate_latest(metrics.registry), headers=headers)

    return web.get("/metrics", page)


def _family(name: str, says: str, label: str | None, reading: Reading) -> Metric:
    kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
    if not isinstance(reading, Mapping):
        return kind(name, says, value=reading)
    family = kind(name, says, labels=[label] if label else [])
    for value, figure in reading.items():
        family.add_metric([value], figure)
    return family
