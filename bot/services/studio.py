"""The life of a request: admitted, prepared, called once, shown; or ended in plain words."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Final

import structlog

from bot.domain.asks import Ask
from bot.domain.errors import (
    Closing,
    Cost,
    DeliveryFailed,
    MaybeBilled,
    NothingKept,
    ProviderError,
    StorageBusy,
    TooBusy,
    Undelivered,
    UserError,
    WordsRefused,
)
from bot.domain.queue import Turn
from bot.imaging.pool import Imaging
from bot.imaging.values import Finished
from bot.metrics import Metrics
from bot.providers.base import Answer, ImageProvider, PictureRequest, Price
from bot.services.admission import Admission, Agreed, Quote, Ticket
from bot.services.attendance import Attendance, Parked, TakenUp
from bot.services.books import Books, Shown
from bot.services.keeping import Kept
from bot.services.places import BETWEEN, Places
from bot.services.preparing import Preparing
from bot.services.queue import FairQueue, turn_of
from bot.services.stages import FilesTooLarge, Follower, Result, Stage
from bot.services.usual import UsualTimes

log = structlog.get_logger(__name__)

DEADLINE: Final = 13 * 60.0
"""Seconds from the ask to the provider's answer: the reply's token dies after 15 minutes."""

CALL_BEFORE: Final = 10 * 60.0
"""Seconds from the ask after which the provider is not called any more."""

_FOR_THE_REST: Final = 1.0
"""Seconds that the provider leaves of the deadline, so that what came by then is not lost."""

WHOLE_MESSAGE: Final = 24 * 1024 * 1024
"""Bytes of pictures in one message: Discord takes 25 MiB, form and text included."""

SMALLER: Final = (8_000_000, 2_000_000, 400_000)
"""Bytes of a file, and of all in a message, where Discord found more too large."""


@dataclass(slots=True)
class _Progress:
    """How far a request has come: called, with the price that was told, and its pictures stored."""

    called: bool = False
    price: Price | None = None
    stored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Where requests wait for their turn, and what their askers are told meanwhile."""

    queue: FairQueue
    places: Places
    usual: UsualTimes


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
        waiting: Waiting,
        metrics: Metrics,
    ) -> None:
        self.books = books
        self._metrics = metrics
        self._admission = admission
        self._provider = provider
        self._imaging = imaging
        self._preparing = preparing
        self._queue = waiting.queue
        self._places = waiting.places
        self._usual = waiting.usual
        self._attendance = Attendance()

    async def quote(self, ask: Ask) -> Quote:
        """Say what *ask* would cost at most; nothing is booked.

        What the server's word list declines is kept in the books all the same.

        Raises:
            UserError: it may not run.
        """
        with self._metrics.refusing(ask.command.value):
            if self.is_closing:
                raise Closing
            self._queue.require_room()
            quote = await self._admission.quote(ask)
            try:
                await self._admission.read(ask)
            except WordsRefused as refused:
                ticket = self._admission.ticket(quote)
                await self.books.declined(
                    ticket, refused, partial(self._admission.enter, ticket=ticket)
                )
                raise
            return quote

    async def look(self, quote: Quote, legend: str) -> Finished:
        """Draw the picture of *quote* with what would change in it; nothing is booked.

        Raises:
            UserError: one of its files cannot be used, or nothing would change.
        """
        return await self._preparing.look(quote, legend)

    async def book(self, quote: Quote, agreed: Agreed | None = None) -> Ticket:
        """Book what was quoted just now, or raise a UserError that cost nothing.

        *agreed* is the confirmation that this uses up.

        `perform` or `books.withdrawn` must follow.
        """
        command = quote.ask.command.value
        with self._metrics.refusing(command):
            if self.is_closing:
                raise Closing
            ticket = await self._admission.book(quote, agreed)
        self._metrics.asked(command)
        return ticket

    async def admit(self, ask: Ask, agreed: Agreed | None = None) -> Ticket:
        """Quote *ask* and book it at once; see `book`."""
        return await self.book(await self.quote(ask), agreed)

    async def perform(
        self, ticket: Ticket, stage: Stage, *, patience: float | None = CALL_BEFORE
    ) -> None:
        """Make what *ticket* asks for and show it on *stage*.

        It waits for its turn for *patience* seconds; with None as long as it takes, and its time
        counts from then. What Easel's own end comes before is left to the next start: not yet
        called, or made.

        Raises:
            Undelivered: it is made, and kept because it cannot be shown now.
            UserError: it failed; the books are closed and the error says what it cost.
        """
        progress, turn = _Progress(), turn_of(ticket)
        async with self._at_work(ticket, stage):
            clock = asyncio.get_running_loop().time
            asked, until = clock(), _until(patience)
            async with self._ending(ticket, progress), self._turn(turn, ticket, stage, until):
                asked = clock() if patience is None else asked
                kept = await self._make(ticket, stage, asked, progress)
                result, shown = await self._show(ticket, kept, stage)
            await self._done(result, shown)

    async def deliver(
        self, ticket: Ticket, stage: Stage, *, patience: float | None = CALL_BEFORE
    ) -> None:
        """Show on *stage* what was made for *ticket* earlier and is kept; waits as `perform` does.

        Raises:
            NothingKept: it was shown, or is being shown.
            Undelivered: it stays kept.
            UserError: it failed, as `perform` says.
        """
        if self.is_at_work_on(ticket.job_id):
            raise NothingKept(code=f"#{ticket.code}")
        turn = turn_of(ticket, kept=True)
        async with self._at_work(ticket, stage):
            async with self._turn(turn, ticket, stage, _until(patience)):
                kept = await self.books.kept(ticket)
                progress = _Progress(called=True, price=kept.answer.price, stored=True)
                async with self._ending(ticket, progress):
                    result, shown = await self._show(ticket, kept, stage)
            await self._done(result, shown)

    @property
    def is_closing(self) -> bool:
        """Whether nothing is begun any more."""
        return self._attendance.is_closing

    def is_at_work_on(self, job_id: int) -> bool:
        """Whether the job is being made or shown in this process."""
        return self._attendance.is_at_work_on(job_id)

    async def close(self, seconds: float) -> None:
        """Admit nothing more, give running requests *seconds* to end, then end the rest.

        What was not called stays booked and what is made stays kept, for the next start; of what
        was called the askers are told, and what may have been billed is booked.
        """
        await self._attendance.close(seconds)
        with suppress(StorageBusy):
            await self.books.catch_up()

    async def _make(
        self, ticket: Ticket, stage: Stage, asked: float, progress: "_Progress"
    ) -> Kept:
        begun = partial(stage.begun, ticket)
        async with _no_later_than(asked + CALL_BEFORE):
            with self._metrics.stage("prepare"), self._places.saying(begun, after=BETWEEN):
                prepared = await self._preparing.prepare(ticket)
        self._attendance.require_open()
        self._queue.called(ticket.code)
        await self.books.calling(ticket, stage.reply)
        progress.called = True
        started = perf_counter()
        watch = Follower(self._imaging, ticket, stage, prepared.picture)
        calling = partial(stage.calling, ticket, self._usual.of(ticket))
        with self._places.saying(calling), self._usual.measured(ticket):
            answer = await self._call(prepared.request, watch, asked + DEADLINE)
        progress.price = answer.price
        kept = Kept.of(answer, prepared, ticket.ask, seconds=perf_counter() - started)
        progress.stored = await self._keep(ticket, kept)
        return kept

    async def _show(self, ticket: Ticket, kept: Kept, stage: Stage) -> tuple[Result, Shown]:
        """Show what was made, smaller where Discord finds it too large."""
        usual = ticket.ask.place.upload_limit
        for limit in (usual, *(each for each in SMALLER if each < usual)):
            result = await self._finished(
                ticket, kept, limit, limit if limit < usual else WHOLE_MESSAGE
            )
            with suppress(FilesTooLarge), self._metrics.stage("show"):
                return result, await stage.show(result)
            log.info("made_smaller", limit=limit)
        raise DeliveryFailed

    async def _done(self, result: Result, shown: Shown) -> None:
        made = len(result.pictures)
        await self.books.done(result.ticket, result.price, made, shown, result.refused)
        log.info("job_done", pictures=made, seconds=round(result.seconds, 1))

    async def _call(self, request: PictureRequest, watch: Follower, deadline: float) -> Answer:
        left = deadline - asyncio.get_running_loop().time()
        request = replace(request, within=max(1.0, left - _FOR_THE_REST))
        try:
            async with asyncio.timeout_at(deadline):
                with self._metrics.stage("call"):
                    return await self._provider.make(request, watch)
        except TimeoutError as error:
            raise MaybeBilled from error
        finally:
            watch.over = True

    async def _keep(self, ticket: Ticket, kept: Kept) -> bool:
        """Store what came until it is shown; a busy database must not keep it from being shown."""
        try:
            await self.books.made(ticket, kept)
        except StorageBusy:
            log.warning("pictures_not_stored")
            return False
        return True

    async def _finished(self, ticket: Ticket, kept: Kept, each: int, together: int) -> Result:
        finished = await self._imaging.finish_all(
            [made.data for made in kept.answer.pictures],
            each=each,
            together=together,
            wanted=ticket.ask.output_format,
            picture=kept.picture,
            mask=kept.mask,
            source=kept.source,
        )
        return Result(
            ticket=ticket,
            pictures=tuple(one for one in finished if one is not None),
            quality=kept.quality,
            revised_prompt=kept.answer.pictures[0].revised_prompt,
            price=kept.answer.price,
            seconds=kept.seconds,
            notes=kept.notes,
            refused=kept.answer.refused,
            left=await self.books.left(ticket, kept.answer.price, len(kept.answer.pictures)),
        )

    @asynccontextmanager
    async def _at_work(self, ticket: Ticket, stage: Stage) -> AsyncGenerator[None]:
        """Let `close` know of this task until its end; what is parked is told.

        The log names the request from here on, also in what this task says of its end.
        """
        structlog.contextvars.bind_contextvars(job=ticket.code)
        with self._attendance.at_work(ticket.job_id):
            try:
                yield
            except TakenUp:
                log.warning("job_taken_up_elsewhere")
            except Parked:
                log.info("job_parked")
                await stage.parked(ticket)

    @asynccontextmanager
    async def _turn(
        self, turn: Turn, ticket: Ticket, stage: Stage, deadline: float | None
    ) -> AsyncGenerator[None]:
        """Hold one of the places among the running requests.

        Raises:
            Parked: nothing is begun any more.
            TooBusy: none was free until *deadline*.
            Cancelled: somebody who may did not want it any more, before it was called.
        """
        async with AsyncExitStack() as held:
            with self._attendance.waits():
                async with _no_later_than(deadline):
                    told = self._places.told(turn.code, partial(stage.queued, ticket))
                    with told, self._metrics.stage("wait"):
                        await held.enter_async_context(self._queue.turn(turn))
            yield

    @asynccontextmanager
    async def _ending(self, ticket: Ticket, progress: _Progress) -> AsyncGenerator[None]:
        """Close the books when the body fails, however it fails, and say what it cost."""
        try:
            yield
        except Parked:
            raise
        except BaseException as error:
            called, price = progress.called, progress.price
            ended = self.is_closing and isinstance(error, asyncio.CancelledError)
            if ended and (progress.stored or not called):
                raise Parked from error
            if progress.stored and isinstance(error, asyncio.CancelledError):
                raise
            if progress.stored and isinstance(error, DeliveryFailed):
                with suppress(StorageBusy):
                    await self.books.undelivered(ticket)
                raise Undelivered(code=ticket.code) from error
            await self.books.failed(ticket, error, called=called, price=price)
            if ended:
                raise _priced(Closing(), progress) from error
            if isinstance(error, UserError):
                _priced(error, progress)
            raise


def _until(patience: float | None) -> float | None:
    return None if patience is None else asyncio.get_running_loop().time() + patience


def _priced(error: UserError, progress: _Progress) -> UserError:
    """Make *error* say what the books say."""
    if progress.price is not None and progress.price.known:
        error.cost = Cost.CHARGED if progress.price.micros else Cost.NOTHING
    elif progress.called and not isinstance(error, ProviderError):
        error.cost = Cost.UNKNOWN
    return error


@asynccontextmanager
async def _no_later_than(deadline: float | None) -> AsyncGenerator[None]:
    """Raise TooBusy where the body is not done by *deadline*, in the event loop's seconds."""
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except TimeoutError as error:
        raise TooBusy from error
