"""What a model sent becomes what people see: verified, cropped back, composited, made to fit."""

from dataclasses import replace

from PIL import Image, ImageChops, ImageFilter

from bot.domain.pictures import Box, Geometry, Note, Size
from bot.imaging import colour, encode, masks
from bot.imaging.geometry import same_shape, scaled_box
from bot.imaging.normalise import scaled, whole_picture
from bot.imaging.values import Finished

VISIBLE = 8
"""A pixel counts as changed when one of its channels differs by more than this, of 255."""

_FEATHER_PARTS = 128


def finish(
    answer: bytes,
    *,
    limit: int,
    budget: int,
    geometry: Geometry | None = None,
    square: bytes | None = None,
    mask: bytes | None = None,
) -> Finished:
    """Verify *answer* and make it ready to be shown in at most *limit* bytes.

    With *geometry*, a square answer is cropped back to the member's shape. With *square* and
    *mask*, the original square lies over the answer outside the feathered mask, at the square's
    own size: there every pixel is the original's.

    Raises:
        PictureError: when the answer is no picture.
    """
    image = whole_picture(answer, what="picture", budget=budget)
    notes: tuple[Note, ...] = ()
    changed = None
    original = None
    if geometry and not same_shape(Size(*image.size), geometry.canvas):
        geometry = None  # the model chose a shape of its own
    if geometry and square and mask:
        original = whole_picture(square, what="picture", budget=budget)
        selected = masks.selection_of(whole_picture(mask, what="mask", budget=budget))
        image = composited(
            image, original, selected, feather=max(1, geometry.side // _FEATHER_PARTS)
        )
        notes = (Note.COMPOSITED,)
    if geometry and geometry.is_padded:
        box = _edges(scaled_box(geometry.place, geometry.canvas, Size(*image.size)))
        image = image.crop(box)
        original = original.crop(box) if original else None
        notes = (*notes, Note.CROPPED_BACK)
    if original is not None:
        changed = changed_share(image, original)
    made = encode.deliver(image, limit)
    return replace(_finished(made, notes), changed=changed)


def _finished(made: encode.Delivery, notes: tuple[Note, ...]) -> Finished:
    return Finished(
        data=made.data,
        media_type=made.media_type,
        extension=made.extension,
        size=Size(*made.size),
        notes=(*notes, *made.notes),
    )


def _edges(box: Box) -> tuple[int, int, int, int]:
    return box.left, box.top, box.right, box.bottom


def composited(
    answer: Image.Image, original: Image.Image, selected: Image.Image, *, feather: int
) -> Image.Image:
    """Lay *answer* over *original* where *selected* is 255, fading out over *feather* pixels.

    Farther than *feather* from the selection (along either axis) the original is untouched.
    """
    answer = scaled(answer.convert("RGBA"), None, Size(*original.size))
    original = original.convert("RGBA")
    fading = selected.filter(ImageFilter.BoxBlur(feather)).point(_DOUBLED)
    weight = ImageChops.lighter(fading, selected)
    mixed = Image.composite(answer.convert("RGBa"), original.convert("RGBa"), weight).convert(
        "RGBA"
    )
    mixed = Image.composite(colour.cleared(mixed), original, weight.point(_ANY))
    return Image.composite(answer, mixed, selected)


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
