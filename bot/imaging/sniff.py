"""What a file is, from its own bytes and before anything decodes it. Standard library only."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.errors import DamagedPicture
from bot.domain.pictures import Size

MAX_PROFILE_BYTES = 1_000_000
_PNG = b"\x89PNG\r\n\x1a\n"
_EXIF_BYTES = 65_536
_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_HARMLESS = frozenset({b"pHYs", b"gAMA", b"cHRM", b"sRGB", b"tIME", b"bKGD", b"sBIT"})
_BOX_BYTES = 12


class Kind(StrEnum):
    """The kinds of file that are opened, by Pillow's names."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    GIF = "GIF"
    AVIF = "AVIF"
    BMP = "BMP"
    TIFF = "TIFF"
    HEIC = "HEIF"


_STARTS: tuple[tuple[bytes, Kind], ...] = (
    (b"\xff\xd8\xff", Kind.JPEG),
    (_PNG, Kind.PNG),
    (b"GIF87a", Kind.GIF),
    (b"GIF89a", Kind.GIF),
    (b"BM", Kind.BMP),
    (b"II*\x00", Kind.TIFF),
    (b"MM\x00*", Kind.TIFF),
    (b"II+\x00", Kind.TIFF),
    (b"MM\x00+", Kind.TIFF),
)
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_MOVING = frozenset({b"hevc", b"hevx", b"hevm", b"hevs", b"msf1"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1"}) | _HEIC_MOVING


def sniff(data: bytes) -> Kind | None:
    """Return the kind of picture that *data* starts like, or None."""
    for start, kind in _STARTS:
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Kind.WEBP
    return _boxed(data) if data[4:8] == b"ftyp" else None


def _boxed(data: bytes) -> Kind | None:
    brands = _brands(data)
    if not _AVIF_BRANDS.isdisjoint(brands):
        return Kind.AVIF
    return Kind.HEIC if brands[0] in _HEIC_BRANDS else None


def _brands(data: bytes) -> list[bytes]:
    length = min(int.from_bytes(data[:4], "big"), 256)
    return [data[8:12], *(data[at : at + 4] for at in range(16, length, 4))]


def is_animated(data: bytes, kind: Kind) -> bool:
    """Whether the file says that it holds more than one frame; never walks the frames."""
    match kind:
        case Kind.GIF:
            return len(re.findall(rb"\x00\x21\xf9\x04", data)) > 1
        case Kind.WEBP:
            return data[12:16] == b"VP8X" and any(flags & 2 for flags in data[20:21])
        case Kind.AVIF:
            return b"avis" in _brands(data)
        case Kind.HEIC:
            return _brands(data)[0] in _HEIC_MOVING
        case _:
            return False


# --- PNG --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PngParts:
    """A PNG without chunks that could do harm, and what was worth keeping of those."""

    data: bytes
    exif: bytes
    profile: bytes | None
    animated: bool
    depth: int


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of every whole chunk up to IEND. Stops silently where it ends."""
    at = len(_PNG)
    while at + _BOX_BYTES <= len(data):
        end = at + _BOX_BYTES + int.from_bytes(data[at : at + 4], "big")
        name = data[at + 4 : at + 8]
        if end > len(data):
            return
        yield name, at, end
        if name == b"IEND":
            return
        at = end


def png_parts(data: bytes, *, what: str) -> PngParts:
    """Take a PNG apart. Raises DamagedPicture where a chunk that matters is missing."""
    kept: list[tuple[int, int]] = [(0, len(_PNG))]
    names: set[bytes] = set()
    exif, profile = b"", None
    for name, start, end in png_chunks(data):
        names.add(name)
        body = data[start + 8 : end - 4] if name in {b"eXIf", b"iCCP"} else b""
        if name in _KEPT:
            kept.append((start, end))
        elif name == b"eXIf" and len(body) <= _EXIF_BYTES:
            exif = body
        elif name == b"iCCP":
            profile = _unpacked_profile(body)
    if not {b"IHDR", b"IDAT", b"IEND"} <= names:
        raise DamagedPicture(what=what)
    if not names <= _KEPT | _HARMLESS:  # a copy, which large files are spared where they can be
        data = b"".join([data[start:end] for start, end in kept])
    return PngParts(
        data=data, exif=exif, profile=profile, animated=b"acTL" in names, depth=data[24]
    )


def _unpacked_profile(body: bytes) -> bytes | None:
    _, _, rest = body.partition(b"\x00")
    try:
        return zlib.decompressobj().decompress(rest[1:], MAX_PROFILE_BYTES)
    except zlib.error:
        return None


def png_size(data: bytes) -> Size | None:
    """Return the declared size of a PNG, or None for anything else."""
    if len(data) < len(_PNG) + 25 or not data.startswith(_PNG) or data[12:16] != b"IHDR":
        return None
    return Size(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))


# --- JPEG -------------------------------------------------------------------------------------

_MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, 0xD8})
_END, _SCAN = 0xD9, 0xDA
_SCAN_START = b"\xff\xda"


@dataclass(frozen=True, slots=True, kw_only=True)
class JpegCost:
    """What decoding a JPEG takes: its scans, and coefficient bytes a pixel where it has several."""

    scans: int
    bytes_per_pixel: float


def jpeg_cost(data: bytes, *, stop: int) -> JpegCost:
    """Walk the markers of the first picture in *data*, giving up after *stop* scans."""
    at, scans, sampling = 2, 0, 1.0
    last = data.rfind(_SCAN_START)  # behind it no scan can begin, so nobody needs to look
    while at <= last and scans <= stop and (found := _MARKER.search(data, at)):
        marker, at = found[1][0], found.end()
        if marker == _END:
            break
        if marker in _ALONE:
            continue
        if marker in _FRAMES:
            sampling = _sampling(data[at : at + 24])
        scans += marker == _SCAN
        at += int.from_bytes(data[at : at + 2], "big")
    return JpegCost(scans=scans, bytes_per_pixel=2 * sampling if scans > 1 else 0.0)


def _sampling(frame: bytes) -> float:
    """Return the samples a pixel that a frame header declares, at most four."""
    count = sum(frame[7:8])
    factors = list(frame[9 : 9 + 3 * count : 3])
    areas = [(factor >> 4) * (factor & 15) for factor in factors]
    widest = max((factor >> 4 for factor in factors), default=1)
    highest = max((factor & 15 for factor in factors), default=1)
    return min(4.0, sum(areas) / max(1, widest * highest)) if areas else 4.0
