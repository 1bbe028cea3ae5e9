"""Pixels become files: a PNG that always fits, and deliveries in the best format that fits."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from bot.domain.errors import PictureTooLarge
from bot.domain.pictures import Note
from bot.imaging import colour
from bot.imaging.png import png_bytes

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
    """An encoded picture and what was done to make it fit."""

    data: bytes
    media_type: str
    extension: str
    size: tuple[int, int]
    notes: tuple[Note, ...] = ()


def deliver(image: Image.Image, limit: int, *, lossless: bool = True) -> Delivery:
    """Encode for people: PNG where it fits *limit* bytes, else JPEG, or WebP with transparency."""
    if image.mode == "RGBA" and colour.is_opaque(image):
        image = image.convert("RGB")
    if lossless and len(data := png_near(image, limit + 1)) <= limit:
        return Delivery(data=data, media_type="image/png", extension="png", size=image.size)
    for smaller, notes in _smaller(image):
        for quality in _LOSSY_QUALITIES:
            found = _lossy(smaller, quality, notes)
            if len(found.data) <= limit:
                return found
    raise PictureTooLarge(what="picture", size="more", limit=f"{limit} bytes")


def _smaller(image: Image.Image) -> Iterator[tuple[Image.Image, tuple[Note, ...]]]:
    yield image, (Note.COMPRESSED,)
    while min(image.size) > _SMALLEST_SIDE:
        size = (max(1, image.width * 3 // 4), max(1, image.height * 3 // 4))
        image = image.resize(size, Image.Resampling.LANCZOS)
        yield image, (Note.SHRUNK, Note.COMPRESSED)


def _lossy(image: Image.Image, quality: int, notes: tuple[Note, ...]) -> Delivery:
    out = BytesIO()
    if image.mode == "RGBA":
        clean(image).save(out, "WEBP", quality=quality, method=2)
        kind = "webp"
    else:
        subsampling = 0 if quality >= _FINE_QUALITY else 2
        clean(image).save(out, "JPEG", quality=quality, subsampling=subsampling)
        kind = "jpeg"
    return Delivery(
        data=out.getvalue(),
        media_type=f"image/{kind}",
        extension="jpg" if kind == "jpeg" else kind,
        size=image.size,
        notes=notes,
    )


def smaller_side(side: int, size: int, limit: int) -> int:
    """Return a side at which a file of *size* bytes at *side* should come below *limit*."""
    return max(_SMALLEST_SIDE, min(side - 1, int(side * math.sqrt(limit / size) * _SHRINK)))
