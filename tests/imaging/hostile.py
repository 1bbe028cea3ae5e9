"""A seeded generator of hostile and odd files, each with what must become of it.

``ACCEPT``: a good picture comes out. ``REFUSE``: one clear refusal. ``EITHER``: one of the two.
Whatever it is, nothing else may happen: no crash, no hang, no other exception.
"""

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO

from PIL import Image

from tests.imaging import hostile_heic
from tests.imaging.expected import Expect, Found
from tests.imaging.pictures import noise, photo, profile_bytes, quarters, saved, turned

KINDS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF", "HEIF")
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    family: str
    name: str
    data: bytes = field(repr=False)
    expect: Expect


def chunk(name: bytes, body: bytes) -> bytes:
    """One PNG chunk with a right checksum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, *, depth: int = 8, colour: int = 0, rows: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(rows or b"\0" * 64))
    return _PNG + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")


def with_chunk(data: bytes, extra: bytes) -> bytes:
    """Put *extra* right behind the head of a PNG."""
    return data[:33] + extra + data[33:]


def segment(marker: int, body: bytes) -> bytes:
    """One JPEG segment."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


@cache
def small(kind: str, size: int = 48) -> bytes:
    return saved(photo().resize((size, size)), kind)


# --- files that are good ----------------------------------------------------------------------


def orientations(_: random.Random) -> Found:
    for kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        for orientation in range(1, 9):
            yield (
                f"{kind} {orientation}",
                turned(quarters(60, 40), orientation, kind),
                Expect.ACCEPT,
            )


def modes(_: random.Random) -> Found:
    image = quarters(40, 40)
    stored = {
        "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
        "JPEG": ("L", "RGB", "CMYK"),
        "TIFF": ("1", "L", "P", "RGB", "RGBA", "CMYK", "I", "F", "YCbCr", "LAB", "I;16"),
        "WEBP": ("RGB", "RGBA"),
        "GIF": ("P", "L", "1"),
        "BMP": ("1", "L", "P", "RGB"),
        "AVIF": ("RGB", "RGBA"),
    }
    for kind, names in stored.items():
        for mode in names:
            grey = image.convert("L")
            source = Image.merge("LAB", (grey,) * 3) if mode == "LAB" else image
            source = source.convert("I") if mode == "I;16" else source
            yield f"{kind} {mode}", saved(source.convert(mode), kind), Expect.ACCEPT
    for options in ({"progressive": True}, {"quality": 1}, {"subsampling": 0}, {"optimize": True}):
        yield f"JPEG {options}", saved(image, "JPEG", **options), Expect.ACCEPT
    for method in ("tiff_lzw", "tiff_deflate", "packbits", "jpeg", "tiff_adobe_deflate"):
        yield f"TIFF {method}", saved(image, "TIFF", compression=method), Expect.ACCEPT


def animations(_: random.Random) -> Found:
    frames = [noise(16, "RGB", seed=number) for number in range(9)]
    for kind in ("GIF", "WEBP", "PNG", "AVIF", "TIFF", "MPO"):
        data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        yield kind, data, Expect.ACCEPT
    dot = saved(Image.new("L", (1, 1)), "GIF")
    frame = b"\x21\xf9\x04\0\0\0\0\0" + dot[dot.index(b",") : -1]
    yield "GIF 5,000 frames", dot[:-1] + frame * 5000 + b";", Expect.ACCEPT
    still = small("PNG", 16)
    control = chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))
    yield "PNG of 2 billion frames", with_chunk(still, control), Expect.ACCEPT


def sizes(_: random.Random) -> Found:
    for size in ((1, 1), (1, 100), (100, 1), (2, 199), (3, 3), (1, 2)):
        for kind in ("PNG", "JPEG", "WEBP", "GIF"):
            yield f"{kind} {size}", saved(Image.new("RGB", size, "red"), kind), Expect.ACCEPT
    for size in ((1, 101), (400, 3), (16_000, 1), (1, 30_001)):
        yield f"PNG {size}", saved(Image.new("L", size)), Expect.REFUSE


# --- too much ---------------------------------------------------------------------------------


def declared_bombs(_: random.Random) -> Found:
    for side in (20_000, 30_001, 65_535, 2**31 - 1):
        yield f"PNG {side}", png(side, side, depth=1), Expect.REFUSE
    for width, height in ((65_535, 65_535), (65_500, 700), (20_000, 20_000)):
        size = struct.pack("<HH", width, height)
        gif = small("GIF", 8)
        yield f"GIF {width}x{height}", gif[:6] + size + gif[10:], Expect.REFUSE
        bmp = small("BMP", 8)
        declared = struct.pack("<ii", width, height)
        yield f"BMP {width}x{height}", bmp[:18] + declared + bmp[26:], Expect.REFUSE
        jpeg = small("JPEG", 8)
        at = jpeg.index(b"\xff\xc0") + 5
        declared = struct.pack(">HH", height, width)
        yield f"JPEG {width}x{height}", jpeg[:at] + declared + jpeg[at + 4 :], Expect.REFUSE
    bmp = small("BMP", 8)
    for height in (-8, -(2**31)):
        yield f"BMP height {height}", bmp[:22] + struct.pack("<i", height) + bmp[26:], Expect.EITHER
    yield "PNG 0x0", png(0, 0), Expect.REFUSE
    yield "PNG 0x9", png(0, 9), Expect.REFUSE


