"""The life of a request: admitted, prepared, called once, shown; or ended in plain words."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final, Protocol

import structlog

from bot.domain.asks import Ask
from bot.domain.clock import Park
from bot.domain.errors import (
    Closing,
    ContentRefused,
    Cost,
    MaybeBilled,
    ProviderError,
    StorageBusy,
    TooBusy,
    UserError,
)
from bot.imaging.pool import Imaging
from bot.imaging.values import Finished, Normalised
from bot.providers.base import Answer, ImageProvider, PictureRequest, Price
from bot.services.admission import Admission, Ticket
from bot.services.books import Books, Shown
from bot.services.preparing import Prepared, Preparing

log = structlog.get_logger(__name__)

DEADLINE: Final = 13 * 60.0
"""Seconds from the ask to the provider's answer: the reply's token dies after 15 minutes."""

CALL_BEFORE: Final = 10 * 60.0
"""Seconds from the ask after which the provider is not called any more."""

WHOLE_MESSAGE: Final = 24 * 1024 * 1024
"""Bytes of pictures in one message: Discord takes 25 MiB, form and text included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What is shown: at least one picture. *seconds* is what the provider took.

    *refused* is what the vendor declined beside the pictures that came.
    """

    ticket: Ticket
    pictures: tuple[Finished, ...]
    revised_prompt: str | None = field(repr=False)
    price: Price
    seconds: float
    notes: tuple[str, ...]
    refused: tuple[ContentRefused, ...] = ()


class Stage(Protocol):
    """Where results are shown."""

    async def show(self, result: Result) -> Shown:
        """Show *result* once and return where. Raises UserError where that is impossible."""
        ...

    async def waiting(self, ticket: Ticket, seconds: float) -> None:
        """Say that the picture service is busy for about *seconds*. Never raises."""
        ...

    async def glimpse(self, ticket: Ticket, picture: Finished) -> None:
        """Show a picture in the making, perhaps, before `show`. Never raises."""
        ...


@dataclass(slots=True)
class _Follower:
    """Shows on the stage what a `Watch` is told; once it is over, nothing more."""

    imaging: Imaging
    ticket: Ticket
    stage: Stage
    picture: Normalised | None
    over: bool = False

    async def waiting(self, seconds: float) -> None:
        """Say that the picture service is busy."""
        if not self.over:
            await self.stage.waiting(self.ticket, seconds)

    async def partial(self, picture: bytes) -> None:
        """Show a picture in the making; one that cannot be shown is left out."""
        own = self.picture if self.ticket.ask.shape is None else None
        with suppress(UserError):
            glimpse = await self.imaging.glimpse(picture, picture=own)
            if not self.over:
                await self.stage.glimpse(self.ticket, glimpse)


@dataclass(slots=True)
class _Progress:
    """How far a request has come: whether the provider was called, and the price it told."""

    called: bool = False
    price: Price | None = None


class Studio:
    """Makes pictures for members. Every request that it admits reaches a final state."""

    def __init__(
        self,
        admission: Admission,
        books: Books,
        provider: ImageProvider,
        imaging: Imaging,
        preparing: Preparing,
        *,
        park: Park,
        at_once: int,
    ) -> None:
        self.books = books
        self._admission = admission
        self._provider = provider
        self._imaging = imaging
        self._preparing = preparing
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
        with structlog.contextvars.bound_contextvars(job=ticket.code), self._owned():
            result, shown = await self._show(ticket, stage)
            made = len(result.pictures)
            await self.books.done(ticket, result.price, made, shown, result.refused)
            log.info("job_done", pictures=made, seconds=round(result.seconds, 1))

    async def close(self, seconds: float) -> None:
        """Admit nothing more, give running requests *seconds* to end, then end the rest.

        Their askers are told; what may have been billed is booked.
        """
        self._closing = True
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        log.info("studio_draining", running=len(self._running))
        while self._running and clock() < deadline:
            await asyncio.wait(set(self._running), timeout=deadline - clock())
        for task in self._running:
            task.cancel()
        while self._running:
            await asyncio.wait(set(self._running))
        with suppress(StorageBusy):
            await self.books.catch_up()

    async def _show(self, ticket: Ticket, stage: Stage) -> tuple[Result, Shown]:
        asked = asyncio.get_running_loop().time()
        progress = _Progress()
        async with self._ending(ticket, progress), self._slot(asked + CALL_BEFORE):
            async with _no_later_than(asked + CALL_BEFORE):
                prepared = await self._preparing.prepare(ticket)
            await self.books.calling(ticket)
            progress.called = True
            started = perf_counter()
            watch = _Follower(self._imaging, ticket, stage, prepared.picture)
            answer = await self._call(prepared.request, watch, asked + DEADLINE)
            progress.price = answer.price
            seconds = perf_counter() - started
            await self._keep(ticket, answer)
            result = Result(
                ticket=ticket,
                pictures=await self._finish(ticket, answer, prepared),
                revised_prompt=answer.pictures[0].revised_prompt,
                price=answer.price,
                seconds=seconds,
                notes=prepared.picture.notes if prepared.picture else (),
                refused=answer.refused,
            )
            return result, await stage.show(result)

    async def _call(self, request: PictureRequest, watch: "_Follower", deadline: float) -> Answer:
        try:
            async with asyncio.timeout_at(deadline):
                return await self._provider.make(request, watch)
        except TimeoutError as error:
            raise MaybeBilled from error
        finally:
            watch.over = True

    async def _keep(self, ticket: Ticket, answer: Answer) -> None:
        """Store what came until it is shown; a busy database must not keep it from being shown."""
        try:
            await self.books.made(ticket, answer)
        except StorageBusy:
            log.warning("pictures_not_stored")

    async def _finish(
        self, ticket: Ticket, answer: Answer, prepared: Prepared
    ) -> tuple[Finished, ...]:
        finished = await self._imaging.finish_all(
            [made.data for made in answer.pictures],
            each=ticket.ask.place.upload_limit,
            together=WHOLE_MESSAGE,
            wanted=ticket.ask.output_format,
            picture=prepared.picture if ticket.ask.shape is None else None,
            mask=prepared.request.mask,
            source=prepared.source,
        )
        return tuple(one for one in finished if one is not None)

    @contextmanager
    def _owned(self) -> Generator[None]:
        """Let `close` know of this task while it makes pictures."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - coroutines run in tasks
        self._running.add(task)
        try:
            yield
        finally:
            self._running.discard(task)

    @asynccontextmanager
    async def _slot(self, deadline: float) -> AsyncGenerator[None]:
        """Hold one of the places among the running requests.

        Raises:
            Closing: nothing is begun any more.
            TooBusy: none was free until *deadline*.
        """
        async with _no_later_than(deadline):
            await self._park(self._slots.acquire(), "a free place among the running requests")
        try:
            if self._closing:
                raise Closing
            yield
        finally:
            self._slots.release()

    @asynccontextmanager
    async def _ending(self, ticket: Ticket, progress: _Progress) -> AsyncGenerator[None]:
        """Close the books when the body fails, however it fails, and say what it cost."""
        try:
            yield
        except BaseException as error:
            called, price = progress.called, progress.price
            await self.books.failed(ticket, error, called=called, price=price)
            if self._closing and isinstance(error, asyncio.CancelledError):
                raise _priced(Closing(), progress) from error
            if isinstance(error, UserError):
                _priced(error, progress)
            raise


def _priced(error: UserError, progress: _Progress) -> UserError:
    """Make *error* say what the books say."""
    if progress.price is not None and progress.price.known:
        error.cost = Cost.CHARGED if progress.price.micros else Cost.NOTHING
    elif progress.called and not isinstance(error, ProviderError):
        error.cost = Cost.UNKNOWN
    return error


@asynccontextmanager
async def _no_later_than(deadline: float) -> AsyncGenerator[None]:
    """Raise TooBusy where the body is not done by *deadline*, in the event loop's seconds."""
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except TimeoutError as error:
        raise TooBusy from error
