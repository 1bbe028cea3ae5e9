"""Pixels of every mode become 8-bit sRGB, with or without alpha."""

import math
from io import BytesIO

from PIL import Image, ImageCms

_DIRECT = frozenset({"L", "RGB", "CMYK", "RGBA"})
_SPACES = {"RGB": b"RGB ", "CMYK": b"CMYK", "L": b"GRAY"}
_SPACE = slice(16, 20)  # where an ICC header names the colour space
_SRGB = "sRGB IEC61966"
_CLEAR = (0, 0, 0, 0)


def scalable(image: Image.Image) -> Image.Image:
    """Return *image* in L, RGB, CMYK or RGBA, the latter only where it is not opaque."""
    image = _eight_bits(image)
    return image.convert("RGB") if image.mode == "RGBA" and is_opaque(image) else image


def _eight_bits(image: Image.Image) -> Image.Image:
    if "transparency" in image.info or image.mode in {"LA", "PA", "La", "RGBa"}:
        return image.convert("RGBA")
    if image.mode in _DIRECT:
        return image
    if image.mode == "1":
        return image.convert("L")
    if image.mode.startswith("I;16"):
        return _from_range(image.convert("I"), 0, 65_535)
    if image.mode in {"I", "F"}:
        return _from_range(image, *_range(image))
    return image.convert("RGB")


def _range(image: Image.Image) -> tuple[float, float]:
    """Guess black and white of numbers that carry no range: the smallest usual one that fits."""
    low, high = (float(end) for end in _extrema(image))
    if not (math.isfinite(low) and math.isfinite(high)):
        return 0, 255
    if low >= 0:
        usual = (1.0, 255.0, 65_535.0) if image.mode == "F" else (255.0, 65_535.0)
        for white in usual:
            if high <= white:
                return 0, white
    return low, high


def _extrema(image: Image.Image) -> tuple[float, float]:
    low, high = image.getextrema()
    if isinstance(low, tuple) or isinstance(high, tuple):
        raise TypeError(image.mode)
    return low, high


def _from_range(image: Image.Image, black: float, white: float) -> Image.Image:
    scale = 255 / ((white - black) or 1)
    offset = 0.5 - black * scale  # converting to L cuts off
    return image.convert("F").point(lambda value: value * scale + offset).convert("L")


def is_opaque(image: Image.Image) -> bool:
    """Whether an RGBA picture has alpha 255 everywhere."""
    return image.getchannel("A").getextrema() == (255, 255)


def to_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, bool]:
    """Return *image* as RGB or RGBA in sRGB, and whether a profile was applied.

    A profile that is broken, or is for another kind of picture, is left out.
    """
    if image.mode == "RGBA":
        colours, applied = _through(image.convert("RGB"), profile)
        if applied:
            colours.putalpha(image.getchannel("A"))
            image = colours
        return cleared(image), applied
    converted, applied = _through(image, profile)
    return converted.convert("RGB"), applied


def _through(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, bool]:
    if profile is None or profile[_SPACE] != _SPACES.get(image.mode) or _is_srgb(profile):
        return image, False
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        target = ImageCms.ImageCmsProfile(vars(ImageCms)["createProfile"]("sRGB"))  # untyped
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except Exception:  # noqa: BLE001 - a bad profile never fails a picture
        return image, False
    return (converted, True) if converted is not None else (image, False)


def _is_srgb(profile: bytes) -> bool:
    return any(_SRGB.encode(name) in profile for name in ("ascii", "utf-16-be"))


def cleared(image: Image.Image) -> Image.Image:
    """Return an RGBA picture whose fully transparent pixels hold no colour."""
    seen = image.getchannel("A").point([0] + [255] * 255)
    return Image.composite(image, Image.new("RGBA", image.size, _CLEAR), seen)
