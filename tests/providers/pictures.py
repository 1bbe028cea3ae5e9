"""Pictures as the imaging room hands them on: square RGBA PNGs and masks of the same size."""

import io

from PIL import Image, ImageChops, ImageDraw, ImageStat

HOLE = (64, 64, 192, 160)


def png(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "PNG", compress_level=1)
    return data.getvalue()


def encoded(data: bytes, kind: str) -> bytes:
    """A PNG's picture as another type."""
    again = io.BytesIO()
    opened(data).convert("RGB").save(again, kind)
    return again.getvalue()


def opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.convert("RGBA")


def square(side: int = 256) -> bytes:
    """A picture with something to see in it."""
    picture = Image.new("RGBA", (side, side), (40, 90, 160, 255))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((side // 4, side // 4, side * 3 // 4, side * 3 // 4), fill=(230, 180, 60, 255))
    return png(picture)


def mask(side: int = 256) -> bytes:
    """A mask that lets `HOLE` be repainted (of a side of 256; larger ones in proportion)."""
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 255))
    scale = side / 256
    left, top, right, bottom = (round(edge * scale) for edge in HOLE)
    picture.paste((255, 255, 255, 0), (left, top, right, bottom))
    return png(picture)


def difference(one: bytes, two: bytes) -> float:
    """The mean difference of two pictures of the same size, 0 to 255."""
    a, b = opened(one).convert("RGB"), opened(two).convert("RGB")
    assert a.size == b.size
    return sum(ImageStat.Stat(ImageChops.difference(a, b)).mean) / 3
