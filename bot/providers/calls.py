"""From a request to the raw answer: in turn, below the rate, by the right endpoint.

What is asked again here surely did not run the time before.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.domain.errors import (
    Billed,
    OperationMissing,
    ParameterRejected,
    ProviderBusy,
    ProviderError,
    ProviderUnreachable,
)
from bot.providers import dialects
from bot.providers.base import Operation, PictureRequest, Watch
from bot.providers.dialects import Call
from bot.providers.images_client import Heard, ImagesClient, RawAnswer
from bot.providers.models import Model
from bot.providers.rate import Start
from bot.providers.rates import Rate
from bot.providers.waiting import Budget, Patience
from bot.providers.watching import partials_for

SLOW_QUALITIES = frozenset({"high", "xhigh", "max"})
SLOW_PIXELS = 2_000_000
"""From these on a picture takes minutes, so its time-out is doubled."""

NOTICEABLE = 2.0
"""Seconds of waiting from which on the asker is told."""

RATE_REFUSED = 429

FIRST_WAIT = 1.0
"""Seconds after which `Patience` asks a busy server again that does not say when."""


@dataclass(slots=True, kw_only=True)
class Errand:
    """One of a request's parallel calls, under way.

    Attributes:
        budget: how long it may still wait, its calls not counted.
        asked: whether a call is out, or has come back, that may have been billed.
    """

    model: Model
    request: PictureRequest
    count: int
    watch: Watch
    budget: Budget
    asked: bool = False


class Calls:
    """Makes the calls to one server. *clock* gives monotonic seconds."""

    def __init__(
        self,
        client: ImagesClient,
        *,
        patience: Patience,
        rate: Rate,
        clock: Callable[[], float],
        at_once: int,
        seconds: float,
        vendor: bool,
    ) -> None:
        self._client = client
        self._patience = patience
        self._rate = rate
        self._clock = clock
        self._slots = asyncio.Semaphore(at_once)
        self._seconds = seconds
        self._vendor = vendor
        self._variations_missing = False
        self._never_streams: set[str] = set()

    def errand(self, model: Model, request: PictureRequest, count: int, watch: Watch) -> Errand:
        """Return an errand that has not begun."""
        budget = Budget(self._patience.wait_seconds)
        return Errand(model=model, request=request, count=count, watch=watch, budget=budget)

    async def answer(self, errand: Errand) -> RawAnswer:
        """Return the server's answer. Raises a ProviderError when asking again is over."""
        return await self._patience.call(
            lambda: self._in_turn(errand), errand.budget, errand.watch.waiting
        )

    async def _in_turn(self, errand: Errand) -> RawAnswer:
        async with self._slots:
            return await self._routed(errand)

    async def _routed(self, errand: Errand) -> RawAnswer:
        model, request = errand.model, errand.request
        if self._takes_variation(model, request):
            try:
                call = dialects.variation(model, request, errand.count)
                return await self._send(errand, Operation.VARY, call)
            except OperationMissing:
                self._variations_missing = True
        if not self._streams(errand):
            return await self._drawn(errand, replace(request, previews=0))
        try:
            return await self._drawn(errand, request)
        except ParameterRejected:  # nothing ran; perhaps it was ``stream`` that was not known
            answer = await self._drawn(errand, replace(request, previews=0))
            self._never_streams.add(model.name)
            return answer

    async def _drawn(self, errand: Errand, request: PictureRequest) -> RawAnswer:
        operation, call = dialects.drawn(errand.model, request, errand.count, vendor=self._vendor)
        return await self._send(errand, operation, call)

    def _streams(self, errand: Errand) -> bool:
        """Whether to ask for pictures in the making: one call for one picture can show them."""
        return (
            errand.model.previews_of(errand.request) > 0
            and errand.model.name not in self._never_streams
        )

    def _takes_variation(self, model: Model, request: PictureRequest) -> bool:
        """Whether to ask the variations endpoint, which takes no words: a hint rules it out."""
        return (
            request.operation is Operation.VARY
            and model.variations
            and not self._variations_missing
            and not request.prompt.strip()
        )

    async def _send(self, errand: Errand, operation: Operation, call: Call) -> RawAnswer:
        start = await self._start(errand)
        heard = Heard()
        seconds = seconds_for(errand.request, self._seconds)
        errand.asked = True
        try:
            async with partials_for(errand.watch) as on_partial:
                raw = await self._client.ask(
                    operation, call, seconds=seconds, heard=heard, on_partial=on_partial
                )
        except ProviderError as error:
            errand.asked = error.billed is not Billed.NO
            await self._learn(error, heard, start)
            raise
        await self._rate.answered(heard.headers, start)
        return raw

    async def _start(self, errand: Errand) -> Start:
        """Wait until the rate lets them start; raises ProviderBusy where that is too long."""
        wait = await self._rate.delay(errand.count)
        if NOTICEABLE < wait <= errand.budget.left:
            await errand.watch.waiting(wait)
        began = self._clock()
        start = await self._rate.take(errand.count, within=max(0.0, errand.budget.left))
        errand.budget.spend(self._clock() - began)
        return start

    async def _learn(self, error: ProviderError, heard: Heard, start: Start) -> None:
        if isinstance(error, ProviderBusy) and heard.status == RATE_REFUSED:
            after = error.retry_after if error.retry_after is not None else FIRST_WAIT
            await self._rate.refused(heard.headers, after, start)
        elif isinstance(error, _NOT_TAKEN):
            await self._rate.undo(start)


_NOT_TAKEN = (ProviderUnreachable, OperationMissing, ParameterRejected)


def seconds_for(request: PictureRequest, seconds: float) -> float:
    """Return how long one call may take."""
    pixels = request.size.width * request.size.height
    slow = request.quality in SLOW_QUALITIES or pixels >= SLOW_PIXELS
    return seconds * 2 if slow else seconds
