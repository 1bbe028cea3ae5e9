"""Decodes plain large PNG with the libvips of `pyvips-binary`, which takes half of Pillow's time.

Plain is what photographs and screenshots are: 8 bits, RGB or RGBA, not interlaced. Of libvips only
its PNG loader may run, and only strictly. What it finds fault with, and whatever is not plain, is
left to Pillow, whose word on a file is the last. So is everything where there is no such library.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

from PIL import Image

from bot.domain.pictures import Size

WORTH_IT = 1_500_000
"""Pixels from which libvips, with its threads and caches, is quicker."""

_BYTES = {"RGB": 7, "RGBA": 8}  # a pixel at the peak, libvips's own and Pillow's
_LIBRARY_BYTES = 30_000_000

_KINDS = {b"\x08\x02\0\0\0": "RGB", b"\x08\x06\0\0\0": "RGBA"}
_KIND = slice(24, 29)  # depth, colour, compression, filter and interlacing in a PNG's head
_STRICTLY = b"[access=sequential,fail_on=error]"


@dataclass(frozen=True, slots=True)
class Library:
    """The functions of libvips that are called."""

    load: Callable[..., int | None]
    pixels: Callable[..., int | None]
    let_go: Callable[..., None]
    free: Callable[..., None]
    forget_errors: Callable[[], None]


@cache
def library() -> Library | None:
    """Return libvips, able to open PNG only; None where it cannot be called."""
    found = find_spec("_libvips")
    try:
        vips = ctypes.CDLL(found.origin if found else "")
        load, pixels = vips.vips_image_new_from_buffer, vips.vips_image_write_to_memory
        let_go, free = vips.g_object_unref, vips.g_free
        if vips.vips_init(b"easel"):
            return None
        vips.vips_concurrency_set(1)
        vips.vips_cache_set_max(0)
        vips.vips_operation_block_set(b"VipsForeignLoad", 1)
        vips.vips_operation_block_set(b"VipsForeignLoadPng", 0)
        forget = vips.vips_error_clear
    except (AttributeError, OSError):  # not installed, or of a make that hides its insides
        return None
    load.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p)
    pixels.argtypes = (ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t))
    let_go.argtypes = free.argtypes = (ctypes.c_void_p,)
    load.restype = pixels.restype = ctypes.c_void_p
    let_go.restype = free.restype = forget.restype = None
    return Library(load, pixels, let_go, free, forget)


def memory(mode: str, size: Size) -> int:
    """Return the bytes that decoding takes at its peak."""
    return _BYTES[mode] * size.width * size.height + _LIBRARY_BYTES


def is_plain(data: bytes, image: Image.Image) -> bool:
    """Whether *data*, opened as *image*, is a PNG that this module decodes."""
    return _KINDS.get(data[_KIND]) == image.mode and "transparency" not in image.info


def decoded(data: bytes, mode: str, size: Size) -> Image.Image | None:
    """Return the pixels of a plain PNG of *mode* (RGB, RGBA) and *size*, None to leave it."""
    vips = library()
    if vips is None:
        return None
    opened = vips.load(data, len(data), _STRICTLY, ctypes.c_void_p(None))
    length, at = ctypes.c_size_t(), None
    if opened:
        at = vips.pixels(opened, length)
        vips.let_go(opened)
    if not at:
        vips.forget_errors()
        return None
    try:
        if length.value != size.width * size.height * len(mode):
            return None
        held = (ctypes.c_char * length.value).from_address(at)
        return Image.frombytes(mode, (size.width, size.height), memoryview(held))
    finally:
        vips.free(at)
