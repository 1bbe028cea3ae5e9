"""The life of a request: admitted, prepared, called once, shown; or ended in plain words."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Final, Protocol

import structlog

from bot.domain.asks import Ask, Command
from bot.domain.clock import Park
from bot.domain.errors import (
    Closing,
    MaskSelectsAll,
    MaskSelectsNothing,
    MaybeBilled,
)
from bot.domain.pictures import TRANSPARENT_PARTS
from bot.imaging.pool import Imaging
from bot.imaging.values import Finished, Named, Normalised, OwnTransparency, Uploaded
from bot.providers.base import Answer, ImageProvider, PictureRequest, Price
from bot.services.admission import Admission, Ticket
from bot.services.books import Books, Shown
from bot.services.downloads import Downloader

log = structlog.get_logger(__name__)

CALL_DEADLINE: Final = 13 * 60.0
"""Seconds for the provider, retries included: the reply's token dies after 15 minutes."""

WHOLE_MESSAGE: Final = 24 * 1024 * 1024
"""Bytes of pictures in one message: Discord takes 25 MiB, form and text included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What is shown: at least one picture. *seconds* is what the provider took."""

    ticket: Ticket
    pictures: tuple[Finished, ...]
    revised_prompt: str | None = field(repr=False)
    price: Price
    seconds: float
    notes: tuple[str, ...]


class Stage(Protocol):
    """Where results are shown."""

    async def show(self, result: Result) -> Shown:
        """Show *result* once and return where. Raises UserError where that is impossible."""
        ...


@dataclass(frozen=True, slots=True)
class _Prepared:
    request: PictureRequest
    picture: Normalised | None = None
    source: bytes | None = None


class Studio:
    """Makes pictures for members. Every request that it admits reaches a final state."""

    def __init__(
        self,
        admission: Admission,
        books: Books,
        provider: ImageProvider,
        imaging: Imaging,
        downloads: Downloader,
        *,
        park: Park,
        at_once: int,
    ) -> None:
        self.books = books
        self._admission = admission
        self._provider = provider
        self._imaging = imaging
        self._downloads = downloads
        self._park = park
        self._slots = asyncio.Semaphore(at_once)
        self._running: set[asyncio.Task[object]] = set()
        self._closing = False

    async def admit(self, ask: Ask) -> Ticket:
        """Book *ask*, or raise a UserError that cost nothing.

        `perform` or `books.withdrawn` must follow.
        """
        if self._closing:
            raise Closing
        return await self._admission.admit(ask)

    async def perform(self, ticket: Ticket, stage: Stage) -> None:
        """Make what *ticket* asks for and show it on *stage*.

        Raises:
            UserError: it failed; the books are closed and the error says what it cost.
        """
        with structlog.contextvars.bound_contextvars(job=ticket.code):
            async with self._owned(ticket):
                await self._perform(ticket, stage)

    async def close(self, seconds: float) -> None:
        """Admit nothing more, give running requests *seconds* to end, then cancel them."""
        self._closing = True
        if not self._running:
            return
        log.info("studio_draining", running=len(self._running))
        _, late = await asyncio.wait(set(self._running), timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _perform(self, ticket: Ticket, stage: Stage) -> None:
        async with self._ending(ticket, called=False):
            prepared = await self._prepare(ticket)
            await self.books.calling(ticket)
        async with self._ending(ticket, called=True):
            started = perf_counter()
            answer = await self._call(prepared.request)
            seconds = perf_counter() - started
        async with self._ending(ticket, called=True, price=answer.price):
            await self.books.made(ticket, answer)
            finished = await self._finish(ticket, answer, prepared)
            result = Result(
                ticket=ticket,
                pictures=finished,
                revised_prompt=answer.pictures[0].revised_prompt,
                price=answer.price,
                seconds=seconds,
                notes=prepared.picture.notes if prepared.picture else (),
            )
            shown = await stage.show(result)
        await self.books.done(ticket, answer.price, len(finished), shown)
        log.info("job_done", pictures=len(finished), seconds=round(seconds, 1))

    async def _prepare(self, ticket: Ticket) -> _Prepared:
        ask = ticket.ask
        if ask.source is None:
            return _Prepared(ticket.request)
        data = await self._downloads.fetch(ask.source, "picture")
        side = ticket.model.input_sides[-1]
        picture = await self._imaging.normalise(data, side=side, fit=ask.fit)
        mask = await self._mask(ticket, picture)
        return _Prepared(replace(ticket.request, image=picture.png, mask=mask), picture, data)

    async def _mask(self, ticket: Ticket, picture: Normalised) -> bytes | None:
        ask = ticket.ask
        if ask.mask is not None:
            uploaded = Uploaded(await self._downloads.fetch(ask.mask, "mask"))
            return await self._imaging.mask(uploaded, picture)
        if ask.region == TRANSPARENT_PARTS:
            return await self._imaging.mask(OwnTransparency(), picture)
        if ask.region is not None:
            return await self._imaging.mask(Named(ask.region), picture)
        if ask.command is Command.EDIT and ticket.model.needs_mask:
            with suppress(MaskSelectsNothing, MaskSelectsAll):
                return await self._imaging.mask(OwnTransparency(), picture)
        return None

    async def _call(self, request: PictureRequest) -> Answer:
        try:
            async with asyncio.timeout(CALL_DEADLINE):
                return await self._provider.make(request)
        except TimeoutError as error:
            raise MaybeBilled from error

    async def _finish(
        self, ticket: Ticket, answer: Answer, prepared: _Prepared
    ) -> tuple[Finished, ...]:
        finished = await self._imaging.finish_all(
            [made.data for made in answer.pictures],
            each=ticket.ask.place.upload_limit,
            together=WHOLE_MESSAGE,
            picture=prepared.picture if ticket.ask.shape is None else None,
            mask=prepared.request.mask,
            source=prepared.source,
        )
        return tuple(one for one in finished if one is not None)

    @asynccontextmanager
    async def _owned(self, ticket: Ticket) -> AsyncGenerator[None]:
        """Hold one of the slots, and be known to `close`."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - coroutines run in tasks
        self._running.add(task)
        try:
            async with self._ending(ticket, called=False):
                await self._park(self._slots.acquire(), "a free place among the running requests")
            try:
                yield
            finally:
                self._slots.release()
        finally:
            self._running.discard(task)

    @asynccontextmanager
    async def _ending(
        self, ticket: Ticket, *, called: bool, price: Price | None = None
    ) -> AsyncGenerator[None]:
        """Close the books when the body fails, however it fails."""
        try:
            yield
        except BaseException as error:
            await self.books.failed(ticket, error, called=called, price=price)
            raise
