"""Masks in the picture's own geometry: alpha 0 is repainted, the borders of a canvas never are.

A *selection* is a grey picture of the size of the picture's place on the canvas: 255 is to be
repainted, 0 stays.
"""

from collections.abc import Iterable

from PIL import Image, ImageChops, ImageFilter

from bot.domain.errors import MaskSelectsAll, MaskSelectsNothing
from bot.domain.pictures import Box, Geometry, Region
from bot.imaging import colour, encode
from bot.imaging.geometry import region_box, same_shape, scaled_box
from bot.imaging.normalise import scaled, whole_picture
from bot.imaging.values import SQUARE_BYTES

REPAINT = (255, 255, 255, 0)
KEEP = (0, 0, 0, 255)
_HALF = 128
_HARD = [0] * _HALF + [255] * (256 - _HALF)
_HARD_INVERTED = [255] * _HALF + [0] * (256 - _HALF)
_DIFFERENT = 32  # of 255, in any channel: more than saving a copy as JPEG or WebP changes
_DOUBLED = [min(255, 2 * value) for value in range(256)]
_CHANGED = [0] * _DIFFERENT + [255] * (256 - _DIFFERENT)
_SPECKLE = 3

Edges = tuple[int, int, int, int]


def select_regions(regions: Iterable[Region], geometry: Geometry) -> Image.Image:
    """Select regions of the picture; a part that the fit left out selects nothing."""
    place, selected = geometry.place, _nothing(geometry)
    for region in regions:
        box = region_box(region, geometry)
        if box.left < box.right and box.top < box.bottom:
            inside = (box.left - place.left, box.top - place.top)
            selected.paste(255, (*inside, box.right - place.left, box.bottom - place.top))
    return selected


def select_transparent(square: bytes, geometry: Geometry, *, budget: int) -> Image.Image:
    """Select what is transparent in the picture on its canvas."""
    image = whole_picture(square, what="picture", budget=budget).convert("RGBA")
    return image.getchannel("A").crop(edges(geometry.place)).point(_HARD_INVERTED)


def select_uploaded(data: bytes, geometry: Geometry, *, budget: int) -> Image.Image:
    """Select what a person's mask selects, at any scale.

    A mask of the picture's shape lies over the picture; one of the canvas's shape, where that is
    another, lies over the whole canvas.
    """
    image = whole_picture(data, what="mask", budget=budget)
    if image.mode == "RGBA" and not colour.is_opaque(image):
        chosen = image.getchannel("A").point(_HARD_INVERTED)
    else:
        chosen = image.convert("L").point(_HARD)
    size = (geometry.place.size.width, geometry.place.size.height)
    part = edges(matching_part(geometry, Box(0, 0, *image.size)))
    return chosen.resize(size, Image.Resampling.BOX, box=part).point(_HARD)


def select_difference(
    data: bytes, square: bytes, geometry: Geometry, *, budget: int
) -> Image.Image:
    """Select where a painted-over copy differs visibly from the picture on its canvas."""
    copy = whole_picture(data, what="mask", budget=budget).convert("RGBA")
    part = matching_part(geometry, Box(0, 0, *copy.size))
    box = (float(part.left), float(part.top), float(part.right), float(part.bottom))
    return difference(scaled(copy, box, geometry.place.size), square, geometry, budget=budget)


def difference(copy: Image.Image, square: bytes, geometry: Geometry, *, budget: int) -> Image.Image:
    """Select where an RGBA *copy* of the picture's place differs visibly from it."""
    picture = whole_picture(square, what="picture", budget=budget).convert("RGBA")
    apart = ImageChops.difference(copy, picture.crop(edges(geometry.place)))
    widest = apart.getchannel(0)
    for band in (1, 2, 3):
        widest = ImageChops.lighter(widest, apart.getchannel(band))
    return widest.point(_CHANGED).filter(ImageFilter.MedianFilter(_SPECKLE))


