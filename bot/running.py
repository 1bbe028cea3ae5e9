"""The life of the real bot: everything opened, connected, watched, drained, closed."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from typing import Final

import structlog

from bot.bootstrap import Services, open_services
from bot.checkup import discord_in_words
from bot.client import EaselClient, use_proxy
from bot.services.doctor import opens_pictures, takes_writes
from bot.settings import Settings, token_of
from bot.web.desk import Desk, desk_routes
from bot.web.health import LoopWatch, Probe, serve_health
from bot.web.metrics import Reading, metrics_route
from bot.web.watchdog import watched_loop

log = structlog.get_logger(__name__)

DRAIN_SECONDS: Final = 25.0
"""How long running requests may go on after the signal to stop."""


async def serve(settings: Settings, extensions: Sequence[str], stop: asyncio.Event) -> None:
    """Work until *stop* is set; then finish what runs, close everything and return.

    Raises:
        SetupError: it cannot start, or go on, until a setting changes.
        DiscordUnreachable: it may later.
    """
    token = token_of(settings)
    use_proxy(settings)
    async with (
        watched_loop(),
        open_services(settings) as services,
        EaselClient(services, extensions) as client,
        _health_pages(settings, services, client),
    ):
        working = asyncio.create_task(_work(client, token), name="discord")
        stopping = asyncio.create_task(stop.wait(), name="signals")
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                with discord_in_words():
                    working.result()
                return
            log.info("stopping")
        finally:
            await services.studio.close(DRAIN_SECONDS)
            await client.close()
            await _end(working, stopping)
    log.info("stopped")


async def _work(client: EaselClient, token: str) -> None:
    await client.login(token)
    freeze_objects()
    await client.connect()


def freeze_objects() -> None:
    """Keep the garbage collector off what lives as long as the process.

    A full collection would stop the event loop for tenths of a second to look at some hundred
    thousand objects of libraries, commands and tables, none of which it can ever free.
    """
    gc.collect()
    gc.freeze()


async def _end(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # seen, so that it is not reported as forgotten


@asynccontextmanager
async def _health_pages(
    settings: Settings, services: Services, client: EaselClient
) -> AsyncGenerator[None]:
    if settings.health_port is None:
        yield
        return
    async with serve_health(
        settings.health_host,
        settings.health_port,
        readiness(services, client),
        routes=[
            metrics_route(services.metrics, partial(figures, services, client)),
            *desk_routes(_desk(services)),
        ],
        watch=LoopWatch(services.metrics.lagged),
    ):
        yield


def figures(services: Services, client: EaselClient) -> dict[str, Reading]:
    """Return what /metrics shows of this moment, by the names in `READINGS`."""
    workers, load = services.imaging.health(), services.queue.load()
    return {
        "queue_waiting": load.waiting,
        "queue_running": load.running,
        "workers": workers.workers,
        "workers_busy": workers.busy,
        "workers_ended_total": {"killed": workers.killed, "retired": workers.retired},
        "provider_stopped": dict.fromkeys((s.cause for s in services.provider.stops), 1),
        "gateway_up": {"0": client.is_ready()},
        "gateway_latency_seconds": {"0": client.latency},
        "servers": len(client.guilds),
        "discord_stopped": client.guard.stopped,
    }


def _desk(services: Services) -> Desk:
    return Desk(
        stops=lambda: [asdict(stop) for stop in services.provider.stops],
        retry=services.provider.retry,
        cancel=services.queue.cancel_as_operator,
    )


def readiness(services: Services, client: EaselClient) -> dict[str, Probe]:
    """Return what decides /readyz, part by part.

    A part that is not ready is for people to look at, never a reason to restart the process: the
    vendor's money is still out afterwards, and the breaker would have forgotten it. /healthz, which
    supervisors restart by, knows none of these.
    """

    async def gateway() -> bool:
        return client.is_ready() and client.ws.open

    async def provider() -> bool:
        return all(stop.model is not None for stop in services.provider.stops)

    return {
        "gateway": gateway,
        "database": lambda: takes_writes(services.database),
        "workers": lambda: opens_pictures(services.imaging),
        "provider": provider,
    }
