"""Decodes still WebP with the libwebp that Pillow brings: plainly, and smaller where that suffices.

Pillow decodes each WebP as an animation, over a canvas that is blended and copied, which takes up
to twice as long. What libwebp finds fault with, and whatever is not plain, is left to Pillow: its
word on a file is the last. So is everything where there is no such library to be called.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

from PIL import Image

from bot.domain.pictures import Size

_ABI = 0x0210  # the structures below; a library that has others refuses it
_OK = 0
_COLOURS = {"RGB": 0, "RGBA": 1}
_MOST = 8


class _Features(ctypes.Structure):
    _fields_ = (
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
        ("has_alpha", ctypes.c_int),
        ("has_animation", ctypes.c_int),
        ("format", ctypes.c_int),
        ("pad", ctypes.c_uint32 * 5),
    )


class _Packed(ctypes.Structure):
    _fields_ = (("at", ctypes.c_void_p), ("stride", ctypes.c_int), ("size", ctypes.c_size_t))


class _Planes(ctypes.Structure):
    _fields_ = (
        ("at", ctypes.c_void_p * 4),
        ("strides", ctypes.c_int * 4),
        ("sizes", ctypes.c_size_t * 4),
    )


class _Pixels(ctypes.Union):
    _fields_ = (("packed", _Packed), ("planes", _Planes))


class _Output(ctypes.Structure):
    _fields_ = (
        ("colours", ctypes.c_int),
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
        ("is_external_memory", ctypes.c_int),
        ("pixels", _Pixels),
        ("pad", ctypes.c_uint32 * 4),
        ("private_memory", ctypes.c_void_p),
    )


class _Options(ctypes.Structure):
    _fields_ = (
        ("filtering_and_cropping", ctypes.c_int * 7),
        ("use_scaling", ctypes.c_int),
        ("scaled_width", ctypes.c_int),
        ("scaled_height", ctypes.c_int),
        ("threads_dithering_flip", ctypes.c_int * 4),
        ("pad", ctypes.c_uint32 * 5),
    )


class _Config(ctypes.Structure):
    _fields_ = (("input", _Features), ("output", _Output), ("options", _Options))


@dataclass(frozen=True, slots=True)
class Library:
    """The functions of libwebp that are called."""

    prepare: Callable[..., int]
    look: Callable[..., int]
    decode: Callable[..., int]


@cache
def library() -> Library | None:
    """Return the library that Pillow is linked to, None where it cannot be called."""
    found = find_spec("PIL._webp")
    try:
        linked = ctypes.CDLL(found.origin if found else "")
        prepare = linked.WebPInitDecoderConfigInternal
        look, decode = linked.WebPGetFeaturesInternal, linked.WebPDecode
    except (AttributeError, OSError):  # linked statically, or from elsewhere
        return None
    data = (ctypes.c_char_p, ctypes.c_size_t)
    prepare.argtypes = (ctypes.POINTER(_Config), ctypes.c_int)
    look.argtypes = (*data, ctypes.POINTER(_Features), ctypes.c_int)
    decode.argtypes = (*data, ctypes.POINTER(_Config))
    return Library(prepare, look, decode)


def share(size: Size, scale: float) -> int:
    """Return the largest whole N, up to 8, such that an Nth of *size* is exact and suffices."""
    for parts in range(min(_MOST, int(1 / scale)), 1, -1):
        if size.width % parts == 0 and size.height % parts == 0:
            return parts
    return 1


def loaded(data: bytes, mode: str, size: Size, scale: float) -> tuple[Image.Image, float] | None:
    """Decode a still WebP at a scale of at least *scale*, and return it with that scale exactly."""
    parts = share(size, scale) if mode == "RGB" else 1
    image = decoded(data, mode, size, parts)
    return (image, 1 / parts) if image else None


def decoded(data: bytes, mode: str, size: Size, parts: int = 1) -> Image.Image | None:
    """Return the pixels of a still WebP as *mode* (RGB, RGBA), None where Pillow should try.

    Args:
        data: the file.
        mode: as Pillow opened it.
        size: as Pillow opened it, a multiple of *parts*.
        parts: what to divide both sides by. Areas are averaged; only for RGB, because the colours
            of transparent pixels would show.
    """
    libwebp, config = library(), _Config()
    if libwebp is None or mode not in _COLOURS or not libwebp.prepare(config, _ABI):
        return None
    if libwebp.look(data, len(data), config.input, _ABI) != _OK or config.input.has_animation:
        return None
    if (config.input.width, config.input.height) != (size.width, size.height):
        return None
    width, height = size.width // parts, size.height // parts
    pixels = bytearray(width * height * len(mode))
    held = (ctypes.c_char * len(pixels)).from_buffer(pixels)
    config.output.colours, config.output.is_external_memory = _COLOURS[mode], 1
    config.output.pixels.packed = _Packed(ctypes.addressof(held), width * len(mode), len(pixels))
    if parts > 1:
        config.options.use_scaling = 1
        config.options.scaled_width, config.options.scaled_height = width, height
    if libwebp.decode(data, len(data), config) != _OK:
        return None
    return Image.frombuffer(mode, (width, height), pixels, "raw", mode, 0, 1)
