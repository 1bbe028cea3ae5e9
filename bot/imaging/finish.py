"""What a model sent becomes what people see: verified, cropped back, composited, made to fit."""

from contextlib import suppress
from dataclasses import astuple, replace

from PIL import Image, ImageChops

from bot.domain.errors import PictureError
from bot.domain.pictures import Box, Geometry, Note, Size
from bot.imaging import colour, encode, masks
from bot.imaging.animation import animated
from bot.imaging.geometry import answer_box, centred, shape_back
from bot.imaging.gif import moving
from bot.imaging.masks import edges
from bot.imaging.normalise import decode, scaled, whole_picture
from bot.imaging.opening import open_picture
from bot.imaging.values import GIF, Finished, Made

VISIBLE = 8
"""A pixel counts as changed when one of its channels differs by more than this, of 255."""

MOST_SIDE = 2560
"""The longer side of a composite at the member's own resolution, in pixels."""

_FEATHER_PARTS = 128


GLIMPSE_SIDE = 768
"""The longer side of a picture in the making, in pixels."""

_GLIMPSE_QUALITY = 80


def finish(
    made: Made,
    geometry: Geometry | None,
    *,
    limit: int,
    budget: int,
    wanted: str | None = None,
) -> Finished:
    """Verify an answer and make it ready to be shown in at most *limit* bytes, as *wanted*.

    With *geometry*, an answer of nearly the canvas's shape is brought back to the member's. With
    the canvas and a mask in *made*, the original lies over the answer outside the feathered mask:
    the member's own file where that is as large, else the canvas. There every pixel is the
    original's. An animated GIF stays one where ``gif`` is wanted, else its first frame is taken.

    Raises:
        PictureError: when the answer is no picture.
    """
    if wanted == GIF and (gif := moving(made.answer)):
        return animated(made.answer, gif, geometry, limit=limit)
    image, notes = _answer(made.answer, budget)
    box = answer_box(Size(*image.size), geometry) if geometry else None
    if geometry is None or box is None:  # the model chose a shape of its own
        return _told(finished(image, limit, wanted=wanted), notes)
    if geometry.is_padded:
        image, notes = image.crop(edges(box)), (*notes, Note.CROPPED_BACK)
    changed = None
    if made.canvas and made.mask:
        original = _original(made, geometry, budget=budget)
        selected = masks.soft_selection_of(made.mask, geometry, budget=budget)
        image = composited(image, original, selected, feather=_feather(geometry, original))
        changed, notes = changed_share(image, original), (*notes, Note.COMPOSITED)
    size = shape_back(Size(*image.size), geometry)
    if size != Size(*image.size):
        image, notes = scaled(image, None, size), (*notes, Note.STRETCHED_BACK)
    return replace(_told(finished(image, limit, wanted=wanted), notes), changed=changed)


def glimpse(answer: bytes, geometry: Geometry | None, *, limit: int, budget: int) -> Finished:
    """Make a picture in the making ready for a quick look: small, brought back, with loss.

    Raises:
        PictureError: when the answer is no picture.
    """
    opened = open_picture(answer, what="picture")
    size = opened.size
    box = answer_box(size, geometry) if geometry else None
    aspect = geometry.taken.size if geometry and box else size
    box = box or Box(0, 0, size.width, size.height)
    longest = max(box.size.width, box.size.height)
    shown = centred(aspect, min(GLIMPSE_SIDE, longest)).size
    image = decode(opened, max(astuple(shown)) / longest, budget=budget).part(box, shown)
    opaque = image.mode == "RGB" or colour.is_opaque(image)
    kind, image = (encode.JPEG, image.convert("RGB")) if opaque else (encode.WEBP, image)
    made = encode.lossy(image, _GLIMPSE_QUALITY, kind)
    return _finished(made) if len(made.data) <= limit else finished(image, limit, lossless=False)