def real_bombs(_: random.Random) -> Found:
    yield "PNG 1 bit 20,000", saved(Image.new("1", (20_000, 20_000))), Expect.REFUSE
    yield "PNG 1 bit 8,000", saved(Image.new("1", (8000, 8000))), Expect.REFUSE
    yield "PNG 1 bit 6,000", saved(Image.new("1", (6000, 6000))), Expect.ACCEPT
    flat = Image.new("RGB", (7000, 7000), "navy")
    yield "JPEG 49 MP", saved(flat, "JPEG"), Expect.ACCEPT
    yield "JPEG progressive 49 MP", saved(flat, "JPEG", progressive=True), Expect.EITHER
    yield "GIF 49 MP", saved(flat, "GIF"), Expect.REFUSE
    yield "WEBP 49 MP", saved(flat, "WEBP", method=0), Expect.REFUSE
    yield "TIFF 49 MP", saved(flat, "TIFF", compression="tiff_lzw"), Expect.REFUSE
    quick = {"enc_params": {"preset": "ultrafast"}}
    yield "HEIF 49 MP", saved(flat, "HEIF", **quick), Expect.REFUSE
    for kind, mode, side in (
        ("PNG", "RGB", 6600),
        ("PNG", "RGBA", 5000),
        ("GIF", "L", 5000),
        ("BMP", "RGB", 4000),
        ("TIFF", "RGB", 6000),
        ("AVIF", "RGB", 4500),
        ("WEBP", "RGB", 3800),
        ("WEBP", "RGBA", 3400),
        ("HEIF", "RGB", 5300),
        ("HEIF", "RGBA", 4800),
    ):
        fast = {"WEBP": {"method": 0}, "AVIF": {"speed": 10}, "HEIF": quick}.get(kind, {})
        large = photo().convert(mode).resize((side, side))
        yield f"{kind} {mode} {side}", saved(large, kind, **fast), Expect.EITHER
    for mode, side in (("L", 7000), ("RGB", 5600), ("RGB", 6900), ("RGBA", 5200)):
        large = Image.merge(mode, [Image.new("L", (side, side), 90)] * len(mode))
        yield f"PNG {mode} {side}", saved(large, compress_level=1), Expect.EITHER
    rows = zlib.compress(b"\0" * 100_000_000, 9)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 0, 0, 0, 0))
    bomb = _PNG + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    yield "PNG 9x9 of 100 MB rows", bomb, Expect.ACCEPT


def scan_bombs(_: random.Random) -> Found:
    for side, scans, expect in (
        (64, 90, Expect.ACCEPT),
        (64, 101, Expect.REFUSE),
        (64, 60_000, Expect.REFUSE),
        (4000, 3000, Expect.REFUSE),
        (4000, 95, Expect.EITHER),
        (5500, 95, Expect.EITHER),
    ):
        data = saved(Image.new("L", (side, side), 77), "JPEG", progressive=True)
        last = data.rindex(b"\xff\xda")
        have = data.count(b"\xff\xda")
        more = data[last:-2] * max(0, scans - have)
        yield f"{scans} scans of {side}", data[:-2] + more + b"\xff\xd9", expect


def metadata_bombs(chance: random.Random) -> Found:
    good = small("PNG")
    text = zlib.compress(b"x" * 60_000_000, 9)
    for name, body in (
        (b"zTXt", b"Comment\0\0" + text),
        (b"iTXt", b"Comment\0\1\0\0\0" + text),
        (b"iCCP", b"icc\0\0" + text),
        (b"tEXt", b"Comment\0" + b"y" * 2_000_000),
        (b"eXIf", b"MM\0*" + b"\xff" * 3_000_000),
    ):
        yield f"PNG {name.decode()}", with_chunk(good, chunk(name, body)), Expect.ACCEPT
        many = with_chunk(good, chunk(name, body[:90_000]) * 40)
        yield f"PNG 40 {name.decode()}", many, Expect.ACCEPT
    jpeg = small("JPEG")
    for marker in (0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xFE):
        junk = b"".join(segment(marker, chance.randbytes(65_000)) for _ in range(20))
        yield f"JPEG {marker:#x}", jpeg[:2] + junk + jpeg[2:], Expect.EITHER
    exif = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">H", 65_535) + b"\x01\x12\0\x03" * 16_000
    yield "JPEG 65,535 tags", jpeg[:2] + segment(0xE1, exif[:65_000]) + jpeg[2:], Expect.ACCEPT
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + b"<a>" * 21_000
    yield "JPEG deep XMP", jpeg[:2] + segment(0xE1, xmp) + jpeg[2:], Expect.ACCEPT
    yield "PNG 5 MB behind the end", good + chance.randbytes(5_000_000), Expect.ACCEPT


