"""Where a picture lies: fitted to a canvas, turned upright, and the way back. Whole numbers."""

from bot.domain.pictures import Box, Fit, Geometry, Region, Size

_NEAR = 16 / 800

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


def fitted(source: Size, orientation: int, *, side: int, fit: Fit, along: float = 0.5) -> Geometry:
    """Return the geometry of an upright *source* on a canvas of *side* pixels.

    *along* says where a crop lies between the two ends of the longer side, 0 to 1.
    """
    taken = _square_of(source, along) if fit is Fit.CROP else _all_of(source)
    canvas = _kept(source, side) if fit is Fit.KEEP else Size(side, side)
    place = centred(source, side) if fit is Fit.PAD else _all_of(canvas)
    return Geometry(source=source, orientation=orientation, taken=taken, place=place, canvas=canvas)


def _all_of(size: Size) -> Box:
    return Box(0, 0, size.width, size.height)


def _kept(source: Size, side: int) -> Size:
    """Return *source* with its longer side at most *side*; small pictures keep their size."""
    if max(source.width, source.height) <= side:
        return source
    return centred(source, side).size


def _square_of(source: Size, along: float) -> Box:
    edge = min(source.width, source.height)
    left, top = int((source.width - edge) * along), int((source.height - edge) * along)
    return Box(left, top, left + edge, top + edge)


def centred(source: Size, side: int) -> Box:
    """Return *source* with a longer side of *side*, in the middle of a square of *side*."""
    longest = max(source.width, source.height)
    width = max(1, round(source.width * side / longest))
    height = max(1, round(source.height * side / longest))
    left, top = (side - width) // 2, (side - height) // 2
    return Box(left, top, left + width, top + height)


def scaled_box(box: Box, canvas: Size, to: Size) -> Box:
    """Map *box* of a *canvas* to a picture of size *to*, never empty."""
    left = min(to.width - 1, round(box.left * to.width / canvas.width))
    top = min(to.height - 1, round(box.top * to.height / canvas.height))
    right = min(to.width, max(left + 1, round(box.right * to.width / canvas.width)))
    bottom = min(to.height, max(top + 1, round(box.bottom * to.height / canvas.height)))
    return Box(left, top, right, bottom)


def same_shape(one: Size, other: Size) -> bool:
    """Whether two sizes have the same aspect, to the pixel that rounding may cost."""
    apart = abs(one.width * other.height - one.height * other.width)
    return apart <= max(one.width, one.height, other.width, other.height)


def near_shape(one: Size, other: Size) -> bool:
    """Whether two sizes have the same aspect but for what a step of 16 pixels may cost.

    Many models make only sides that are multiples of 16. Where one side of 800 pixels moves by a
    whole step, or both by half a step apart, the aspect changes by 16 / 800: up to 2 % is near.
    """
    across, down = one.width * other.height, one.height * other.width
    return same_shape(one, other) or abs(across - down) <= _NEAR * max(across, down)


def answer_box(answer: Size, geometry: Geometry) -> Box | None:
    """Return the part of an answer to *geometry* that shows the picture, and not its borders.

    None for an answer that has not even nearly the canvas's shape: it is one of its own.
    """
    if not near_shape(answer, geometry.canvas):
        return None
    return scaled_box(geometry.place, geometry.canvas, answer)


def shape_back(size: Size, geometry: Geometry) -> Size:
    """Return the size that brings a picture of *size* to the member's aspect.

    Itself where it is there already: exactly, or for a padded canvas, whose rounding a larger
    answer magnifies, nearly.
    """
    taken = geometry.taken.size
    exact = centred(taken, max(size.width, size.height)).size
    apart = max(abs(exact.width - size.width), abs(exact.height - size.height))
    there = apart <= 1 or (geometry.is_padded and same_shape(size, taken))
    return size if there else exact


def region_box(region: Region, geometry: Geometry) -> Box:
    """Return the pixels of the canvas that *region* of the whole picture covers, in its place.

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