def matching_part(geometry: Geometry, mask: Box) -> Box:
    """Return the part of a mask that lies over the picture's place, whatever the mask's scale."""
    drawn_on_canvas = same_shape(mask.size, geometry.canvas)
    if drawn_on_canvas and not same_shape(mask.size, geometry.source):
        return scaled_box(geometry.place, geometry.canvas, mask.size)
    return scaled_box(geometry.taken, geometry.source, mask.size)


def _nothing(geometry: Geometry) -> Image.Image:
    return Image.new("L", (geometry.place.size.width, geometry.place.size.height), 0)


def edges(box: Box) -> Edges:
    """Return *box* as Pillow takes it."""
    return box.left, box.top, box.right, box.bottom


# --- adjusting --------------------------------------------------------------------------------


def grown(selected: Image.Image, by: int) -> Image.Image:
    """Grow a selection by *by* pixels to every side; shrink it where *by* is negative.

    The edge of the picture is not an edge of the selection: nothing shrinks from there.
    """
    if by < 0:
        return ImageChops.invert(grown(ImageChops.invert(selected), -by))
    for across, down in ((1, 0), (0, 1)):
        reach = 0
        while reach < by:
            step = min(by - reach, 2 * reach + 1)
            one = _moved(selected, across * step, down * step)
            other = _moved(selected, -across * step, -down * step)
            selected = ImageChops.lighter(selected, ImageChops.lighter(one, other))
            reach += step
    return selected


def _moved(selected: Image.Image, right: int, down: int) -> Image.Image:
    moved = Image.new("L", selected.size, 0)
    moved.paste(selected, (right, down))
    return moved


def faded(selected: Image.Image, feather: int) -> Image.Image:
    """Give a selection a soft edge: from 255 at its own edge to 0, *feather* pixels outside."""
    if not feather:
        return selected
    return ImageChops.lighter(
        selected.filter(ImageFilter.BoxBlur(feather)).point(_DOUBLED), selected
    )


def is_soft(selected: Image.Image) -> bool:
    """Whether a selection has anything between 0 and 255."""
    return any(selected.histogram()[1:255])


# --- between selections and files -------------------------------------------------------------


def mask_png(
    selected: Image.Image, geometry: Geometry, *, all_allowed: bool = False, feather: int = 0
) -> bytes:
    """Write a selection as a mask of the canvas under 4,000,000 bytes, soft over *feather* pixels.

    In a soft edge alpha rises as white turns to black, so that a reader of either sees the same.
    Speckles that no file of that size can hold are smoothed out.

    Raises:
        MaskSelectsNothing, MaskSelectsAll: the mask is of no use.
    """
    while True:
        low, high = selected.getextrema()
        if not high:
            raise MaskSelectsNothing(what="mask")
        if low and not all_allowed:
            raise MaskSelectsAll(what="mask")
        mask = Image.new("RGBA", (geometry.canvas.width, geometry.canvas.height), KEEP)
        mask.paste(REPAINT, edges(geometry.place), faded(selected, feather))
        data = encode.png(mask)
        if len(data) < SQUARE_BYTES:
            return data
        selected = coarser(selected).point(_HARD)


def coarser(image: Image.Image, step: int = 4) -> Image.Image:
    """Return *image* in squares of *step* pixels, each of one colour."""
    small = image.reduce(step)
    whole = (0, 0, image.width / step, image.height / step)
    return small.resize(image.size, Image.Resampling.NEAREST, box=whole)


def selection_of(mask: bytes, geometry: Geometry, *, budget: int) -> Image.Image:
    """Read back the selection of a mask that `mask_png` wrote; a soft edge ends at its half."""
    return soft_selection_of(mask, geometry, budget=budget).point(_HARD)


def soft_selection_of(mask: bytes, geometry: Geometry, *, budget: int) -> Image.Image:
    """Read back the selection of a mask that `mask_png` wrote, with its soft edge."""
    image = whole_picture(mask, what="mask", budget=budget).convert("RGBA")
    return ImageChops.invert(image.getchannel("A").crop(edges(geometry.place)))


def share(selected: Image.Image) -> float:
    """Return the share of the picture that is selected, 0 to 1."""
    counts = selected.histogram()
    return sum(counts[_HALF:]) / sum(counts)
