"""Room around a picture for a model to fill, and the mask that lets it."""

from dataclasses import replace

from PIL import Image

from bot.domain.pictures import Box, Geometry, Margins, Note, Size
from bot.imaging import encode, masks
from bot.imaging.geometry import fitted
from bot.imaging.normalise import decode, scaled
from bot.imaging.opening import open_picture
from bot.imaging.values import Framing, Normalised, Outpainting

_BITE_PARTS = 64
"""The mask reaches into the picture by one part in this many of the side, to hide the seam."""


def outpaint(
    data: bytes, margins: Margins, framing: Framing, *, what: str, budget: int
) -> Outpainting:
    """Return *data* smaller on its canvas, with *margins* to be painted, and the mask.

    Of *framing* the fit is `Fit.PAD` (a square) or `Fit.KEEP` (the shape with its margins).
    The geometry is that of the picture with its margins: cropping an answer back gives both.

    Raises:
        PictureError: for a file that cannot be used.
        MaskSelectsNothing: the margins are too narrow to be seen.
    """
    opened = open_picture(data, what=what)
    source, inner = _extended(opened.size, margins)
    orientation = opened.orientation
    chosen = fitted(source, orientation, side=framing.side, fit=framing.fit)
    scale = framing.side / max(source.width, source.height)
    decoded = decode(opened, scale, budget=budget)
    hole = _on_canvas(inner, chosen)
    image = decoded.part(Box(0, 0, opened.size.width, opened.size.height), hole.size)
    notes = (*decoded.notes(), Note.EXTENDED)
    del decoded, opened  # encoding may need the memory
    file = _encoded(image, chosen, hole, framing)
    while len(file.data) >= framing.limit:
        smaller = encode.smaller_side(chosen.side, len(file.data), framing.limit)
        chosen = fitted(source, orientation, side=smaller, fit=framing.fit)
        hole = _on_canvas(inner, chosen)
        image = scaled(image, None, hole.size)
        file = _encoded(image, chosen, hole, framing)
    picture = Normalised(
        data=file.data,
        geometry=chosen,
        notes=(*notes, *file.notes),
        media_type=file.media_type,
    )
    return Outpainting(picture=picture, mask=_mask(hole, chosen))


def _extended(size: Size, margins: Margins) -> tuple[Size, Box]:
    """Return the size with margins, and where the picture lies in it."""
    left, top = round(size.width * margins.left), round(size.height * margins.top)
    right, bottom = round(size.width * margins.right), round(size.height * margins.bottom)
    whole = Size(left + size.width + right, top + size.height + bottom)
    return whole, Box(left, top, left + size.width, top + size.height)


def _on_canvas(inner: Box, chosen: Geometry) -> Box:
    """Return where the picture without its margins lies on the canvas."""
    place, source = chosen.place, chosen.source
    left = place.left + round(inner.left * place.size.width / source.width)
    top = place.top + round(inner.top * place.size.height / source.height)
    right = place.left + round(inner.right * place.size.width / source.width)
    bottom = place.top + round(inner.bottom * place.size.height / source.height)
    return Box(left, top, max(left + 1, right), max(top + 1, bottom))


def _encoded(image: Image.Image, chosen: Geometry, hole: Box, framing: Framing) -> encode.Delivery:
    canvas = Image.new("RGBA", (chosen.canvas.width, chosen.canvas.height), (0, 0, 0, 0))
    canvas.paste(image.convert("RGBA"), (hole.left, hole.top))
    return encode.canvas_file(canvas, framing.limit, framing.types)


def _mask(hole: Box, chosen: Geometry) -> bytes:
    return masks.mask_png(_around(hole, chosen), chosen, all_allowed=True)


def _around(hole: Box, chosen: Geometry) -> Image.Image:
    """Select the margins and a bite of the picture along them."""
    place, bite = chosen.place, max(1, chosen.side // _BITE_PARTS)
    selected = Image.new("L", (place.size.width, place.size.height), 255)
    kept = replace(
        Box(hole.left - place.left, hole.top - place.top, hole.right - place.left, 0),
        bottom=hole.bottom - place.top,
    )
    left = kept.left + bite * (kept.left > 0)
    top = kept.top + bite * (kept.top > 0)
    right = kept.right - bite * (kept.right < selected.width)
    bottom = kept.bottom - bite * (kept.bottom < selected.height)
    if left < right and top < bottom:
        selected.paste(0, (left, top, right, bottom))
    return selected
