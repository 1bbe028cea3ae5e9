"""Picture files for tests: real photographs that scikit-image ships, and drawn ones."""

import random
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageChops, ImageCms

BUDGET = 240_000_000
CORNERS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255))
UNTURN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
ORIENTATION = 274
ARTIST = 315


def photograph(name: str) -> Path:
    """A file of scikit-image's sample data, such as ``astronaut.png``."""
    spec = find_spec("skimage")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data" / name


def photo(name: str = "astronaut.png") -> Image.Image:
    return _decoded(name).copy()


@cache
def _decoded(name: str) -> Image.Image:
    return Image.open(photograph(name)).convert("RGB")


def quarters(width: int, height: int) -> Image.Image:
    """Red, green, blue and white quarters, in reading order."""
    image = Image.new("RGB", (width, height), CORNERS[3])
    image.paste(CORNERS[0], (0, 0, width // 2, height // 2))
    image.paste(CORNERS[1], (width // 2, 0, width, height // 2))
    image.paste(CORNERS[2], (0, height // 2, width // 2, height))
    return image


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Return the file, by its encoder's least effort where *options* do not say another."""
    out = BytesIO()
    image.save(out, kind, **{**_LEAST_EFFORT.get(kind, {}), **options})
    return out.getvalue()


_LEAST_EFFORT: dict[str, dict[str, object]] = {
    "PNG": {"compress_level": 1},
    "WEBP": {"method": 0},
    "AVIF": {"speed": 10},
}


def turned(image: Image.Image, orientation: int, kind: str, **options: object) -> bytes:
    """Save *image* so that applying *orientation* makes it upright again."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = image.transpose(UNTURN[orientation]) if orientation in UNTURN else image
    return saved(stored, kind, exif=exif, **options)


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def pixel(image: Image.Image, x: float, y: float) -> tuple[int, ...]:
    """The pixel at a fraction of width and height, without alpha."""
    value = image.convert("RGB").getpixel((int(x * image.width), int(y * image.height)))
    assert isinstance(value, tuple)
    return tuple(int(band) for band in value)


def near(one: tuple[int, ...], other: tuple[int, ...], *, within: int = 24) -> bool:
    return len(one) == len(other) and all(
        abs(a - b) <= within for a, b in zip(one, other, strict=True)
    )


def shows_quarters(image: Image.Image) -> bool:
    """Whether the four quarters are where `quarters` draws them."""
    places = ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75))
    return all(
        near(pixel(image, *place), corner) for place, corner in zip(places, CORNERS, strict=True)
    )


def mean_difference(one: Image.Image, other: Image.Image) -> float:
    """The mean absolute difference of all channels, 0 to 255."""
    difference = ImageChops.difference(one.convert("RGB"), other.convert("RGB"))
    counts = difference.histogram()
    total = sum(counts)
    return sum((index % 256) * count for index, count in enumerate(counts)) / total


def chunk_names(png: bytes) -> set[bytes]:
    names: set[bytes] = set()
    at = 8
    while at < len(png):
        names.add(png[at + 4 : at + 8])
        at += 12 + int.from_bytes(png[at : at + 4], "big")
    return names


def jpeg_markers(jpeg: bytes) -> set[int]:
    """The markers of a JPEG up to its pixels."""
    assert jpeg[:2] == b"\xff\xd8"
    markers, at = {0xD8}, 2
    while 0xDA not in markers:
        assert jpeg[at] == 0xFF
        markers.add(jpeg[at + 1])
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return markers


def webp_chunks(webp: bytes) -> list[bytes]:
    """The names of a WebP's chunks, to the last byte of the file."""
    names: list[bytes] = []
    at = 12
    while at < len(webp):
        names.append(webp[at : at + 4])
        length = int.from_bytes(webp[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    assert at == len(webp)
    return names


def noise(side: int, mode: str = "RGBA", *, seed: int = 1) -> Image.Image:
    """Seeded noise in every channel: what no encoder makes smaller."""
    data = random.Random(seed).randbytes(side * side * len(mode))  # noqa: S311
    return Image.frombytes(mode, (side, side), data)


def profile_bytes(kind: str) -> bytes:
    """The ICC profile called LAB, XYZ or sRGB."""
    return ImageCms.ImageCmsProfile(vars(ImageCms)["createProfile"](kind)).tobytes()
