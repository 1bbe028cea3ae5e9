"""Any picture becomes a square RGBA PNG that fits, with its place remembered. Pure."""

from PIL import Image

from bot.domain.pictures import Box, Fit, Note, Size
from bot.imaging import colour, encode
from bot.imaging.geometry import fit_square, raw_box
from bot.imaging.opening import Opened, load, open_picture
from bot.imaging.values import SQUARE_BYTES, Normalised

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_CLEAR = (0, 0, 0, 0)
_FITTED = {Fit.PAD: Note.PADDED, Fit.CROP: Note.CROPPED, Fit.STRETCH: Note.STRETCHED}


def normalise(
    data: bytes,
    *,
    side: int,
    fit: Fit,
    what: str,
    budget: int,
    limit: int = SQUARE_BYTES,
) -> Normalised:
    """Return *data* as a square of *side* pixels, smaller only where *limit* asks for it.

    Args:
        data: the file, of any content.
        side: in pixels.
        fit: how a picture that is not square becomes one.
        what: how refusals call the file.
        budget: bytes that decoding may take.
        limit: the PNG has fewer bytes than this.

    Raises:
        PictureError: for a file that cannot be used.
    """
    opened = open_picture(data, what=what)
    chosen = fit_square(opened.size, opened.orientation, side=side, fit=fit)
    image, notes = upright_part(opened, chosen.taken, chosen.place.size, budget=budget)
    notes = (*notes, *_sizing(chosen.taken.size, chosen.place.size))
    if opened.size.width != opened.size.height:
        notes = (*notes, _FITTED[fit])
    png, lost = encode.square_png(on_square(image, chosen.place, chosen.side), limit)
    while len(png) >= limit:
        smaller = encode.smaller_side(chosen.side, len(png), limit)
        chosen = fit_square(opened.size, opened.orientation, side=smaller, fit=fit)
        image = scaled(image, None, chosen.place.size)
        png, lost = encode.square_png(on_square(image, chosen.place, chosen.side), limit)
        notes = (*notes, Note.SHRUNK)
    return Normalised(png=png, geometry=chosen, notes=tuple(dict.fromkeys((*notes, *lost))))


def _sizing(taken: Size, place: Size) -> tuple[Note, ...]:
    if place.width < taken.width or place.height < taken.height:
        return (Note.SHRUNK,)
    return (Note.ENLARGED,) if place.width > taken.width or place.height > taken.height else ()


def upright_part(
    opened: Opened, taken: Box, size: Size, *, budget: int
) -> tuple[Image.Image, tuple[Note, ...]]:
    """Decode the part *taken* of the upright picture at *size*: RGB or RGBA, sRGB, upright."""
    stored = raw_box(taken, opened.size, opened.orientation)
    wanted = max(size.width / taken.size.width, size.height / taken.size.height)
    image = load(opened, wanted=wanted, budget=budget)
    across, down = image.width / opened.stored.width, image.height / opened.stored.height
    box = (
        stored.left * across,
        stored.top * down,
        min(float(image.width), stored.right * across),
        min(float(image.height), stored.bottom * down),
    )
    swapped = raw_box(Box(0, 0, size.width, size.height), size, opened.orientation).size
    image = scaled(colour.scalable(image), box, swapped)
    image, converted = colour.to_srgb(image, opened.profile)
    if (turn := _TURNS.get(opened.orientation)) is not None:
        image = image.transpose(turn)
    return image, _notes(opened, converted=converted)


def _notes(opened: Opened, *, converted: bool) -> tuple[Note, ...]:
    found = (
        (opened.animated, Note.FIRST_FRAME),
        (opened.orientation != 1, Note.TURNED),
        (opened.deep, Note.DEPTH),
        (converted, Note.COLOURS),
    )
    return tuple(note for holds, note in found if holds)


def scaled(
    image: Image.Image, box: tuple[float, float, float, float] | None, size: Size
) -> Image.Image:
    """Scale *box* of *image* (all of it for None) to *size*, edges right where it has alpha."""
    whole = (0.0, 0.0, float(image.width), float(image.height))
    if (box or whole) == whole and image.size == (size.width, size.height):
        return image
    if image.mode == "RGBA":
        return colour.cleared(scaled(image.convert("RGBa"), box, size).convert("RGBA"))
    return image.resize(
        (size.width, size.height), Image.Resampling.LANCZOS, box=box, reducing_gap=2.0
    )


def on_square(image: Image.Image, place: Box, side: int) -> Image.Image:
    """Lay *image* at *place* on a transparent RGBA square."""
    square = Image.new("RGBA", (side, side), _CLEAR)
    square.paste(image.convert("RGBA"), (place.left, place.top))
    return square
