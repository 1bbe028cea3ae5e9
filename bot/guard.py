"""Stops calling Discord before Discord bans the address that Easel calls from."""

from collections import deque
from collections.abc import Callable
from time import perf_counter
from types import SimpleNamespace
from typing import Final

import aiohttp
import structlog

from bot.domain.errors import CallsStopped

log = structlog.get_logger(__name__)

MOST_INVALID: Final = 1_000
"""Answers of 401, 403 or 429 in `WINDOW` before calls stop: a tenth of what Discord bans for
("Invalid Request Limit", in its page on rate limits)."""

WINDOW: Final = 600.0
"""Seconds."""

_INVALID = frozenset({401, 403, 429})
_GATEWAY = frozenset({"ws", "wss"})


class InvalidRequestGuard:
    """Counts what Discord refuses and, while that is too much, lets no call out.

    `trace` is given to discord.py, whose client and webhooks share one session. The gateway stays
    connected. A call that is not let out raises CallsStopped.
    """

    def __init__(self, *, seconds: Callable[[], float] = perf_counter) -> None:
        self._seconds = seconds
        self._refused: deque[float] = deque(maxlen=MOST_INVALID)
        self._told = False
        self.trace = aiohttp.TraceConfig()
        self.trace.on_request_start.append(self._before)
        self.trace.on_request_end.append(self._after)

    @property
    def stopped(self) -> bool:
        """Whether no call is let out at the moment."""
        full = len(self._refused) == MOST_INVALID
        return full and self._seconds() - self._refused[0] < WINDOW

    async def _before(
        self,
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        call: aiohttp.TraceRequestStartParams,
    ) -> None:
        del session, context
        stopped = self.stopped
        if stopped is not self._told:
            self._told = stopped
            log.error("discord_calls_stopped" if stopped else "discord_calls_resumed")
        if stopped and call.url.scheme not in _GATEWAY:
            raise CallsStopped

    async def _after(
        self,
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        call: aiohttp.TraceRequestEndParams,
    ) -> None:
        del session, context
        shared = call.response.headers.get("X-RateLimit-Scope") == "shared"  # does not count
        if call.response.status in _INVALID and not shared:
            self._refused.append(self._seconds())
