"""From an admitted request to what is sent: pictures fetched, normalised, masked."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

from bot.domain.asks import Command, Source
from bot.domain.errors import MaskSelectsAll, MaskSelectsNothing
from bot.domain.pictures import EXTENSIONS, TRANSPARENT_PARTS, regions_in
from bot.imaging.pool import Imaging
from bot.imaging.values import (
    Adjusted,
    Cells,
    Difference,
    Finished,
    Framing,
    MaskRecipe,
    Normalised,
    OwnTransparency,
    PlainRecipe,
    Uploaded,
)
from bot.providers.base import ImageProvider, InputPicture, PictureRequest
from bot.services.admission import Quote, Ticket
from bot.services.downloads import Downloader
from bot.services.options import framing_for
from bot.services.prechecks import Prechecks

T = TypeVar("T")

Wanted = Ticket | Quote

LOOK_BYTES: Final = 2_000_000
"""The most that a picture of what would change takes."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is sent, and what the answer is brought back to.

    *picture* is what is edited or varied, *source* the member's own file.
    """

    request: PictureRequest
    picture: Normalised | None = None
    source: bytes | None = None


class Preparing:
    """Makes requests complete; see `Prepared`."""

    def __init__(
        self,
        imaging: Imaging,
        downloads: Downloader,
        provider: ImageProvider,
        prechecks: Prechecks,
    ) -> None:
        self._imaging = imaging
        self._downloads = downloads
        self._provider = provider
        self._prechecks = prechecks

    async def prepare(self, ticket: Ticket) -> Prepared:
        """Fetch and normalise what *ticket* brings, and let the pre-check look at all of it.

        Raises:
            PictureError: one of the files cannot be used.
            TooBusy: too many pictures wait already.
            PrecheckRefused, ModerationUnavailable: as `Prechecks.look`.
        """
        prepared = await self._normalised(ticket)
        await self._prechecks.look(prepared.request, ticket.choices)
        return prepared

    async def look(self, wanted: Quote, legend: str) -> Finished:
        """Draw the picture of *wanted* with what would change in it, and *legend* below.

        Raises:
            PictureError: one of the files cannot be used.
            MaskSelectsNothing, MaskSelectsAll: nothing would change, or everything.
            TooBusy: too many pictures wait already.
        """
        if wanted.ask.source is None:
            raise MaskSelectsNothing(what="mask")
        data = await self._downloads.fetch(wanted.ask.source, "picture")
        picture, mask = await self._framed(data, wanted)
        if mask is None:
            mask = await self._mask(wanted, picture)
        if mask is None:
            raise MaskSelectsAll(what="mask")
        limit = min(LOOK_BYTES, wanted.ask.place.upload_limit)
        return await self._imaging.preview(picture, mask, legend=legend, limit=limit)

    async def _framed(self, data: bytes, wanted: Wanted) -> tuple[Normalised, bytes | None]:
        """Return the source as it is sent, and its mask where room around it is wanted."""
        framing, extend = self._framing(wanted), wanted.ask.extend
        if extend is None:
            return await self._imaging.frame(data, framing), None
        done = await self._imaging.outpaint(
            data,
            EXTENSIONS[extend],
            side=framing.side,
            limit=framing.limit,
            fit=framing.fit,
            types=framing.types,
        )
        return done.picture, done.mask

    @staticmethod
    def _framing(wanted: Wanted) -> Framing:
        return framing_for(wanted.choices, wanted.model, wanted.ask.fit)

    async def _normalised(self, ticket: Ticket) -> Prepared:
        ask = ticket.ask
        files = await self._fetched(ticket)
        framed = await _all(
            partial(self._framed, data, ticket if number == 0 else _plain(ticket))
            for number, data in enumerate(files)
        )
        pictures = [picture for picture, _ in framed]
        request = replace(ticket.request, images=tuple(_input(each) for each in pictures))
        if ask.source is None:
            return Prepared(request)
        picture = pictures[0]
        request = replace(
            self._sized(ticket, request, picture),
            mask=framed[0][1] or await self._mask(ticket, picture),
            markup=await self._markup(ticket, picture),
        )
        return Prepared(request, picture, files[0])

    async def _fetched(self, ticket: Ticket) -> Sequence[bytes]:
        ask = ticket.ask
        sources = (*((ask.source,) if ask.source else ()), *ask.references)
        return await _all(partial(self._downloads.fetch, each, "picture") for each in sources)

    def _sized(
        self, ticket: Ticket, request: PictureRequest, picture: Normalised
    ) -> PictureRequest:
        """Return *request* in the picture's true shape: Discord's word for it was only a claim.

        A size that would cost more than was booked is not taken.
        """
        if ticket.ask.shape is not None or picture.geometry.canvas.is_square:
            return request
        sized = replace(request, size=ticket.model.sizes.like(picture.geometry.taken.size))
        dearer = self._provider.estimate(sized).micros > ticket.estimate.micros
        return request if dearer else sized

    async def _mask(self, ticket: Wanted, picture: Normalised) -> bytes | None:
        recipe = await self._recipe(ticket)
        if recipe is not None:
            return await self._imaging.mask(_adjusted(recipe, ticket, picture), picture)
        if ticket.ask.command is Command.EDIT and ticket.model.needs_mask:
            with suppress(MaskSelectsNothing, MaskSelectsAll):
                return await self._imaging.mask(OwnTransparency(), picture)
        return None

    async def _recipe(self, ticket: Wanted) -> PlainRecipe | None:
        ask = ticket.ask
        if ask.mask is not None:
            return Uploaded(await self._downloads.fetch(ask.mask, "mask"))
        if ask.difference is not None:
            return Difference(await self._downloads.fetch(ask.difference, "painted copy"))
        if ask.region == TRANSPARENT_PARTS:
            return OwnTransparency()
        return Cells(regions_in(ask.region)) if ask.region is not None else None

    async def _markup(self, ticket: Ticket, picture: Normalised) -> bytes | None:
        source: Source | None = ticket.ask.markup
        if source is None:
            return None
        data = await self._downloads.fetch(source, "drawing")
        return await self._imaging.markup(data, picture)


def _plain(ticket: Ticket) -> Ticket:
    """Return *ticket* as it is for pictures that only go along."""
    return replace(ticket, ask=replace(ticket.ask, extend=None))


def _adjusted(recipe: PlainRecipe, wanted: Wanted, picture: Normalised) -> MaskRecipe:
    ask = wanted.ask
    if not ask.invert and not ask.grow:
        return recipe
    grow = round(picture.geometry.side * ask.grow / 100)
    return Adjusted(recipe=recipe, invert=ask.invert, grow=grow)


def _input(picture: Normalised) -> InputPicture:
    return InputPicture(picture.data, picture.media_type)


async def _all(works: Iterable[Callable[[], Awaitable[T]]]) -> Sequence[T]:
    """Do all *works* at once; the first that fails ends the others, and its error is raised."""

    async def done(work: Callable[[], Awaitable[T]]) -> T:
        return await work()

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(done(work)) for work in works]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]
