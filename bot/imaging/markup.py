"""A drawing that guides an edit: only what a person drew, on a canvas that shows nothing else."""

from collections.abc import Iterator

from PIL import Image

from bot.domain.errors import MarkupCoversAll, MarkupEmpty
from bot.domain.pictures import Box, Geometry
from bot.imaging import colour, encode, masks
from bot.imaging.normalise import scaled, whole_picture
from bot.imaging.values import SQUARE_BYTES

_CLEAR = (0, 0, 0, 0)
_BITS = (7, 6, 5, 4)
_STEPS = (2, 4, 8, 16)


def markup_png(drawing: bytes, canvas: bytes, geometry: Geometry, *, budget: int) -> bytes:
    """Return what *drawing* adds to the picture: an RGBA PNG of the canvas's dimensions.

    A drawing with transparency is mapped as uploaded masks are. An opaque one is a painted-over
    copy of the picture: what does not differ visibly from it becomes transparent.

    Raises:
        MarkupEmpty, MarkupCoversAll: there is nothing to see, or nothing beside it.
        PictureError: the drawing cannot be used.
    """
    drawn = _drawn(drawing, canvas, geometry, budget=budget)
    seen = drawn.getchannel("A")
    if seen.getbbox() is None:
        raise MarkupEmpty(what="drawing")
    if seen.getextrema() == (255, 255):
        raise MarkupCoversAll(what="drawing")
    sheet = Image.new("RGBA", (geometry.canvas.width, geometry.canvas.height), _CLEAR)
    sheet.paste(drawn, (geometry.place.left, geometry.place.top))
    return next(data for data in _coarser(sheet) if len(data) < SQUARE_BYTES)


def _drawn(drawing: bytes, canvas: bytes, geometry: Geometry, *, budget: int) -> Image.Image:
    """Return the drawing in the picture's place, transparent where nothing was drawn."""
    image = whole_picture(drawing, what="drawing", budget=budget).convert("RGBA")
    opaque = colour.is_opaque(image)
    part = masks.matching_part(geometry, Box(0, 0, *image.size))
    edges = (float(part.left), float(part.top), float(part.right), float(part.bottom))
    image = scaled(image, edges, geometry.place.size)
    if opaque:
        image.putalpha(masks.difference(image, canvas, geometry, budget=budget))
    return colour.cleared(image)


def _coarser(sheet: Image.Image) -> Iterator[bytes]:
    """Yield files of ever fewer shades, and then of ever larger squares of one colour."""
    yield encode.png(sheet)
    for bits in _BITS:
        yield encode.png(encode.rounded(sheet, bits))
    for step in _STEPS:
        yield encode.png(encode.rounded(masks.coarser(sheet, step), _BITS[-1]))
