"""An animation that a model sent: verified frame by frame, cropped back, shrunk until it fits."""

import math
from collections.abc import Iterator
from io import BytesIO

from PIL import Image

from bot.domain.errors import PictureTooLarge
from bot.domain.pictures import Box, Geometry, Note, Size
from bot.imaging.colour import is_opaque
from bot.imaging.geometry import answer_box, centred, shape_back
from bot.imaging.gif import Gif, assembled, parsed, written
from bot.imaging.normalise import scaled
from bot.imaging.opening import check_size, decoding
from bot.imaging.values import Finished

MAX_REMADE_PIXELS = 8_000_000
"""Pixels of all frames together where they have to be encoded anew; about a second."""

_SMALLEST_SIDE = 16
_SHRINK = 0.9
_HOLE = 255  # the colour number that is transparent
_PALETTE_SIDE = 128  # choosing colours from a frame of this side costs a tenth of all its pixels
_SEEN = [255] * 128 + [0] * 128


def animated(data: bytes, gif: Gif, geometry: Geometry | None, *, limit: int) -> Finished:
    """Return an animation in at most *limit* bytes with all its frames, their delays and its loop.

    One that needs no change keeps its pixels and tables to the byte, and loses every block that
    is not a frame, a delay or the loop. For a padded *geometry* it is cropped back.

    Raises:
        PictureError: a frame is damaged, or the frames fit in no size.
    """
    check_size(gif.size, what="picture")
    whole = Box(0, 0, gif.size.width, gif.size.height)
    box = answer_box(gif.size, geometry) if geometry and geometry.is_padded else None
    size = shape_back(box.size, geometry) if geometry and box else gif.size
    cropped = (Note.CROPPED_BACK,) if box else ()
    bare = written(gif)
    if size == gif.size and len(bare) <= limit:
        for _ in _frames(data, len(gif.frames)):
            pass
        return _finished(bare, size, ())
    most = math.sqrt(min(1.0, MAX_REMADE_PIXELS / (len(gif.frames) * size.width * size.height)))
    start = _times(size, min(most, math.sqrt(limit / len(bare)) if box is None else 1.0))
    pixels = [
        scaled(_opaque(frame.crop(_edges(box or whole))), None, start)
        for frame in _frames(data, len(gif.frames))
    ]
    made, small = _fitting(pixels, gif, limit)
    shrunk = (Note.SHRUNK,) if small != size else ()
    return _finished(made, small, (*cropped, *shrunk))


def _fitting(pixels: list[Image.Image], like: Gif, limit: int) -> tuple[bytes, Size]:
    size = Size(*pixels[0].size)
    sample = written(_still(pixels[len(pixels) // 2]))  # spares encoding all of them in vain
    size = _times(size, math.sqrt(limit / (len(sample) * len(pixels))))
    while True:
        made = assembled([_still(scaled(frame, None, size)) for frame in pixels], like)
        if len(made) <= limit:
            return made, size
        smaller = _times(size, min(_SHRINK, _SHRINK * math.sqrt(limit / len(made))))
        if max(smaller.width, smaller.height) < _SMALLEST_SIDE or smaller == size:
            raise PictureTooLarge(what="picture", size="more", limit=f"{limit:,} B")
        size = smaller


def _times(size: Size, scale: float) -> Size:
    longest = max(size.width, size.height)
    return size if scale >= 1 else centred(size, max(1, int(longest * scale))).size


def _frames(data: bytes, count: int) -> Iterator[Image.Image]:
    """Decode every frame, as it is seen, in RGBA."""
    with decoding("picture"):
        image = Image.open(BytesIO(data), formats=["GIF"])
        for number in range(count):
            image.seek(number)
            yield image.convert("RGBA")


def _opaque(frame: Image.Image) -> Image.Image:
    """Drop alpha that hides nothing, for speed."""
    return frame.convert("RGB") if is_opaque(frame) else frame


def _still(frame: Image.Image) -> Gif:
    """Encode one frame with colours of its own; what is half transparent becomes one or none."""
    holes = frame.convert("RGBA").getchannel("A").point(_SEEN)
    has_holes = holes.getbbox() is not None
    few = _few_colours(frame.convert("RGB"), 256 - has_holes)
    options: dict[str, int] = {}
    if has_holes:
        palette = few.getpalette() or []
        few.putpalette(palette + [0] * (3 * (_HOLE + 1) - len(palette)))
        few.paste(_HOLE, None, holes)
        options = {"transparency": _HOLE}
    out = BytesIO()
    few.save(out, "GIF", optimize=False, **options)
    return parsed(out.getvalue())


def _few_colours(frame: Image.Image, count: int) -> Image.Image:
    """Reduce a frame to *count* colours: its own where it has no more."""
    if frame.getcolors(count):
        return frame.quantize(count, Image.Quantize.MEDIANCUT)
    small = frame.copy()
    small.thumbnail((_PALETTE_SIDE, _PALETTE_SIDE), Image.Resampling.NEAREST)
    palette = small.quantize(count, Image.Quantize.MEDIANCUT)
    return frame.quantize(palette=palette, dither=Image.Dither.NONE)


def _edges(box: Box) -> tuple[int, int, int, int]:
    return box.left, box.top, box.right, box.bottom


def _finished(data: bytes, size: Size, notes: tuple[Note, ...]) -> Finished:
    return Finished(data=data, media_type="image/gif", extension="gif", size=size, notes=notes)
