"""Pixels become files: a PNG that always fits, and deliveries in the best format that fits."""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from io import BytesIO

from PIL import Image

from bot.domain.errors import PictureTooLarge
from bot.domain.pictures import Note
from bot.imaging import colour
from bot.imaging.png import png_bytes

JPEG, WEBP = "jpeg", "webp"
_LOSSY_QUALITIES = (95, 90, 85, 75, 60)
_SHRINK = 0.95
_SMALLEST_SIDE = 16
_WORTH_AN_EFFORT = 1.25
_PIXELS_WORTH_AN_EFFORT = 1_500_000  # about a second
_SIDE_WORTH_DROPPING_BITS = 1024
_FINE_QUALITY = 90  # from here on colour keeps its full resolution


def clean(image: Image.Image) -> Image.Image:
    """Return a copy that carries pixels only, so that no encoder finds metadata in it."""
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    return bare


def png(image: Image.Image, *, small: bool = False) -> bytes:
    """Encode as PNG with IHDR, IDAT and IEND only; *small* takes many times as long."""
    if not small:
        return png_bytes(image)
    out = BytesIO()
    clean(image).save(out, "PNG")
    return out.getvalue()


def png_near(image: Image.Image, limit: int) -> bytes:
    """Encode as PNG, and with more effort where that may bring it below *limit* bytes."""
    data = png(image)
    small = image.width * image.height <= _PIXELS_WORTH_AN_EFFORT
    if small and limit <= len(data) < limit * _WORTH_AN_EFFORT:
        data = min(data, png(image, small=True), key=len)
    return data


def square_png(image: Image.Image, limit: int) -> tuple[bytes, tuple[Note, ...]]:
    """Encode an RGBA square in fewer bytes than *limit* with the least visible loss.

    First as it is, then with 7 and 6 bits a channel, rounded. What is still too long, or has a
    side above 1,024 where dropping bits does not help, needs a smaller side.
    """
    data = png_near(image, limit)
    notes: tuple[Note, ...] = ()
    for bits in (7, 6):
        if len(data) < limit or image.width > _SIDE_WORTH_DROPPING_BITS:
            break
        data, notes = png_near(rounded(image, bits), limit), (Note.SHADES,)
    return data, notes


def rounded(image: Image.Image, bits: int) -> Image.Image:
    """Keep *bits* of every channel, spread evenly over 0 to 255."""
    top = (1 << bits) - 1
    table = [round(round(value * top / 255) * 255 / top) for value in range(256)]
    return colour.cleared(image.point(table * len(image.getbands())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An encoded picture and what was done to make it fit; pixels only, no metadata."""

    data: bytes
    media_type: str
    extension: str
    size: tuple[int, int]
    notes: tuple[Note, ...] = ()


def canvas_file(image: Image.Image, limit: int, types: Collection[str] = ()) -> Delivery:
    """Encode an RGBA canvas in fewer bytes than *limit*, without loss where that is possible.

    PNG; where *types* allow it and PNG does not fit, lossless WebP; then JPEG (opaque pictures)
    or WebP from quality 95 downward; without a type for that, PNG with fewer shades. What is
    still too long needs a smaller side.
    """
    opaque = colour.is_opaque(image)
    kind = next((kind for kind in _LOSSY_KINDS[opaque] if f"image/{kind}" in types), None)
    if kind is None:
        data, notes = square_png(image, limit)
        return _delivery(data, "png", image, notes)
    found = _delivery(png_near(image, limit), "png", image)
    if len(found.data) >= limit and f"image/{WEBP}" in types:
        found = _lossless_webp(image) or found
    image = image.convert("RGB") if opaque else image
    for quality in _LOSSY_QUALITIES:
        if len(found.data) < limit:
            break
        found = lossy(image, quality, kind, (Note.COMPRESSED,))
    return found


_LOSSY_KINDS = {True: (JPEG, WEBP), False: (WEBP,)}
"""What pictures with loss may be, opaque or not, best first."""


def deliver(
    image: Image.Image, limit: int, *, lossless: bool = True, wanted: str | None = None
) -> Delivery:
    """Encode for people in at most *limit* bytes, as *wanted* (``jpeg``, ``webp``) where it can be.

    Otherwise PNG where it fits, else JPEG, or WebP with transparency, which is never lost.
    """
    if image.mode == "RGBA" and colour.is_opaque(image):
        image = image.convert("RGB")
    found = _without_loss(image, limit, wanted) if lossless else None
    if found and len(found.data) <= limit:
        return found
    kind = WEBP if image.mode == "RGBA" or wanted == WEBP else JPEG
    asked = (Note.TRANSPARENT,) if wanted == JPEG and kind == WEBP else ()
    for smaller, notes in _smaller(image):
        for quality in _LOSSY_QUALITIES:
            found = lossy(smaller, quality, kind, (*asked, *notes))
            if len(found.data) <= limit:
                return _as_asked(found, quality) if wanted == JPEG else found
    raise PictureTooLarge(what="picture", size="more", limit=f"{limit:,} B")


def _without_loss(image: Image.Image, limit: int, wanted: str | None) -> Delivery | None:
    if wanted == JPEG:
        return None
    if wanted == WEBP:
        return _lossless_webp(image)
    return _delivery(png_near(image, limit + 1), "png", image)


def _as_asked(found: Delivery, quality: int) -> Delivery:
    """Say nothing of compression that was asked for."""
    if quality < _LOSSY_QUALITIES[0]:
        return found
    notes = tuple(note for note in found.notes if note is not Note.COMPRESSED)
    return replace(found, notes=notes)


def _smaller(image: Image.Image) -> Iterator[tuple[Image.Image, tuple[Note, ...]]]:
    yield image, (Note.COMPRESSED,)
    while min(image.size) > _SMALLEST_SIDE:
        size = (max(1, image.width * 3 // 4), max(1, image.height * 3 // 4))
        image = image.resize(size, Image.Resampling.LANCZOS)
        yield image, (Note.SHRUNK, Note.COMPRESSED)


def lossy(image: Image.Image, quality: int, kind: str, notes: tuple[Note, ...] = ()) -> Delivery:
    """Encode as *kind*, ``jpeg`` (RGB) or ``webp`` (RGB or RGBA)."""
    out = BytesIO()
    if kind == WEBP:
        method = 2 if image.width * image.height <= _PIXELS_WORTH_AN_EFFORT else 0
        clean(image).save(out, "WEBP", quality=quality, method=method)
    else:
        subsampling = 0 if quality >= _FINE_QUALITY else 2
        clean(image).save(out, "JPEG", quality=quality, subsampling=subsampling)
    return _delivery(out.getvalue(), kind, image, notes)


def _lossless_webp(image: Image.Image) -> Delivery | None:
    """Encode as WebP without loss; None where there is not the memory for that."""
    out = BytesIO()
    try:
        clean(image).save(out, "WEBP", lossless=True, quality=0, method=0)
    except (MemoryError, OSError, ValueError):  # libwebp says it in several ways
        return None
    return _delivery(out.getvalue(), WEBP, image)


def _delivery(data: bytes, kind: str, image: Image.Image, notes: tuple[Note, ...] = ()) -> Delivery:
    return Delivery(
        data=data,
        media_type=f"image/{kind}",
        extension="jpg" if kind == JPEG else kind,
        size=image.size,
        notes=notes,
    )


def smaller_side(side: int, size: int, limit: int) -> int:
    """Return a side at which a file of *size* bytes at *side* should come below *limit*."""
    return max(_SMALLEST_SIDE, min(side - 1, int(side * math.sqrt(limit / size) * _SHRINK)))
