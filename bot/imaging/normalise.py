"""Any picture becomes a file that a model takes: a square RGBA PNG unless asked otherwise. Pure."""

from dataclasses import dataclass

from PIL import Image

from bot.domain.pictures import Box, Fit, Focus, Geometry, Note, Size
from bot.imaging import colour, encode, resample
from bot.imaging.backdrops import on_canvas
from bot.imaging.focus import busiest
from bot.imaging.geometry import fitted, raw_box, upright
from bot.imaging.opening import Opened, load, open_picture
from bot.imaging.values import Framing, Normalised

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_FITTED = {Fit.PAD: Note.PADDED, Fit.CROP: Note.CROPPED, Fit.STRETCH: Note.STRETCHED}


def normalise(data: bytes, framing: Framing, *, what: str, budget: int) -> Normalised:
    """Return *data* as *framing* says, on a smaller canvas only where its limit asks for it.

    Args:
        data: the file, of any content.
        framing: side, fit, borders and limit.
        what: how refusals call the file.
        budget: bytes that decoding may take.

    Raises:
        PictureError: for a file that cannot be used.
    """
    opened = open_picture(data, what=what)
    size, orientation = opened.size, opened.orientation
    decoded = decode(opened, _scale(size, framing), budget=budget)
    along = busiest(decoded.turned()) if framing.focus is Focus.SMART else 0.5

    def geometry(side: int) -> Geometry:
        return fitted(size, orientation, side=side, fit=framing.fit, along=along)

    chosen = geometry(framing.side)
    image = decoded.part(chosen.taken, chosen.place.size)
    notes = (*decoded.notes(), *_sizing(chosen.taken.size, chosen.place.size))
    del decoded, opened  # encoding may need the memory
    if size.width != size.height and framing.fit in _FITTED:
        notes = (*notes, _FITTED[framing.fit])
    file = _encoded(image, chosen, framing)
    while len(file.data) >= framing.limit:
        chosen = geometry(encode.smaller_side(chosen.side, len(file.data), framing.limit))
        image = scaled(image, None, chosen.place.size)
        file = _encoded(image, chosen, framing)
        notes = (*notes, Note.SHRUNK)
    notes = tuple(dict.fromkeys((*notes, *file.notes)))
    return Normalised(data=file.data, geometry=chosen, notes=notes, media_type=file.media_type)


def _scale(source: Size, framing: Framing) -> float:
    """Return the scale at which decoding suffices for any part that *framing* may take."""
    governing = max if framing.fit in {Fit.PAD, Fit.KEEP} else min
    return framing.side / governing(source.width, source.height)


def _encoded(image: Image.Image, chosen: Geometry, framing: Framing) -> encode.Delivery:
    size = (chosen.canvas.width, chosen.canvas.height)
    canvas = on_canvas(image, chosen.place, size, framing.backdrop, framing.colour)
    return encode.canvas_file(canvas, framing.limit, framing.types)


def _sizing(taken: Size, place: Size) -> tuple[Note, ...]:
    if place.width < taken.width or place.height < taken.height:
        return (Note.SHRUNK,)
    return (Note.ENLARGED,) if place.width > taken.width or place.height > taken.height else ()


@dataclass(slots=True)
class Decoded:
    """Pixels as they are stored, perhaps at a smaller scale, in a mode that scales rightly."""

    opened: Opened
    image: Image.Image
    scale: float
    converted: bool = False

    def part(self, taken: Box, size: Size) -> Image.Image:
        """Return the part *taken* of the upright picture at *size*: RGB or RGBA, sRGB, upright."""
        opened, image = self.opened, self.image
        stored = raw_box(taken, opened.size, opened.orientation)
        box = (
            stored.left * self.scale,
            stored.top * self.scale,
            min(float(image.width), stored.right * self.scale),
            min(float(image.height), stored.bottom * self.scale),
        )
        image = scaled(image, box, upright(size, opened.orientation))
        image, self.converted = colour.to_srgb(image, opened.profile)
        return _turned(image, opened.orientation)

    def turned(self) -> Image.Image:
        """Return a small upright RGB copy of the whole picture."""
        small = self.image.copy()
        small.thumbnail((256, 256), Image.Resampling.BOX)
        return _turned(colour.to_srgb(small, None)[0].convert("RGB"), self.opened.orientation)

    def notes(self) -> tuple[Note, ...]:
        """Return what was done so far that is not to be seen in the geometry."""
        found = (
            (self.opened.animated, Note.FIRST_FRAME),
            (self.opened.orientation != 1, Note.TURNED),
            (self.opened.deep, Note.DEPTH),
            (self.converted, Note.COLOURS),
        )
        return tuple(note for holds, note in found if holds)


def decode(opened: Opened, scale: float, *, budget: int) -> Decoded:
    """Decode at a scale of at least *scale*; 1 or more is the full size."""
    image, exactly = load(opened, wanted=scale, budget=budget)
    return Decoded(opened, colour.scalable(image), exactly)


def whole_picture(data: bytes, *, what: str, budget: int) -> Image.Image:
    """Return *data* in full size: RGB or RGBA, sRGB, upright. Raises PictureError."""
    opened = open_picture(data, what=what)
    decoded = decode(opened, 1.0, budget=budget)
    return decoded.part(Box(0, 0, opened.size.width, opened.size.height), opened.size)


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def scaled(
    image: Image.Image, box: tuple[float, float, float, float] | None, size: Size
) -> Image.Image:
    """Scale *box* of *image* (all of it for None) to *size*, edges right where it has alpha."""
    whole = (0.0, 0.0, float(image.width), float(image.height))
    if (box or whole) == whole and image.size == (size.width, size.height):
        return image
    made = resample.lanczos(image, box or whole, size)
    return colour.cleared(made) if made.mode == "RGBA" else made
