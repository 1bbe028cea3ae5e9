"""What a model sent becomes what people see: verified, cropped back, composited, made to fit."""

from dataclasses import replace

from PIL import Image, ImageChops, ImageFilter

from bot.domain.pictures import Geometry, Note, Size
from bot.imaging import colour, encode, masks
from bot.imaging.geometry import centred, same_shape, scaled_box
from bot.imaging.masks import edges
from bot.imaging.normalise import decode, scaled, whole_picture
from bot.imaging.opening import open_picture
from bot.imaging.values import Finished, Made

VISIBLE = 8
"""A pixel counts as changed when one of its channels differs by more than this, of 255."""

MOST_SIDE = 2560
"""The longer side of a composite at the member's own resolution, in pixels."""

_FEATHER_PARTS = 128


def finish(made: Made, geometry: Geometry | None, *, limit: int, budget: int) -> Finished:
    """Verify an answer and make it ready to be shown in at most *limit* bytes.

    With *geometry*, an answer of the canvas's shape is brought back to the member's. With the
    canvas and a mask in *made*, the original lies over the answer outside the feathered mask: the
    member's own file where that is larger, else the canvas. There every pixel is the original's.

    Raises:
        PictureError: when the answer is no picture.
    """
    image = whole_picture(made.answer, what="picture", budget=budget)
    if geometry is None or not same_shape(Size(*image.size), geometry.canvas):
        return finished(image, limit)  # the model chose a shape of its own
    notes: tuple[Note, ...] = ()
    if geometry.is_padded:
        box = scaled_box(geometry.place, geometry.canvas, Size(*image.size))
        image, notes = image.crop(edges(box)), (Note.CROPPED_BACK,)
    changed = None
    if made.canvas and made.mask:
        original = _original(made, geometry, budget=budget)
        selected = masks.selection_of(made.mask, geometry, budget=budget)
        image = composited(image, original, selected, feather=_feather(geometry, original))
        changed, notes = changed_share(image, original), (*notes, Note.COMPOSITED)
    if not same_shape(Size(*image.size), geometry.taken.size):
        image = scaled(image, None, centred(geometry.taken.size, max(image.size)).size)
        notes = (*notes, Note.STRETCHED_BACK)
    done = finished(image, limit)
    return replace(done, notes=(*notes, *done.notes), changed=changed)


def finished(image: Image.Image, limit: int, *, lossless: bool = True) -> Finished:
    """Encode *image* in at most *limit* bytes, losslessly where that fits and is wished."""
    made = encode.deliver(image, limit, lossless=lossless)
    return Finished(
        data=made.data,
        media_type=made.media_type,
        extension=made.extension,
        size=Size(*made.size),
        notes=made.notes,
    )


def _original(made: Made, geometry: Geometry, *, budget: int) -> Image.Image:
    """Return the member's picture at its best: their own file, or what lies on the canvas."""
    taken, place = geometry.taken.size, geometry.place.size
    if made.source and max(taken.width, taken.height) > max(place.width, place.height):
        opened = open_picture(made.source, what="picture")
        if opened.size == geometry.source:
            size = taken
            if max(taken.width, taken.height) > MOST_SIDE:
                size = centred(taken, MOST_SIDE).size
            scale = max(size.width / taken.width, size.height / taken.height)
            return decode(opened, scale, budget=budget).part(geometry.taken, size)
    canvas = whole_picture(made.canvas or b"", what="picture", budget=budget)
    return canvas.crop(edges(geometry.place))


def _feather(geometry: Geometry, original: Image.Image) -> int:
    """Return the width of the fading edge in pixels of the original."""
    longest = max(geometry.place.size.width, geometry.place.size.height)
    return max(1, geometry.side * max(original.size) // (_FEATHER_PARTS * longest))


def composited(
    answer: Image.Image, original: Image.Image, selected: Image.Image, *, feather: int
) -> Image.Image:
    """Lay *answer* over *original* where *selected* is 255, fading out over *feather* pixels.

    All three show the same part, at any scales; the result has the original's. Farther than
    *feather* from the selection (along either axis) the original is untouched.
    """
    answer = scaled(answer.convert("RGBA"), None, Size(*original.size))
    original = original.convert("RGBA")
    selected = selected.resize(original.size, Image.Resampling.BOX).point(_HARD)
    fading = selected.filter(ImageFilter.BoxBlur(feather)).point(_DOUBLED)
    weight = ImageChops.lighter(fading, selected)
    mixed = Image.composite(answer.convert("RGBa"), original.convert("RGBa"), weight)
    mixed = Image.composite(colour.cleared(mixed.convert("RGBA")), original, weight.point(_ANY))
    return Image.composite(answer, mixed, selected)


_HARD = [0] * 128 + [255] * 128
_DOUBLED = [min(255, 2 * value) for value in range(256)]
_ANY = [0] + [255] * 255


def changed_share(image: Image.Image, original: Image.Image) -> float:
    """Return the share of pixels that differ by more than `VISIBLE` in any channel."""
    difference = ImageChops.difference(image.convert("RGBA"), original.convert("RGBA"))
    widest = difference.getchannel(0)
    for band in (1, 2, 3):
        widest = ImageChops.lighter(widest, difference.getchannel(band))
    histogram = widest.histogram()
    return sum(histogram[VISIBLE + 1 :]) / sum(histogram)
