"""Masks in the picture's own geometry: alpha 0 is repainted, the borders of a square never are."""

from PIL import Image

from bot.domain.errors import MaskSelectsAll, MaskSelectsNothing
from bot.domain.pictures import Box, Geometry, Region
from bot.imaging import colour, encode
from bot.imaging.geometry import region_box, same_shape, scaled_box
from bot.imaging.normalise import whole_picture

REPAINT = (255, 255, 255, 0)
KEEP = (0, 0, 0, 255)
_HALF = 128
_HARD = [0] * _HALF + [255] * (256 - _HALF)
_HARD_INVERTED = [255] * _HALF + [0] * (256 - _HALF)


def region_mask(region: Region, geometry: Geometry) -> bytes:
    """Select a region of the picture. Raises MaskSelectsNothing where the fit left it out."""
    box = region_box(region, geometry)
    selected = _nothing(geometry)
    if box.left < box.right and box.top < box.bottom:
        selected.paste(255, (box.left, box.top, box.right, box.bottom))
    return _checked(selected, geometry, all_allowed=True)


def own_mask(square: bytes, geometry: Geometry, *, budget: int) -> bytes:
    """Select what is transparent in the picture inside its square."""
    image = whole_picture(square, what="picture", budget=budget).convert("RGBA")
    place = _tuple(geometry.place)
    selected = _nothing(geometry)
    selected.paste(image.getchannel("A").crop(place).point(_HARD_INVERTED), place)
    return _checked(selected, geometry)


def uploaded_mask(data: bytes, geometry: Geometry, *, budget: int) -> bytes:
    """Select what a person's mask selects, at any scale.

    A mask of the picture's shape lies over the picture; one of the canvas's shape, where that is
    another, lies over the whole canvas.
    """
    chosen = _selection(whole_picture(data, what="mask", budget=budget))
    whole = Box(0, 0, *chosen.size)
    drawn_on_canvas = same_shape(whole.size, geometry.canvas) and not same_shape(
        whole.size, geometry.source
    )
    place = geometry.place
    if drawn_on_canvas:
        part = scaled_box(place, geometry.canvas, whole.size)
    else:
        part = _source_part(geometry, whole)
    size = (place.size.width, place.size.height)
    selected = _nothing(geometry)
    selected.paste(
        chosen.resize(size, Image.Resampling.BOX, box=_tuple(part)).point(_HARD), _tuple(place)
    )
    return _checked(selected, geometry)


def _source_part(geometry: Geometry, mask: Box) -> Box:
    """Map the part taken of the source to the mask, whatever its scale."""
    across = mask.right / geometry.source.width
    down = mask.bottom / geometry.source.height
    taken = geometry.taken
    left, top = int(taken.left * across), int(taken.top * down)
    return Box(
        left,
        top,
        min(mask.right, max(left + 1, round(taken.right * across))),
        min(mask.bottom, max(top + 1, round(taken.bottom * down))),
    )


def _selection(image: Image.Image) -> Image.Image:
    if image.mode == "RGBA" and not colour.is_opaque(image):
        return image.getchannel("A").point(_HARD_INVERTED)
    return image.convert("L").point(_HARD)


def _nothing(geometry: Geometry) -> Image.Image:
    return Image.new("L", (geometry.canvas.width, geometry.canvas.height), 0)


def _tuple(box: Box) -> tuple[int, int, int, int]:
    return box.left, box.top, box.right, box.bottom


def _checked(selected: Image.Image, geometry: Geometry, *, all_allowed: bool = False) -> bytes:
    low, high = selected.crop(_tuple(geometry.place)).getextrema()
    if high == 0:
        raise MaskSelectsNothing(what="mask")
    if low and not all_allowed:
        raise MaskSelectsAll(what="mask")
    return encode.png(drawn(selected))


def drawn(selected: Image.Image) -> Image.Image:
    """Draw a selection (255 repaints) as both dialects of models read it."""
    mask = Image.new("RGBA", selected.size, KEEP)
    mask.paste(REPAINT, (0, 0, *selected.size), selected)
    return mask


def selection_of(mask: Image.Image) -> Image.Image:
    """Return what a mask of ours selects, as 0 and 255."""
    return mask.convert("RGBA").getchannel("A").point(_HARD_INVERTED)
