"""Opens a file of any content: admission before decoding, and every failure in our words."""

import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

from PIL import AvifImagePlugin, ExifTags, Image

from bot.domain.errors import (
    DamagedPicture,
    EmptyPicture,
    NotAPicture,
    PictureTooHeavy,
    PictureTooLarge,
    UserError,
)
from bot.domain.pictures import Size
from bot.imaging import geometry, heic, plain_png, sniff, webp
from bot.imaging.sniff import Kind

MAX_PIXELS = 80_000_000
MAX_SIDE = 30_000
MAX_ASPECT = 100
MAX_SCANS = 100
MAX_EXIF_BYTES = 65_536

DECODER_BYTES: dict[Kind, float] = {
    Kind.JPEG: 4,
    Kind.PNG: 5,
    Kind.WEBP: 16,
    Kind.AVIF: 10,
    Kind.GIF: 9,
    Kind.BMP: 5,
    Kind.TIFF: 6,
}
"""Bytes a pixel that decoding takes at its peak, measured; more where there is alpha.

HEIC differs by its chroma and depth: `bot.imaging.heic.DECODER_BYTES`.
"""

_DRAFT_MARGIN = 1.45
"""A decode at less than this times the wanted side is seen: SSIM falls below 0.99."""
_EIGHT_BITS = 8
_ORIENTATIONS = range(1, 9)
_ALPHA_BYTES = 4
_ALPHA_MODES = frozenset({"RGBA", "LA", "PA", "RGBa", "La"})

AvifImagePlugin.DEFAULT_MAX_THREADS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A picture whose head was read and whose pixels were not.

    Attributes:
        data: the file, without what no decoder needs.
        image: as the decoder opened it, not turned.
        stored: its size as it is stored.
        orientation: EXIF orientation that is still to be applied, 1 to 8.
        cost: bytes that the file holds, and decoding takes besides the pixels themselves.
        deep: whether it has more than 8 bits a channel.
    """

    data: bytes
    image: Image.Image
    kind: Kind
    what: str
    stored: Size
    orientation: int
    profile: bytes | None
    animated: bool
    deep: bool
    cost: float

    @property
    def size(self) -> Size:
        """The size once it is upright."""
        return geometry.upright(self.stored, self.orientation)


@contextmanager
def decoding(what: str) -> Generator[None]:
    """Turn whatever a decoder throws into one of our refusals."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except UserError:
        raise
    except MemoryError as error:
        raise PictureTooHeavy(what=what) from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise PictureTooLarge(what=what, size="more", limit=_megapixels(MAX_PIXELS)) from error
    except RuntimeError as error:  # HEIC's decoder says with it that memory ended
        refusal = PictureTooHeavy if "emory" in str(error) else DamagedPicture
        raise refusal(what=what) from error
    except Exception as error:  # decoders leak at least eight kinds of exception
        raise DamagedPicture(what=what) from error


def open_picture(data: bytes, *, what: str) -> Opened:
    """Read the head of *data*. Raises a PictureError for everything that is not to be decoded."""
    if not data:
        raise EmptyPicture(what=what)
    kind = sniff.sniff(data)
    if kind is None:
        raise NotAPicture(what=what)
    with decoding(what):
        return _open(data, kind, what)


def _open(data: bytes, kind: Kind, what: str) -> Opened:
    animated, deep, cost = sniff.is_animated(data, kind), False, 0.0
    exif, profile, held = b"", None, len(data)
    if kind is Kind.JPEG:
        cost = _jpeg_bytes_per_pixel(data, what)
    if kind is Kind.PNG:
        parts = sniff.png_parts(data, what=what)
        held += 0 if parts.data is data else len(parts.data)
        data, exif, profile = parts.data, parts.exif, parts.profile
        animated, deep = parts.animated, parts.depth > _EIGHT_BITS
    if kind is Kind.HEIC:
        heic.learn(what)
        held = held * heic.FILE_COPIES + heic.LIBRARY_BYTES
    image = Image.open(BytesIO(data), formats=[kind.value])
    stored = Size(*image.size)
    check_size(stored, what=what)
    if kind is Kind.HEIC:
        profile, deep = heic.profile(image), heic.is_deep(image)
    turned = kind in {Kind.TIFF, Kind.HEIC}  # their decoders turn them
    return Opened(
        data=data,
        image=image,
        kind=kind,
        what=what,
        stored=stored,
        orientation=1 if turned else _orientation(image, exif),
        profile=profile or _profile(image),
        animated=animated,
        deep=deep or image.mode.startswith(("I", "F")),
        cost=cost * stored.width * stored.height + held,
    )


