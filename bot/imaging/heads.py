"""The size that a file of ours declares, read without decoding. Standard library only."""

from collections.abc import Callable

from bot.domain.pictures import Size
from bot.imaging import sniff

_JPEG_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # what our encoder writes, and its relatives
_SCAN = 0xDA
_VP8_SIGNATURE, _VP8L_SIGNATURE = b"\x9d\x01\x2a", 0x2F
_WEBP_HEAD = 30
_SCALED = (1 << 14) - 1  # the two bits above say how to scale


def size_of(data: bytes, media_type: str) -> Size | None:
    """Return the size that *data* declares as a file of *media_type*; None where it is none."""
    read = _SIZES.get(media_type)
    return read(data) if read else None


def _jpeg_size(data: bytes) -> Size | None:
    at = 2
    while data.startswith(b"\xff\xd8") and at + 9 <= len(data) and data[at] == 0xFF:  # noqa: PLR2004
        marker = data[at + 1]
        if marker in _JPEG_FRAMES:
            height, width = data[at + 5 : at + 7], data[at + 7 : at + 9]
            return Size(int.from_bytes(width, "big"), int.from_bytes(height, "big"))
        if marker == _SCAN:
            return None
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def _webp_size(data: bytes) -> Size | None:
    if len(data) < _WEBP_HEAD or data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    kind, body = data[12:16], data[20:30]
    if kind == b"VP8X":
        return Size(1 + _little(body[4:7]), 1 + _little(body[7:10]))
    if kind == b"VP8L" and body[0] == _VP8L_SIGNATURE:
        bits = _little(body[1:5])
        return Size(1 + (bits & _SCALED), 1 + (bits >> 14 & _SCALED))
    if kind == b"VP8 " and body[3:6] == _VP8_SIGNATURE:
        return Size(_little(body[6:8]) & _SCALED, _little(body[8:10]) & _SCALED)
    return None


def _gif_size(data: bytes) -> Size | None:
    if not data.startswith((b"GIF87a", b"GIF89a")):
        return None
    return Size(_little(data[6:8]), _little(data[8:10]))


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


_SIZES: dict[str, Callable[[bytes], Size | None]] = {
    "image/png": sniff.png_size,
    "image/jpeg": _jpeg_size,
    "image/webp": _webp_size,
    "image/gif": _gif_size,
}
