"""Scales pixels with a LANCZOS filter: in vector instructions where there are any, else in Pillow.

`cykooz_resizer` works on Pillow's own pixels and takes a seventh of Pillow's time; what both make
differs by rounding. Without it, large pictures are first reduced by whole areas.

Where memory ends, that library ends the process. So large pictures are scaled strip by strip, what
that needs is asked for beforehand, and where it is not to be had, Pillow scales, which ends in a
MemoryError at worst.
"""

from math import ceil, floor

from PIL import Image

from bot.domain.pictures import Size

try:
    import cykooz_resizer as _vectors  # pyright: ignore[reportMissingTypeStubs]
except ImportError:  # no wheel for this machine, or not asked for
    _vectors = None

Edges = tuple[float, float, float, float]

_REDUCING_GAP = 1.75  # halves the scaling of large pictures; SSIM stays above 0.995
_LARGE = 16_000_000  # pixels: less is scaled at once
_STRIP = 1_000_000  # pixels of a strip, about; more fragments the memory
_REACH = 3  # of the filter, in pixels of what is made
_SPARE_BYTES = 4_000_000


def lanczos(image: Image.Image, box: Edges, size: Size) -> Image.Image:
    """Scale *box* of *image* (L, RGB, CMYK, RGBa or RGBA) to *size*; alpha weighs the colours."""
    if _vectors is not None and _is_free(_bytes_for_vectors(image, size)):
        large = image.width * image.height > _LARGE
        return (_in_strips if large else _by_vectors)(image, box, size)
    if image.mode == "RGBA":
        return _by_pillow(image.convert("RGBa"), box, size).convert("RGBA")
    return _by_pillow(image, box, size)


def _by_pillow(image: Image.Image, box: Edges, size: Size) -> Image.Image:
    to = (size.width, size.height)
    return image.resize(to, Image.Resampling.LANCZOS, box=box, reducing_gap=_REDUCING_GAP)


def _by_vectors(image: Image.Image, box: Edges, size: Size) -> Image.Image:
    assert _vectors is not None  # noqa: S101 - for the type checker
    left, top, right, bottom = box
    width, height = min(right - left, image.width - left), min(bottom - top, image.height - top)
    made = Image.new(image.mode, (size.width, size.height))
    options = _vectors.ResizeOptions(
        resize_alg=_vectors.ResizeAlg.convolution(_vectors.FilterType.lanczos3),
        crop_box=_vectors.CropBox(left, top, width, height),
    )
    resizer = _vectors.Resizer()  # a new one, because it keeps its buffers
    resizer.resize_pil(image, made, options)  # pyright: ignore[reportUnknownMemberType]
    return made


def _in_strips(image: Image.Image, box: Edges, size: Size) -> Image.Image:
    """Do as `_by_vectors` with little more memory: each strip with the rows the filter reaches."""
    left, top, right, bottom = box
    scale = (bottom - top) / size.height
    reach = ceil(_REACH * max(1.0, scale)) + 1
    rows = max(1, floor(_STRIP / image.width / scale))
    made = Image.new(image.mode, (size.width, size.height))
    for first in range(0, size.height, rows):
        last = min(size.height, first + rows)
        start, end = top + first * scale, top + last * scale
        above, below = max(0, floor(start) - reach), min(image.height, ceil(end) + reach)
        strip = image.crop((0, above, image.width, below))
        part = (left, start - above, right, end - above)
        made.paste(_by_vectors(strip, part, Size(size.width, last - first)), (0, first))
    return made


def _bytes_for_vectors(image: Image.Image, size: Size) -> int:
    """Return about what vectors take besides *image*: strips, scaled one way, times alpha."""
    each = 1 if image.mode == "L" else 4
    pixels = image.width * image.height
    at_once = min(1.0, 2 * _STRIP / pixels) if pixels > _LARGE else 1.0
    one_way = max(image.height * size.width, image.width * size.height)
    made = size.width * size.height
    return int(each * (at_once * (2 * pixels + one_way) + 2 * made)) + _SPARE_BYTES


def _is_free(count: int) -> bool:
    """Whether *count* bytes can be had; they are not written to, so that this takes no time."""
    try:
        bytearray(count)
    except MemoryError:
        return False
    return True
