"""Pages for those who watch the bot: /healthz (alive), /readyz (able to work), and others given."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from time import perf_counter
from typing import Final

from aiohttp import web

from bot.domain.errors import SetupError

Probe = Callable[[], Awaitable[bool]]
"""Tells whether one part works; False, an exception and silence all mean that it does not."""

Role = Callable[[], str]
"""Tells what the process does: *starting*, *standby* or *working*."""

PROBE_SECONDS: Final = 2.0
"""How long a probe may take."""

LAG_SECONDS: Final = 5.0
"""A loop that was blocked this long is not healthy."""

_BEAT = 0.5  # seconds between two looks at the loop


class LoopWatch:
    """Measures how late the event loop runs what is due; *on_beat* is told the seconds."""

    def __init__(self, on_beat: Callable[[float], None] = lambda _lag: None) -> None:
        self._on_beat = on_beat
        self._due = perf_counter() + _BEAT
        self._last = 0.0

    @property
    def lag(self) -> float:
        """Seconds by which the latest beat was late, or the next one already is."""
        return max(self._last, perf_counter() - self._due, 0.0)

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            self._due = perf_counter() + _BEAT
            await asyncio.sleep(_BEAT)
            self._last = max(perf_counter() - self._due, 0.0)
            self._on_beat(self._last)


@asynccontextmanager
async def serve_health(
    host: str,
    port: int,
    probes: Mapping[str, Probe],
    *,
    role: Role = lambda: "working",
    routes: Sequence[web.RouteDef] = (),
    watch: LoopWatch | None = None,
) -> AsyncGenerator[web.TCPSite]:
    """Serve the pages on *host* and *port* while the body runs.

    *probes* decide /readyz; *role* is what the process does at all, on both pages.

    Raises:
        SetupError: the address is taken or not this machine's.
    """
    watch = watch or LoopWatch()
    app = health_app(watch, probes, role)
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    beat = asyncio.create_task(watch.run(), name="loop watch")
    try:
        site = web.TCPSite(runner, host, port)
        await _start(site, host, port)
        yield site
    finally:
        beat.cancel()
        with suppress(asyncio.CancelledError):
            await beat
        await runner.cleanup()


def health_app(
    watch: LoopWatch, probes: Mapping[str, Probe], role: Role = lambda: "working"
) -> web.Application:
    """Return the pages as an application."""

    async def alive(request: web.Request) -> web.Response:
        del request
        lag = watch.lag
        return _page({"loop": lag < LAG_SECONDS}, lag_seconds=round(lag, 3), role=role())

    async def ready(request: web.Request) -> web.Response:
        del request
        answers = await asyncio.gather(*(_ask(probe) for probe in probes.values()))
        return _page(dict(zip(probes, answers, strict=True)), role=role())

    app = web.Application()
    app.add_routes([web.get("/healthz", alive), web.get("/readyz", ready)])
    return app


async def _start(site: web.TCPSite, host: str, port: int) -> None:
    try:
        await site.start()
    except OSError as error:
        raise SetupError(
            f"The health pages cannot listen on {host}, port {port} ({error.strerror}); "
            "choose another HEALTH_HOST or HEALTH_PORT, or leave HEALTH_PORT empty."
        ) from error


async def _ask(probe: Probe) -> bool:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return await probe()
    except Exception:  # noqa: BLE001 - whatever went wrong, that part is not ready
        return False


def _page(checks: Mapping[str, bool], **more: float | str) -> web.Response:
    well = all(checks.values())
    body = {"ok": well, **checks, **more}
    return web.json_response(
        body, status=200 if well else 503, headers={"Cache-Control": "no-store"}
    )
