"""Hostile HEIC files: its boxes cut, flipped, nested, emptied, looped and lied about."""

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import pillow_heif

from tests.imaging.expected import Expect, Found
from tests.imaging.pictures import noise, photo, saved

pillow_heif.register_heif_opener()

_HOLDERS = {b"meta": 12, b"iprp": 8, b"ipco": 8, b"iref": 12}
_HUGE = b"\x7f\xff\xff\xff"
_FTYP = b"\0\0\0\x1cftypheic\0\0\0\0mif1heicmiaf"


@dataclass(frozen=True, slots=True)
class Box:
    name: bytes
    start: int
    end: int


def heic(size: int = 48, **options: object) -> bytes:
    return saved(photo().resize((size, size)), "HEIF", quality=80, **options)


def tiled() -> bytes:
    return heic(160, tile_size=64)


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Every box of a file that is whole, those inside others too."""
    last = len(data) if end is None else end
    while start < last:
        length = int.from_bytes(data[start : start + 4], "big")
        found = Box(data[start + 4 : start + 8], start, start + length)
        yield found
        if found.name in _HOLDERS:
            yield from boxes(data, start + _HOLDERS[found.name], found.end)
        start = found.end


def box_of(data: bytes, name: bytes) -> Box:
    return next(box for box in boxes(data) if box.name == name)


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + name + body


# --- the families -----------------------------------------------------------------------------


def heic_cuts(_: random.Random) -> Found:
    for kind, whole in (("plain", heic()), ("tiled", tiled())):
        ends = sorted({at for each in boxes(whole) for at in (each.start, each.end)})
        for end in ends[1:-1]:
            for shift in (-1, 0, 4, 8):
                yield f"{kind} cut at {end}{shift:+}", whole[: end + shift], Expect.REFUSE


def heic_flips(chance: random.Random) -> Found:
    for kind, whole in (("plain", heic()), ("tiled", tiled())):
        for name in (b"ftyp", b"meta", b"mdat", b"hvcC"):
            part = box_of(whole, name)
            for number in range(30):
                data = bytearray(whole)
                for _ in range(1 + number % 7):
                    data[chance.randrange(part.start, part.end)] ^= 1 << chance.randrange(8)
                yield f"{kind} {name.decode()} {number}", bytes(data), Expect.EITHER


def heic_lengths(_: random.Random) -> Found:
    for kind, whole in (("plain", heic()), ("tiled", tiled())):
        for each in list(boxes(whole)):
            for length in (0, 1, 7, 8, 9, 2**31 - 1, 2**32 - 1):
                data = patched(whole, each.start, struct.pack(">I", length))
                yield f"{kind} {each.name.decode()} of {length}", data, Expect.EITHER


def heic_nests(_: random.Random) -> Found:
    for name, head in ((b"meta", 12), (b"iprp", 8), (b"ipco", 8), (b"moov", 8), (b"trak", 8)):
        for depth in (30, 3000, 100_000):
            opens = b"".join(
                (struct.pack(">I", head * (depth - level)) + name).ljust(head, b"\0")
                for level in range(depth)
            )
            yield f"{depth} times {name.decode()}", _FTYP + opens, Expect.REFUSE
    whole = heic()
    for name in (b"free", b"uuid", b"meta"):
        data = whole + box(name, b"") * 50_000
        yield f"50,000 {name.decode()} behind", data, Expect.EITHER
        data = whole[:28] + box(name, b"") * 50_000 + whole[28:]
        yield f"50,000 {name.decode()} before", data, Expect.REFUSE


def heic_sizes(_: random.Random) -> Found:
    whole = heic()
    at = box_of(whole, b"ispe").start + 12
    for width, height in (
        (2**31 - 1, 2**31 - 1),
        (2**32 - 1, 1),
        (65_535, 65_535),
        (32_768, 32_768),
        (30_001, 400),
        (8000, 8000),
        (0, 0),
        (48, 0),
        (5000, 5000),
        (4000, 3000),
        (49, 49),
        (47, 47),
        (1, 1),
    ):
        data = patched(whole, at, struct.pack(">II", width, height))
        lies = abs(width - 48) > 1
        yield f"{width}x{height}", data, Expect.REFUSE if lies else Expect.EITHER


def heic_places(chance: random.Random) -> Found:
    """Lies of where the pixels are; the counts and the bytes of ``iloc`` are all tried."""
    for kind, whole in (("plain", heic()), ("tiled", tiled())):
        for name in (b"iloc", b"iinf", b"ipma", b"pitm"):
            part = box_of(whole, name)
            for at in range(part.start + 12, part.end - 3):
                new = (b"\xff\xff\xff\xff", _HUGE, bytes(4), chance.randbytes(4))[at % 4]
                yield f"{kind} {name.decode()} {at}", patched(whole, at, new), Expect.EITHER


def heic_grids(_: random.Random) -> Found:
    whole = tiled()
    grid = box_of(whole, b"idat").start + 8
    for rows, columns in ((255, 255), (255, 0), (0, 0), (2, 3)):
        data = patched(whole, grid + 2, bytes((rows, columns)))
        yield f"{rows + 1} rows, {columns + 1} columns", data, Expect.EITHER
    for width, height in ((65_535, 65_535), (65_535, 1), (0, 0), (1, 1), (5000, 5000)):
        data = patched(whole, grid + 4, struct.pack(">HH", width, height))
        yield f"grid {width}x{height}", data, Expect.EITHER
        at = next(each.start for each in boxes(whole) if each.name == b"ispe") + 12
        data = patched(data, at, struct.pack(">II", width, height))
        fits = (width, height) == (1, 1)
        yield f"grid and size {width}x{height}", data, Expect.ACCEPT if fits else Expect.REFUSE
    for flags in (1, 0xFF):
        yield f"grid of flags {flags}", patched(whole, grid + 1, bytes((flags,))), Expect.EITHER
    yield "grid of version 9", patched(whole, grid, b"\x09"), Expect.EITHER


def heic_loops(_: random.Random) -> Found:
    whole = tiled()
    part = box_of(whole, b"dimg")
    own = whole[part.start + 8 : part.start + 10]
    tiles = range(part.start + 12, part.end, 2)
    every = whole
    for at in tiles:
        every = patched(every, at, own)
        yield f"tile at {at} is the grid", patched(whole, at, own), Expect.REFUSE
    yield "every tile is the grid", every, Expect.REFUSE
    first = whole[part.start + 12 : part.start + 14]
    back = patched(whole, part.start + 8, first)
    yield "a tile of itself", back, Expect.EITHER
    for name in (b"thmb", b"auxl", b"cdsc", b"prem", b"base", b"iden"):
        data = patched(every, part.start + 4, name)
        yield f"{name.decode()} to itself", data, Expect.REFUSE
    grids = whole.replace(b"hvc1", b"grid")
    yield "tiles are grids", grids, Expect.EITHER
    yield "everything is the same grid", every.replace(b"hvc1", b"grid"), Expect.EITHER


def heic_kinds(_: random.Random) -> Found:
    """Good ones, and ones that name what they are not."""
    image = photo().resize((64, 48))
    for mode in ("L", "LA", "RGB", "RGBA"):
        for chroma in ("420", "422", "444"):
            data = saved(image.convert(mode), "HEIF", quality=80, chroma=chroma)
            yield f"{mode} {chroma}", data, Expect.ACCEPT
    frames = [noise(64, "RGB", seed=number) for number in range(40)]
    data = saved(frames[0], "HEIF", quality=50, save_all=True, append_images=frames[1:])
    yield "40 pictures", data, Expect.ACCEPT
    whole = heic()
    for brand in (b"hevc", b"msf1", b"mif1", b"heix"):
        yield f"named {brand.decode()}", patched(whole, 8, brand), Expect.EITHER
    for codec in (b"av01", b"jpeg", b"unci", b"mime", b"tmap", b"iden", b"iovl", b"j2k1", b"vvc1"):
        yield f"codec {codec.decode()}", whole.replace(b"hvc1", codec), Expect.REFUSE


FAMILIES = (
    heic_cuts,
    heic_flips,
    heic_lengths,
    heic_nests,
    heic_sizes,
    heic_places,
    heic_grids,
    heic_loops,
    heic_kinds,
)
