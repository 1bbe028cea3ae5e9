"""What the bot is given in a simulated Discord in place of the network and of real waiting."""

import asyncio
from collections.abc import Awaitable
from contextvars import copy_context
from typing import TypeVar

import discord
from simcord.env import Env

from bot.domain.asks import Source
from bot.domain.clock import Park
from bot.domain.errors import DownloadFailed
from bot.providers.base import (
    UNWATCHED,
    Answer,
    Capabilities,
    Ending,
    Finding,
    ImageProvider,
    PictureRequest,
    Price,
    Stop,
    Watch,
)

T = TypeVar("T")


class Parking:
    """The injected `Park`: tells the simulator, once there is one, which waits are meant."""

    def __init__(self) -> None:
        self.env: Env | None = None

    async def __call__(self, awaitable: Awaitable[T], reason: str) -> T:
        """Await *awaitable* without keeping the simulator waiting."""
        if self.env is None:
            return await awaitable
        result: T = await self.env.external_wait(awaitable, reason=reason)
        return result


class SimulatedDownloads:
    """Fetches attachments from the simulated Discord's own store."""

    def __init__(self) -> None:
        self.client: discord.Client | None = None

    async def fetch(self, source: Source, what: str) -> bytes:
        """Return the bytes of *source*. Raises DownloadFailed where there are none."""
        if self.client is None:
            raise DownloadFailed(what=what)
        try:
            return await self.client.http.get_from_cdn(source.url)
        except discord.HTTPException as error:
            raise DownloadFailed(what=what) from error


class Unhurried:
    """A picture maker that the simulator does not wait for: the page shows "thinking" meanwhile.

    It works in the context where it was built, which must not be the simulated bot's: the
    simulator waits for every thread that the bot itself starts.
    """

    def __init__(self, provider: ImageProvider, park: Park) -> None:
        self._provider = provider
        self._park = park
        self._outside = copy_context()

    @property
    def name(self) -> str:
        """The provider's name in the registry."""
        return self._provider.name

    @property
    def models(self) -> dict[str, Capabilities]:
        """The models that may be asked for, by name, the default one first."""
        return self._provider.models

    def estimate(self, request: PictureRequest) -> Price:
        """Return an upper bound of what *request* costs, before it is made."""
        return self._provider.estimate(request)

    @property
    def stops(self) -> tuple[Stop, ...]:
        """Why requests are refused before anybody is asked."""
        return self._provider.stops

    def retry(self) -> int:
        """Let the next request try what is stopped."""
        return self._provider.retry()

    def ready(self, model: str) -> None:
        """Raise the error for which *model* is not asked just now, if there is one."""
        self._provider.ready(model)

    async def endings(self) -> tuple[Ending, ...]:
        """Return which models end soon or have ended."""
        return await self._provider.endings()

    async def make(self, request: PictureRequest, watch: Watch = UNWATCHED) -> Answer:
        """Make the pictures."""
        outside = self._outside.copy()
        making = outside.run(asyncio.create_task, self._provider.make(request, watch))
        return await self._park(making, "the picture")

    async def check(self) -> list[Finding]:
        """Look at key, model and reach, without spending anything."""
        return await self._provider.check()