# --- damaged ----------------------------------------------------------------------------------


def truncations(_: random.Random) -> Found:
    for kind in KINDS:
        whole = small(kind, 96)
        for share in (0.001, 0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9):
            data = whole[: max(1, int(len(whole) * share))]
            yield f"{kind} {share:.1%}", data, Expect.REFUSE
        for missing in (1, 2, 3, 12, 20):
            yield f"{kind} but {missing}", whole[:-missing], Expect.EITHER


def bit_flips(chance: random.Random) -> Found:
    for kind in KINDS:
        whole = small(kind)
        for number in range(30):
            data = bytearray(whole)
            most = len(data) if number % 2 else min(200, len(data))
            for _ in range(1 + number % 9):
                data[chance.randrange(most)] ^= 1 << chance.randrange(8)
            yield f"{kind} {number}", bytes(data), Expect.EITHER


def splices(chance: random.Random) -> Found:
    wholes = {kind: small(kind) for kind in KINDS}
    for one in KINDS:
        for other in KINDS:
            cut = chance.randrange(12, 200)
            data = wholes[one][:cut] + wholes[other][cut:]
            yield f"{one} to {other}", data, Expect.EITHER


def random_bytes(chance: random.Random) -> Found:
    yield "empty", b"", Expect.REFUSE
    for length in (1, 2, 12, 64, 5000, 2_000_000):
        yield f"{length} random", chance.randbytes(length), Expect.REFUSE
        yield f"{length} zeros", b"\0" * length, Expect.REFUSE
    for kind in KINDS:
        head = small(kind)[: {"WEBP": 16, "AVIF": 40, "HEIF": 28}.get(kind, 8)]
        yield f"{kind} head, random", head + chance.randbytes(3000), Expect.REFUSE
        yield f"{kind} head, zeros", head + b"\0" * 3000, Expect.REFUSE


def broken_parts(_: random.Random) -> Found:
    good = small("PNG")
    yield "PNG chunk of 4 GB", with_chunk(good, b"\xff\xff\xff\xfftEXt"), Expect.REFUSE
    yield "PNG wrong checksum", good[:29] + b"\0\0\0\0" + good[33:], Expect.REFUSE
    yield "PNG two heads", good[:33] + good[8:33] + good[33:], Expect.EITHER
    yield "PNG no end", good[:-12], Expect.REFUSE
    yield "PNG 70,000 empty chunks", with_chunk(good, chunk(b"tEXt", b"") * 70_000), Expect.ACCEPT
    yield "PNG depth 3", png(9, 9, depth=3), Expect.REFUSE
    yield "PNG colour 9", png(9, 9, colour=9), Expect.REFUSE
    yield "PNG palette without one", png(9, 9, colour=3), Expect.EITHER
    jpeg = small("JPEG")
    at = jpeg.index(b"\xff\xc0") + 5
    yield "JPEG height 0", jpeg[:at] + b"\0\0" + jpeg[at + 2 :], Expect.REFUSE
    yield "JPEG 9 components", jpeg[: at + 4] + b"\x09" + jpeg[at + 5 :], Expect.REFUSE
    yield "JPEG no tables", jpeg.replace(b"\xff\xc4", b"\xff\xe7"), Expect.EITHER
    gif = small("GIF")
    at = gif.index(b",")
    yield "GIF frame elsewhere", gif[: at + 1] + b"\xff\xff\xff\xff" + gif[at + 5 :], Expect.EITHER
    yield "GIF no frame", gif[:13] + b";", Expect.REFUSE
    tiff = small("TIFF")
    start = struct.unpack("<I", tiff[4:8])[0]
    yield "TIFF directory to itself", tiff[:-4] + struct.pack("<I", start), Expect.EITHER
    yield "TIFF directory far away", tiff[:4] + b"\xff\xff\xff\x7f" + tiff[8:], Expect.REFUSE
    yield "TIFF big", b"II+\0\x08\0\0\0" + tiff[8:], Expect.REFUSE