def _jpeg_bytes_per_pixel(data: bytes, what: str) -> float:
    cost = sniff.jpeg_cost(data, stop=MAX_SCANS)
    if cost.scans > MAX_SCANS:
        raise PictureTooHeavy(what=what)
    return cost.bytes_per_pixel


def check_size(size: Size, *, what: str) -> None:
    """Raise PictureTooLarge for a size that is not decoded, whatever it takes."""
    limits = (
        (size.width * size.height > MAX_PIXELS, _megapixels(MAX_PIXELS)),
        (max(size.width, size.height) > MAX_SIDE, f"{MAX_SIDE}x{MAX_SIDE}"),
        (max(size.width, size.height) > MAX_ASPECT * min(size.width, size.height), "100:1"),
    )
    for beyond, limit in limits:
        if beyond:
            raise PictureTooLarge(what=what, size=str(size), limit=limit)


def _megapixels(pixels: float) -> str:
    return f"{pixels / 1_000_000:.0f} MP"


def _orientation(image: Image.Image, exif: bytes) -> int:
    """Read the EXIF orientation, 1 where there is none or it makes no sense."""
    try:
        if image.format == Kind.PNG:  # which would be decoded whole, in search of what is in *exif*
            tags = Image.Exif()
            tags.load(exif)
        else:
            tags = image.getexif()
        value: object = tags.get(ExifTags.Base.Orientation, 1)
    except Exception:  # noqa: BLE001 - metadata is the sender's and never fails a picture
        return 1
    return value if isinstance(value, int) and value in _ORIENTATIONS else 1


def _profile(image: Image.Image) -> bytes | None:
    profile: object = image.info.get("icc_profile")
    if isinstance(profile, bytes) and 0 < len(profile) <= sniff.MAX_PROFILE_BYTES:
        return profile
    return None


def load(opened: Opened, *, wanted: float = 1.0, budget: int) -> tuple[Image.Image, float]:
    """Decode the pixels, as stored, at a scale of at least *wanted* (1 is the full size).

    Returns them and the scale exactly: a picture of 4,001 pixels at a quarter has 1,001, of which
    the last shows less than a whole pixel's worth.

    Raises PictureTooLarge where that would take more than *budget* bytes.
    """
    image, drafted = opened.image, None
    with decoding(opened.what):
        scale = min(1.0, wanted * _DRAFT_MARGIN)
        if opened.kind is Kind.JPEG and scale < 1:
            width, height = opened.stored.width * scale, opened.stored.height * scale
            drafted = image.draft(None, (max(1, int(width)), max(1, int(height))))
        pixels = image.size[0] * image.size[1]
        each = _bytes_per_pixel(opened)
        if pixels * each + opened.cost > budget:
            limit = pixels * budget / (pixels * each + opened.cost)
            raise PictureTooLarge(
                what=opened.what, size=str(opened.stored), limit=_megapixels(limit)
            )
        if opened.kind is Kind.WEBP and not opened.animated:
            plain = webp.loaded(opened.data, image.mode, opened.stored, scale)
            if plain:
                return plain
        if opened.kind is Kind.PNG and (found := _plain_png(opened, budget)):
            return found, 1.0
        image.load()
        if opened.kind is Kind.HEIC and image.size != (opened.stored.width, opened.stored.height):
            raise DamagedPicture(what=opened.what)  # its head said another size
    return image, drafted[1][2] / opened.stored.width if drafted else 1.0


def _plain_png(opened: Opened, budget: int) -> Image.Image | None:
    data, image, size = opened.data, opened.image, opened.stored
    if size.width * size.height < plain_png.WORTH_IT or not plain_png.is_plain(data, image):
        return None
    if plain_png.memory(image.mode, size) + opened.cost > budget:
        return None
    return plain_png.decoded(data, image.mode, size)


def _bytes_per_pixel(opened: Opened) -> float:
    if opened.kind is Kind.HEIC:
        return heic.bytes_per_pixel(opened.image)
    return DECODER_BYTES[opened.kind] + _ALPHA_BYTES * (opened.image.mode in _ALPHA_MODES)