def _answer(data: bytes, budget: int) -> tuple[Image.Image, tuple[Note, ...]]:
    opened = open_picture(data, what="picture")
    whole = Box(0, 0, opened.size.width, opened.size.height)
    image = decode(opened, 1.0, budget=budget).part(whole, opened.size)
    return image, (Note.FIRST_FRAME,) if opened.animated else ()


def _told(done: Finished, notes: tuple[Note, ...]) -> Finished:
    return replace(done, notes=(*notes, *done.notes))


def finished(
    image: Image.Image, limit: int, *, lossless: bool = True, wanted: str | None = None
) -> Finished:
    """Encode *image* in at most *limit* bytes, losslessly where that fits and is wished."""
    return _finished(encode.deliver(image, limit, lossless=lossless, wanted=wanted))


def _finished(made: encode.Delivery) -> Finished:
    return Finished(
        data=made.data,
        media_type=made.media_type,
        extension=made.extension,
        size=Size(*made.size),
        notes=made.notes,
    )


def _original(made: Made, geometry: Geometry, *, budget: int) -> Image.Image:
    """Return the member's picture at its best: their own file, or what lies on the canvas.

    The file also where it is as large, because what was sent may have been compressed; not where
    it takes too much at that size, because the answer is paid for.
    """
    taken, place = geometry.taken.size, geometry.place.size
    if made.source and max(taken.width, taken.height) >= max(place.width, place.height):
        with suppress(PictureError):
            own = _own(made.source, geometry, budget=budget)
            if own is not None:
                return own
    canvas = whole_picture(made.canvas or b"", what="picture", budget=budget)
    return canvas.crop(edges(geometry.place))


def _own(source: bytes, geometry: Geometry, *, budget: int) -> Image.Image | None:
    """Return the part of the member's own file that was used, None where it is another picture."""
    opened = open_picture(source, what="picture")
    if opened.size != geometry.source:
        return None
    taken = geometry.taken.size
    largest = max(taken.width, taken.height) > MOST_SIDE
    size = centred(taken, MOST_SIDE).size if largest else taken
    scale = max(size.width / taken.width, size.height / taken.height)
    return decode(opened, scale, budget=budget).part(geometry.taken, size)


def _feather(geometry: Geometry, original: Image.Image) -> int:
    """Return the width of the fading edge in pixels of the original."""
    longest = max(geometry.place.size.width, geometry.place.size.height)
    return max(1, geometry.side * max(original.size) // (_FEATHER_PARTS * longest))


def composited(
    answer: Image.Image, original: Image.Image, selected: Image.Image, *, feather: int
) -> Image.Image:
    """Lay *answer* over *original* where *selected* is 255, fading out over *feather* pixels.

    All three show the same part, at any scales; the result has the original's. Farther than
    *feather* from the selection (along either axis) the original is untouched. A selection with
    a soft edge of its own fades out as that does.
    """
    answer = scaled(answer.convert("RGBA"), None, Size(*original.size))
    original = original.convert("RGBA")
    if masks.is_soft(selected):
        weight = selected.resize(original.size, Image.Resampling.BILINEAR)
        selected = weight.point(_FULL)
    else:
        selected = selected.resize(original.size, Image.Resampling.BOX).point(_HARD)
        weight = masks.faded(selected, feather)
    mixed = Image.composite(answer.convert("RGBa"), original.convert("RGBa"), weight)
    mixed = Image.composite(colour.cleared(mixed.convert("RGBA")), original, weight.point(_ANY))
    return Image.composite(answer, mixed, selected)


_HARD = [0] * 128 + [255] * 128
_FULL = [0] * 255 + [255]
_ANY = [0] + [255] * 255


def changed_share(image: Image.Image, original: Image.Image) -> float:
    """Return the share of pixels that differ by more than `VISIBLE` in any channel."""
    difference = ImageChops.difference(image.convert("RGBA"), original.convert("RGBA"))
    widest = difference.getchannel(0)
    for band in (1, 2, 3):
        widest = ImageChops.lighter(widest, difference.getchannel(band))
    histogram = widest.histogram()
    return sum(histogram[VISIBLE + 1 :]) / sum(histogram)