def broken_exif(chance: random.Random) -> Found:
    for kind in ("JPEG", "PNG", "WEBP"):
        bodies = {
            "none": b"Exif\0\0",
            "half a head": b"Exif\0\0II*",
            "far offset": b"Exif\0\0MM\0*\xff\xff\xff\xff",
            "loop": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\x08",
            "text orientation": b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\x02\0\0\0\x04six\0\0\0\0\0",
            "random": b"Exif\0\0II*\0\x08\0\0\0" + chance.randbytes(500),
        }
        for name, exif in bodies.items():
            yield f"{kind} {name}", saved(quarters(24, 24), kind, exif=exif), Expect.ACCEPT


def broken_profiles(chance: random.Random) -> Found:
    good = profile_bytes("sRGB")
    profiles = {
        "random": chance.randbytes(900),
        "LAB": profile_bytes("LAB"),
        "XYZ": profile_bytes("XYZ"),
        "half": good[: len(good) // 2],
        "1.5 MB": good + b"\0" * 1_500_000,
        "said to be CMYK": good[:16] + b"CMYK" + good[20:],
        "renamed": good.replace(b"sRGB", b"zRGB").replace(b"s\0R\0G\0B", b"z\0R\0G\0B"),
    }
    for kind in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF"):
        for name, profile in profiles.items():
            yield (
                f"{kind} {name}",
                saved(quarters(24, 24), kind, icc_profile=profile),
                Expect.ACCEPT,
            )
    for name, profile in profiles.items():
        data = saved(quarters(24, 24).convert("CMYK"), "JPEG", icc_profile=profile)
        yield f"CMYK {name}", data, Expect.ACCEPT


# --- something else ---------------------------------------------------------------------------


def documents(_: random.Random) -> Found:
    heads = {
        "PDF": b"%PDF-1.7\n1 0 obj",
        "ZIP": b"PK\x03\x04" + b"\0" * 40,
        "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        "XML": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><svg/>",
        "HTML": b"<!doctype html><script>alert(1)</script>",
        "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nquit",
        "MP4": b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41",
        "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "JXL": b"\xff\x0a" + b"\0" * 20,
        "JP2": b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0" * 30,
        "PSD": b"8BPS\0\x01" + b"\0" * 40,
        "ICO": b"\0\0\x01\0\x01\0" + b"\0" * 40,
        "PPM": b"P6\n9 9\n255\n" + b"\0" * 243,
        "FLI": b"\0\0\0\0\x11\xaf" + b"\0" * 200,
        "XBM": b"#define a_width 9\n#define a_height 9\nstatic char a_bits[] = {0}",
        "WAV": b"RIFF\x24\0\0\0WAVEfmt ",
        "ELF": b"\x7fELF\x02\x01\x01",
        "gzip": b"\x1f\x8b\x08\0" + b"\0" * 20,
        "text": "Grüße, ein Bild".encode(),
        "UTF-16": "\ufeffpicture".encode("utf-16"),
    }
    for name, data in heads.items():
        yield name, data, Expect.REFUSE


def polyglots(_: random.Random) -> Found:
    script, archive = b"<script>alert(1)</script>", b"PK\x05\x06" + b"\0" * 18
    for kind in KINDS:
        yield f"{kind} and ZIP", small(kind) + archive, Expect.EITHER
        yield f"{kind} and HTML", small(kind) + script, Expect.EITHER
        yield f"{kind} behind HTML", script + small(kind), Expect.REFUSE
    jpeg = small("JPEG")
    yield "JPEG with PDF", jpeg[:2] + segment(0xFE, b"%PDF-1.7") + jpeg[2:], Expect.ACCEPT
    yield "EPS named PNG", _PNG + b"%!PS-Adobe-3.0 EPSF-3.0", Expect.REFUSE
    yield "GIF and script", b"GIF89a/*" + small("GIF")[8:] + b"*/=1;" + script, Expect.EITHER


FAMILIES: dict[str, Callable[[random.Random], Found]] = {
    family.__name__.replace("_", " "): family
    for family in (
        orientations,
        modes,
        animations,
        sizes,
        declared_bombs,
        real_bombs,
        scan_bombs,
        metadata_bombs,
        truncations,
        bit_flips,
        splices,
        random_bytes,
        broken_parts,
        broken_exif,
        broken_profiles,
        documents,
        polyglots,
        *hostile_heic.FAMILIES,
    )
}


def cases(seed: int = 1, *, skip: frozenset[str] = frozenset()) -> Iterator[Case]:
    """Yield every case; the same *seed* gives the same bytes with the same encoders."""
    for name, family in FAMILIES.items():
        if name not in skip:
            for case, data, expect in family(random.Random(f"{seed} {name}")):  # noqa: S311
                yield Case(family=name, name=case, data=data, expect=expect)


def is_good(data: bytes, side: int) -> bool:
    """Whether *data* is a square RGBA PNG that a model takes."""
    with Image.open(BytesIO(data)) as image:
        image.load()
        return image.format == "PNG" and image.mode == "RGBA" and image.size == (side, side)
