"""Where a picture lies: fitting into a square, turning upright, and the way back. Whole numbers."""

from bot.domain.pictures import Box, Fit, Geometry, Region, Size

SWAPPING = frozenset({5, 6, 7, 8})
"""EXIF orientations that swap width and height."""


def upright(size: Size, orientation: int) -> Size:
    """Return *size* as it is after *orientation* was applied."""
    return Size(size.height, size.width) if orientation in SWAPPING else size


def raw_box(box: Box, size: Size, orientation: int) -> Box:
    """Map *box* of the upright picture of *size* to the picture as it is stored."""
    left, right = (box.left, box.right)
    top, bottom = (box.top, box.bottom)
    if orientation in {2, 3, 6, 7}:
        left, right = size.width - box.right, size.width - box.left
    if orientation in {3, 4, 7, 8}:
        top, bottom = size.height - box.bottom, size.height - box.top
    if orientation in SWAPPING:
        return Box(top, left, bottom, right)
    return Box(left, top, right, bottom)


def fit_square(source: Size, orientation: int, *, side: int, fit: Fit) -> Geometry:
    """Return the geometry of an upright *source* in a square of *side* pixels."""
    whole = Box(0, 0, source.width, source.height)
    taken = _middle_square(source) if fit is Fit.CROP else whole
    place = _centred(source, side) if fit is Fit.PAD else Box(0, 0, side, side)
    return Geometry(source=source, orientation=orientation, taken=taken, place=place, side=side)


def _middle_square(source: Size) -> Box:
    edge = min(source.width, source.height)
    left, top = (source.width - edge) // 2, (source.height - edge) // 2
    return Box(left, top, left + edge, top + edge)


def _centred(source: Size, side: int) -> Box:
    longest = max(source.width, source.height)
    width = max(1, round(source.width * side / longest))
    height = max(1, round(source.height * side / longest))
    left, top = (side - width) // 2, (side - height) // 2
    return Box(left, top, left + width, top + height)


def scaled_box(box: Box, from_side: int, to: Size) -> Box:
    """Map *box* of a square of *from_side* to a picture of size *to*, never empty."""
    left = round(box.left * to.width / from_side)
    top = round(box.top * to.height / from_side)
    right = max(left + 1, round(box.right * to.width / from_side))
    bottom = max(top + 1, round(box.bottom * to.height / from_side))
    return Box(
        min(left, to.width - 1),
        min(top, to.height - 1),
        min(right, to.width),
        min(bottom, to.height),
    )


def region_box(region: Region, geometry: Geometry) -> Box:
    """Return the pixels of the square that *region* of the whole picture covers, inside its place.

    May be empty where the fit left that part of the picture out.
    """
    taken, place = geometry.taken, geometry.place
    across = place.size.width / taken.size.width
    down = place.size.height / taken.size.height
    left = place.left + round((region.left * geometry.source.width - taken.left) * across)
    right = place.left + round((region.right * geometry.source.width - taken.left) * across)
    top = place.top + round((region.top * geometry.source.height - taken.top) * down)
    bottom = place.top + round((region.bottom * geometry.source.height - taken.top) * down)
    return Box(
        max(left, place.left),
        max(top, place.top),
        min(right, place.right),
        min(bottom, place.bottom),
    )
