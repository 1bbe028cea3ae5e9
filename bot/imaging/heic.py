"""HEIC by an optional decoder: what its pictures take, and the colours that they declare."""

import struct
from typing import cast

from PIL import Image

from bot.domain.errors import HeicPicture

_EIGHT_BITS = 8

DECODER_BYTES: dict[tuple[bool, bool, bool], float] = {
    (False, False, False): 7.7,
    (False, False, True): 9.2,
    (True, False, False): 10,
    (True, False, True): 13.6,
    (False, True, False): 8,
    (False, True, True): 13.2,
    (True, True, False): 15.8,
    (True, True, True): 21.4,
}
"""Bytes a pixel at the peak of decoding: by full chroma (4:4:4), more than 8 bits, and alpha.

Measured in workers from 3 to 33 megapixels, tiled and not, 10 bits for deep; 4:2:2 counts as full.
"""

LIBRARY_BYTES = 26_000_000
"""What loading the library takes.

The decoder's thread takes 10 MB more, and a worker that opened many keeps up to 40 MB in pieces:
that is what `bot.imaging.worker.budget_of` leaves.
"""

FILE_COPIES = 3
"""How often the file is held while it is decoded."""

_SMALL_CHROMA = frozenset({420, None})  # none where it is grey
_UNKNOWN, _SRGB_CURVE = 2, 13
_USUAL_CURVES = frozenset({1, _UNKNOWN, 6, _SRGB_CURVE, 14, 15})
_D50 = (0.9642, 1.0, 0.8249)
_COLORANTS: dict[int, tuple[tuple[float, float, float], ...]] = {
    9: ((0.67348, 0.27904, -0.00194), (0.16566, 0.67535, 0.02998), (0.12505, 0.04561, 0.79686)),
    12: ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)),
}
"""Red, green and blue of wide colour spaces, seen under D50: BT.2020 and Display P3."""


def learn(what: str) -> None:
    """Teach Pillow HEIC. Raises HeicPicture where the extra ``heic`` is not installed."""
    try:
        from pillow_heif import (  # noqa: PLC0415 - optional, and 26 MB that few workers need
            register_heif_opener,
        )
    except ImportError as error:
        raise HeicPicture(what=what) from error
    register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)


def is_deep(image: Image.Image) -> bool:
    """Whether a picture that is opened and not decoded has more than 8 bits a channel."""
    depth: object = image.info.get("bit_depth")
    return isinstance(depth, int) and depth > _EIGHT_BITS


def bytes_per_pixel(image: Image.Image) -> float:
    """Return what decoding takes of a picture that is opened and not decoded."""
    full = image.info.get("chroma") not in _SMALL_CHROMA
    return DECODER_BYTES[full, is_deep(image), image.mode.endswith(("A", "a"))]


def profile(image: Image.Image) -> bytes | None:
    """Return an ICC profile for wide colours that the file declares by number, without one."""
    declared = cast("dict[str, int]", image.info.get("nclx_profile") or {})
    if declared.get("transfer_characteristics") not in _USUAL_CURVES:  # HDR has no simple one
        return None
    colorants = _COLORANTS.get(declared["color_primaries"])
    return None if colorants is None else _icc(colorants)


def _icc(colorants: tuple[tuple[float, float, float], ...]) -> bytes:
    """Return a display profile of these colorants with the curve of sRGB."""
    curve = b"para\0\0\0\0\0\x03\0\0" + _fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    bodies = [b"XYZ \0\0\0\0" + _fixed(*each) for each in (*colorants, _D50)] + [curve]
    names = {b"rXYZ": 0, b"gXYZ": 1, b"bXYZ": 2, b"wtpt": 3, b"rTRC": 4, b"gTRC": 4, b"bTRC": 4}
    first = 128 + 4 + 12 * len(names)
    starts = [first + sum(map(len, bodies[:index])) for index in range(len(bodies))]
    tags = b"".join(
        name + struct.pack(">II", starts[index], len(bodies[index]))
        for name, index in names.items()
    )
    head = b"\x04\x30\0\0mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28) + _fixed(*_D50)
    data = (bytes(4) + head).ljust(124, b"\0") + struct.pack(">I", len(names)) + tags
    return struct.pack(">I", starts[-1] + len(bodies[-1])) + data + b"".join(bodies)


def _fixed(*numbers: float) -> bytes:
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))
