"""The room's front door: pictures in and out for the rest of the bot, opened by killable workers.

Nothing here opens a picture or imports what does.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, astuple

from bot.domain.clock import Park, park
from bot.domain.errors import NonsenseAnswer, PictureError
from bot.domain.pictures import Fit, Margins
from bot.imaging import replies
from bot.imaging.crew import Crew
from bot.imaging.delivery import fair_limit
from bot.imaging.requests import check_file, check_framing, mask_frame
from bot.imaging.turns import Turns
from bot.imaging.values import (
    MAX_BARS,
    MAX_FILE_BYTES,
    MAX_MARGIN,
    MAX_ON_SHEET,
    MAX_TEXT,
    SMALLEST_LIMIT,
    SQUARE_BYTES,
    WANTED,
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

_LIMITS = Limits()
_park = park


class Imaging:
    """Opens, squares, masks and finishes pictures. Made by `open_imaging`."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

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
        check_framing(framing)
        check_file(data, what)
        head = {"job": "normalise", "what": what, **asdict(framing)}
        return await self._turns.do(
            Frame(head, (data,)),
            lambda reply: replies.normalised(reply, framing),
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
            ValueError: the soft edge is none that this room makes.
        """
        size = picture.geometry.canvas
        return await self._turns.do(
            mask_frame(recipe, picture), lambda reply: replies.mask(reply, size=size), what="mask"
        )

    async def markup(self, data: bytes, picture: Normalised) -> bytes:
        """Return a drawing that guides an edit: a PNG of the canvas, transparent where nothing is.

        *data* is drawn on a transparent picture, or on a copy of the member's own, of which only
        what differs is kept. The PNG has less than `SQUARE_BYTES` bytes.

        Raises:
            MarkupEmpty, MarkupCoversAll: there is nothing to see, or nothing beside it.
            PictureError: the drawing cannot be used.
            TooBusy: too many jobs wait already.
        """
        check_file(data, "drawing")
        geometry = picture.geometry
        head = {"job": "markup", "geometry": replies.geometry_numbers(geometry), "what": "drawing"}
        return await self._turns.do(
            Frame(head, (data, picture.data)),
            lambda reply: replies.mask(reply, size=geometry.canvas),
            what="drawing",
        )

    async def outpaint(
        self,
        data: bytes,
        margins: Margins,
        *,
        side: int = 1024,
        limit: int = SQUARE_BYTES,
        fit: Fit = Fit.PAD,
        types: tuple[str, ...] = (),
        what: str = "picture",
    ) -> Outpainting:
        """Return *data* on a canvas with *margins* around it to be painted, and the mask for that.

        The canvas is a square, or for `Fit.KEEP` has the shape of the picture with its margins;
        *types* are those of `Framing`.

        Raises:
            MaskSelectsNothing: the margins are too narrow.
            PictureError: the file cannot be used; *what* names it in the refusal.
            TooBusy: too many jobs wait already.
            ValueError: *margins*, *side* or *limit* ask for more than this room does.
        """
        if not all(0 <= margin <= MAX_MARGIN for margin in astuple(margins)):
            raise ValueError(margins)
        framing = Framing(side=side, limit=limit, fit=fit, types=types)
        check_framing(framing)
        check_file(data, what)
        head = {"job": "outpaint", "what": what, "margins": astuple(margins), **asdict(framing)}
        return await self._turns.do(
            Frame(head, (data,)),
            lambda reply: replies.outpainting(reply, framing),
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
        wanted: str | None = None,
    ) -> Finished:
        """Verify what a provider sent and make it ready to be shown in *limit* bytes.

        An answer of nearly the canvas's shape to *picture* is brought back to the member's shape;
        with a *mask* the original lies over it outside the feathered mask, at the resolution of
        *source*, the member's own file, where that is as large.

        *limit* is at least `SMALLEST_LIMIT`; *wanted* is one of `WANTED` or None, which is as
        ``png``: that where it fits, else with loss. What is transparent becomes WebP instead of
        JPEG, and only what is an animated GIF becomes a GIF.

        Raises:
            NonsenseAnswer: *answer* is not a picture that can be shown.
            TooBusy: too many jobs wait already.
            ValueError: *limit* or *wanted* is none that this room has.
        """
        if wanted is not None and wanted not in WANTED:
            raise ValueError(wanted)
        kept = (picture.data, mask, source or b"") if picture and mask else (b"", b"", b"")
        head = {"job": "finish", "wanted": wanted}
        return await self._answered(head, (answer, *kept), picture, limit)

    async def glimpse(
        self, answer: bytes, *, picture: Normalised | None = None, limit: int = 1_000_000
    ) -> Finished:
        """Return a picture in the making for a quick look: brought back, at most 768 pixels.

        Raises:
            NonsenseAnswer: *answer* is not a picture that can be shown.
            TooBusy: too many jobs wait already.
        """
        return await self._answered({"job": "glimpse"}, (answer,), picture, limit)

    async def finish_all(
        self,
        answers: Sequence[bytes],
        *,
        each: int,
        together: int,
        picture: Normalised | None = None,
        mask: bytes | None = None,
        source: bytes | None = None,
        wanted: str | None = None,
    ) -> list[Finished | None]:
        """`finish` every answer so that each file and all of them fit; None for no picture.

        Only the largest are made smaller until all fit *together* bytes.

        Raises:
            NonsenseAnswer: not one of them is a picture.
            TooBusy: too many jobs wait already.
        """

        async def finished(answer: bytes, limit: int) -> Finished | None:
            with suppress(NonsenseAnswer):
                return await self.finish(
                    answer, limit=limit, picture=picture, mask=mask, source=source, wanted=wanted
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

        `Finished.changed` is the share that is selected, and `Finished.percent` the same for
        words, such as the alt text's.
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

    async def _answered(
        self, head: Head, parts: tuple[bytes, ...], picture: Normalised | None, limit: int
    ) -> Finished:
        """Do a job with a provider's answer, the first of *parts*; refusals are nonsense."""
        if not 0 < len(parts[0]) <= MAX_FILE_BYTES:
            raise NonsenseAnswer(operator=f"answer of {len(parts[0])} bytes")
        numbers = replies.geometry_numbers(picture.geometry) if picture else None
        try:
            return await self._finished({**head, "geometry": numbers}, parts, limit)
        except PictureError as error:
            raise NonsenseAnswer(operator=f"answer refused: {type(error).__name__}") from error

    async def _finished(self, head: Head, parts: tuple[bytes, ...], limit: int) -> Finished:
        if limit < SMALLEST_LIMIT:
            raise ValueError(limit)
        return await self._turns.do(
            Frame({**head, "limit": limit}, parts),
            lambda reply: replies.finished(reply, limit=limit),
        )

    def health(self) -> PoolHealth:
        """Return the figures so far."""
        return self._turns.health()

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers that live."""
        return self._turns.pids

    def close(self) -> None:
        """End every worker; jobs that run end as `Closing`."""
        self._turns.close()


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
    turns = Turns(Crew(limits), workers=workers, park=park, queue_limit=queue_limit)
    imaging = Imaging(turns)
    try:
        yield imaging
    finally:
        imaging.close()
