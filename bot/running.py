"""The life of the real bot: everything opened, connected, watched, drained, closed."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import Final, NoReturn

import structlog

from bot.bootstrap import Services, open_services
from bot.checkup import discord_in_words
from bot.client import EaselClient, use_proxy
from bot.domain.errors import ShardsLost
from bot.services.doctor import opens_pictures, takes_writes
from bot.services.sharding import Sharding, open_sharding
from bot.settings import Settings, shards_of, token_of
from bot.web.desk import Desk, desk_routes
from bot.web.health import LoopWatch, Probe, serve_health
from bot.web.metrics import Reading, metrics_route
from bot.web.watchdog import watched_loop

log = structlog.get_logger(__name__)

DRAIN_SECONDS: Final = 25.0
"""How long running requests may go on after the signal to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How it is run.

    Attributes:
        standby: whether it waits until shards are free, and takes what it gets.
        end_at_once: ends the process without another word to anybody, as a kill does.
    """

    standby: bool = False
    end_at_once: Callable[[ShardsLost], NoReturn]


async def serve(
    settings: Settings, extensions: Sequence[str], stop: asyncio.Event, manner: Manner
) -> None:
    """Work until *stop* is set; then finish what runs, close everything and return.

    Where its shards may be another process's, nothing is finished: that would be done twice.

    Raises:
        SetupError: it cannot start, or go on, until a setting changes.
        DiscordUnreachable: it may later.
    """
    token = token_of(settings)
    use_proxy(settings)
    url = settings.database_url.get_secret_value()
    async with (
        watched_loop(),
        open_services(settings) as services,
        open_sharding(url, shards_of(settings)) as sharding,
        EaselClient(services, extensions) as client,
    ):
        life = Life(services, client, sharding)
        async with _health_pages(settings, life):
            working = asyncio.create_task(life.live(token, manner), name="discord")
            watching = asyncio.create_task(sharding.watch(), name="shards")
            stopping = asyncio.create_task(stop.wait(), name="signals")
            tasks = {working, watching, stopping}
            for task in (working, watching):  # also while it is draining
                task.add_done_callback(partial(_end_if_lost, manner))
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                if working.done():
                    with discord_in_words():
                        working.result()
                    return
                log.info("stopping")
            finally:
                if life.role != "working":
                    working.cancel()
                await services.studio.close(DRAIN_SECONDS)
                await client.close()
                await _end(*tasks)
    log.info("stopped")


def _end_if_lost(manner: Manner, task: "asyncio.Task[None]") -> None:
    error = None if task.cancelled() else task.exception()
    if isinstance(error, ShardsLost):
        manner.end_at_once(error)


class Life:
    """One process's: it gets ready for all, then waits for its shards, then works on them.

    *role* is how far it has come: starting, standby or working (Discord has let it in).
    """

    def __init__(self, services: Services, client: EaselClient, sharding: Sharding) -> None:
        self.services = services
        self.client = client
        self._sharding = sharding
        self.role = "starting"

    async def live(self, token: str, manner: Manner) -> None:
        """Work until it is cancelled, or cannot go on."""
        await self.client.load_commands()
        freeze_objects()
        await self._get_shards(manner)
        self.role = "starting"  # also after standing by: Discord may refuse, or be away
        await self.client.login(token)
        self.role = "working"
        await self.client.connect()

    async def _get_shards(self, manner: Manner) -> None:
        ownership = self.services.ownership
        if not manner.standby:
            await self._sharding.take(ownership)
            return
        self.role = "standby"
        log.info("stands_by")
        await self._sharding.stand_by(ownership)
        log.info("takes_over", shards=ownership.shards.ids or "all")
        await self.services.usual.load()  # what was measured while it stood by


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
async def _health_pages(settings: Settings, life: Life) -> AsyncGenerator[None]:
    if settings.health_port is None:
        yield
        return
    services = life.services
    async with serve_health(
        settings.health_host,
        settings.health_port,
        readiness(services, life.client),
        role=lambda: life.role,
        routes=[
            metrics_route(services.metrics, partial(figures, services, life.client)),
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
        "gateway_up": {str(id_): not each.is_closed() for id_, each in client.shards.items()},
        "gateway_latency_seconds": {str(id_): ms for id_, ms in client.latencies},
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
        return client.is_ready() and not any(s.is_closed() for s in client.shards.values())

    async def provider() -> bool:
        return all(stop.model is not None for stop in services.provider.stops)

    return {
        "gateway": gateway,
        "database": lambda: takes_writes(services.database),
        "workers": lambda: opens_pictures(services.imaging),
        "provider": provider,
    }
