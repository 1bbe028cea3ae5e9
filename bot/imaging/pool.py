"""The room's front door: pictures in and out for the rest of the bot, opened by killable workers.

Nothing here opens a picture or imports what does. There are no background tasks: a job takes its
turn, and a thread of this pool talks to a worker for it.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, astuple
from typing import TypeVar

from bot.domain.clock import Park, park
from bot.domain.errors import (
    Closing,
    NonsenseAnswer,
    PictureError,
    TooBusy,
)
from bot.domain.pictures import Fit, Margins
from bot.imaging import replies
from bot.imaging.crew import Crew, Errand
from bot.imaging.delivery import fair_limit
from bot.imaging.requests import check_canvas, check_file, mask_frame
from bot.imaging.values import (
    MAX_BARS,
    MAX_FILE_BYTES,
    MAX_MARGIN,
    MAX_ON_SHEET,
    MAX_TEXT,
    SMALLEST_LIMIT,
    SQUARE_BYTES,
    Chart,
    Finished,
    Framing,
    Limits,
    MaskRecipe,
    Normalised,
    Outpainting,
    PoolHealth,
)
from bot.imaging.wire import Frame, Head

T = TypeVar("T")
_LIMITS = Limits()
_park = park


class Imaging:
    """Opens, squares, masks and finishes pictures. Made by `open_imaging`."""

    def __init__(self, crew: Crew, *, workers: int, park: Park, queue_limit: int) -> None:
        self._crew = crew
        self._park = park
        self._queue_limit = queue_limit
        self._slots = asyncio.Semaphore(workers)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="imaging")
        self._closing = False
        self._busy = self._waiting = self._done = self._refused = 0

    async def normalise(
        self, data: bytes, *, side: int = 1024, fit: Fit = Fit.PAD, what: str = "picture"
    ) -> Normalised:
        """Return *data* as a square RGBA PNG of *side* pixels, or a smaller one that fits.

        Raises:
            PictureError: the file cannot be used; *what* names it in the refusal.
            TooBusy: too many jobs wait already.
        """
        return await self.frame(data, Framing(side=side, fit=fit), what=what)

    async def frame(self, data: bytes, framing: Framing, *, what: str = "picture") -> Normalised:
        """Return *data* as *framing* says: any fit, borders, sides to `MAX_SIDE`, any limit.

        Raises:
            PictureError: the file cannot be used; *what* names it in the refusal.
            TooBusy: too many jobs wait already.
            ValueError: *framing* asks for more than this room does.
        """
        check_canvas(framing.side, framing.limit)
        check_file(data, what)
        head = {"job": "normalise", "what": what, **asdict(framing)}
        return await self._do(
            Frame(head, (data,)),
            lambda reply: replies.normalised(reply, most=framing.side, limit=framing.limit),
            what=what,
        )

    async def mask(self, recipe: MaskRecipe, picture: Normalised) -> bytes:
        """Return a mask PNG of *picture*'s dimensions: alpha 0 is to be repainted.

        The borders of a padded square are never selected.

        Raises:
            MaskSelectsNothing, MaskSelectsAll: the mask is of no use.
            PictureError: the uploaded mask cannot be used.
            TooBusy: too many jobs wait already.
            KeyError: there is no such region.
        """
        size = picture.geometry.canvas
        return await self._do(
            mask_frame(recipe, picture), lambda reply: replies.mask(reply, size=size), what="mask"
        )

    async def outpaint(
        self,
        data: bytes,
        margins: Margins,
        *,
        side: int = 1024,
        limit: int = SQUARE_BYTES,
        what: str = "picture",
    ) -> Outpainting:
        """Return *data* on a square with *margins* around it to be painted, and the mask for that.

        Raises:
            MaskSelectsNothing: the margins are too narrow.
            PictureError: the file cannot be used; *what* names it in the refusal.
            TooBusy: too many jobs wait already.
            ValueError: *margins*, *side* or *limit* ask for more than this room does.
        """
        if not all(0 <= margin <= MAX_MARGIN for margin in astuple(margins)):
            raise ValueError(margins)
        check_canvas(side, limit)
        check_file(data, what)
        head = {
            "job": "outpaint",
            "what": what,
            "side": side,
            "limit": limit,
            "margins": astuple(margins),
        }
        return await self._do(
            Frame(head, (data,)),
            lambda reply: replies.outpainting(reply, most=side, limit=limit),
            what=what,
        )

    async def finish(
        self,
        answer: bytes,
        *,
        limit: int,
        picture: Normalised | None = None,
        mask: bytes | None = None,
        source: bytes | None = None,
    ) -> Finished:
        """Verify what a provider sent and make it ready to be shown in *limit* bytes.

        An answer of the canvas's shape to *picture* is brought back to the member's shape; with a
        *mask* the original lies over it outside the feathered mask, at the resolution of *source*,
        the member's own file, where that is larger. *limit* is at least `SMALLEST_LIMIT`.

        Raises:
            NonsenseAnswer: *answer* is not a picture that can be shown.
            TooBusy: too many jobs wait already.
        """
        if not 0 < len(answer) <= MAX_FILE_BYTES:
            raise NonsenseAnswer(operator=f"answer of {len(answer)} bytes")
        numbers = replies.geometry_numbers(picture.geometry) if picture else None
        head: Head = {"job": "finish", "geometry": numbers}
        kept = (picture.data, mask, source or b"") if picture and mask else (b"", b"", b"")
        try:
            return await self._finished(head, (answer, *kept), limit)
        except PictureError as error:
            raise NonsenseAnswer(operator=f"answer refused: {type(error).__name__}") from error

    async def finish_all(
        self,
        answers: Sequence[bytes],
        *,
        each: int,
        together: int,
        picture: Normalised | None = None,
        mask: bytes | None = None,
        source: bytes | None = None,
    ) -> list[Finished | None]:
        """`finish` every answer so that each file and all of them fit; None for no picture.

        What fits is lossless; only the largest are compressed until all fit *together* bytes.

        Raises:
            NonsenseAnswer: not one of them is a picture.
            TooBusy: too many jobs wait already.
        """

        async def finished(answer: bytes, limit: int) -> Finished | None:
            with suppress(NonsenseAnswer):
                return await self.finish(
                    answer, limit=limit, picture=picture, mask=mask, source=source
                )
            return None

        first = min(each, together)
        done = await asyncio.gather(*(finished(answer, first) for answer in answers))
        limit = fair_limit([len(one.data) for one in done if one], together)
        limit = max(limit, SMALLEST_LIMIT)
        for number, one in enumerate(done):
            if one and len(one.data) > limit:
                done[number] = await finished(answers[number], limit)
        if not any(done):
            raise NonsenseAnswer
        return done

    async def preview(
        self, picture: Normalised, mask: bytes, *, legend: str, limit: int
    ) -> Finished:
        """Return *picture* with what *mask* selects in stripes, and *legend* below.

        `Finished.changed` is the share that is selected.
        """
        numbers = replies.geometry_numbers(picture.geometry)
        head = {"job": "preview", "geometry": numbers, "legend": legend[:MAX_TEXT]}
        return await self._finished(head, (picture.data, mask), limit)

    async def chart(self, chart: Chart, *, limit: int) -> Finished:
        """Return *chart* as a picture. Raises ValueError for more than `MAX_BARS` bars."""
        if len(chart.bars) > MAX_BARS:
            raise ValueError(len(chart.bars))
        bars = [(bar.label[:MAX_TEXT], bar.value, bar.shown[:MAX_TEXT]) for bar in chart.bars]
        head = {"job": "chart", "title": chart.title[:MAX_TEXT], "bars": bars, "dark": chart.dark}
        return await self._finished(head, (), limit)

    async def sheet(
        self, pictures: Sequence[bytes], captions: Sequence[str], *, limit: int, dark: bool = False
    ) -> Finished:
        """Return one to `MAX_ON_SHEET` *pictures* on one sheet, each with its caption.

        Raises:
            PictureError: one of them cannot be used.
            ValueError: there are none, or too many.
        """
        if not 1 <= len(pictures) <= MAX_ON_SHEET:
            raise ValueError(len(pictures))
        for data in pictures:
            check_file(data, "picture")
        said = [caption[:MAX_TEXT] for caption in captions[: len(pictures)]]
        head = {"job": "sheet", "captions": said, "dark": dark}
        return await self._finished(head, tuple(pictures), limit)

    async def _finished(self, head: Head, parts: tuple[bytes, ...], limit: int) -> Finished:
        if limit < SMALLEST_LIMIT:
            raise ValueError(limit)
        return await self._do(
            Frame({**head, "limit": limit}, parts),
            lambda reply: replies.finished(reply, limit=limit),
        )

    def health(self) -> PoolHealth:
        """Return the figures so far."""
        crew = self._crew.figures
        return PoolHealth(
            workers=crew.alive,
            busy=self._busy,
            waiting=self._waiting,
            done=self._done,
            refused=self._refused,
            killed=crew.killed,
            retired=crew.retired,
        )

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers that live."""
        return self._crew.pids

    def close(self) -> None:
        """End every worker; jobs that run end as `Closing`."""
        self._closing = True
        self._crew.stop()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._crew.close()

    async def _do(self, frame: Frame, read: Callable[[Frame], T], *, what: str = "picture") -> T:
        """Run one job in its turn."""
        await self._take_turn()
        try:
            made = await self._run(Errand(self._crew, frame, read, what=what))
        except PictureError:
            self._refused += 1
            raise
        finally:
            self._busy -= 1
            self._slots.release()
        self._done += 1
        return made

    async def _take_turn(self) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
        elif self._waiting >= self._queue_limit:
            raise TooBusy
        else:
            self._waiting += 1
            try:
                await self._park(self._slots.acquire(), "a free picture worker")
            finally:
                self._waiting -= 1
        self._busy += 1

    async def _run(self, errand: Errand[T]) -> T:
        if self._closing:
            raise Closing
        running = asyncio.get_running_loop().run_in_executor(self._threads, errand.run)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            errand.abandon()
            running.add_done_callback(_forget)
            raise


def _forget(running: "asyncio.Future[T]") -> None:
    """Take note of how an abandoned job ended, which asyncio asks of someone."""
    if not running.cancelled():
        running.exception()


@asynccontextmanager
async def open_imaging(
    *,
    workers: int = 2,
    park: Park = _park,
    queue_limit: int = 64,
    limits: Limits = _LIMITS,
) -> AsyncGenerator[Imaging]:
    """Open the room; leaving ends every worker.

    Args:
        workers: processes that may run at once; they start when they are needed.
        park: how waits for a turn are awaited.
        queue_limit: jobs that may wait; further ones are `TooBusy`.
        limits: what one job may use.
    """
    imaging = Imaging(Crew(limits), workers=workers, park=park, queue_limit=queue_limit)
    try:
        yield imaging
    finally:
        imaging.close()
