"""Large PNG decoded by libvips: the same pixels, and never a file that Pillow refuses."""

import random
import struct
import zlib
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from io import BytesIO

import pytest
from PIL import Image

from bot.domain.errors import DamagedPicture
from bot.domain.pictures import Fit, Size
from bot.imaging import plain_png
from bot.imaging.encode import clean
from bot.imaging.normalise import normalise
from bot.imaging.opening import load, open_picture
from bot.imaging.sniff import png_chunks
from bot.imaging.values import Framing
from tests.imaging.hostile import chunk, with_chunk
from tests.imaging.pictures import BUDGET, noise, opened, photo, saved

SMALL = clean(photo().resize((96, 64)))


def see_through(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def by_us(data: bytes, mode: str, size: tuple[int, int] = SMALL.size) -> bytes | None:
    image = plain_png.decoded(data, mode, Size(*size))
    return image and image.tobytes()


def by_pillow(data: bytes) -> bytes | None:
    try:
        return Image.open(BytesIO(data)).tobytes()
    except (OSError, ValueError, EOFError, SyntaxError):
        return None


def test_here_the_library_is_called() -> None:
    assert plain_png.library() is not None


@pytest.mark.parametrize("size", [(96, 64), (257, 191), (1, 1), (3, 200)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("level", [0, 1, 9])
def test_the_pixels_are_pillows(mode: str, size: tuple[int, int], level: int) -> None:
    image = photo().resize(size)
    data = saved(see_through(image) if mode == "RGBA" else image, compress_level=level)

    assert by_us(data, mode, size) == by_pillow(data) is not None


@pytest.mark.parametrize("name", [b"gAMA", b"cHRM", b"sBIT", b"bKGD", b"pHYs"])
def test_what_stands_beside_the_pixels_changes_none(name: bytes) -> None:
    bodies = {
        b"gAMA": struct.pack(">I", 100_000),
        b"cHRM": struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000),
        b"sBIT": b"\x03\x03\x03",
        b"bKGD": b"\0\xff\0\0\0\xff",
        b"pHYs": struct.pack(">IIB", 9, 90, 1),
    }
    data = with_chunk(saved(SMALL), chunk(name, bodies[name]))

    assert by_us(data, "RGB") == SMALL.tobytes()


def damaged(whole: bytes) -> list[bytes]:
    """Cut off, cut short inside with right checksums, and with flipped bits, seeded."""
    found = [whole[:end] for end in range(20, len(whole), len(whole) // 60)]
    parts = {name: (start, end) for name, start, end in png_chunks(whole)}
    start, end = parts[b"IDAT"]
    body, head, tail = whole[start + 8 : end - 4], whole[:start], whole[end:]
    ends = [int(len(body) * share) for share in (0, 0.01, 0.3, 0.7, 0.95, 0.999)]
    ends += [len(body) - cut for cut in range(1, 12)]
    found += [head + chunk(b"IDAT", body[:end]) + tail for end in ends]
    rows = zlib.decompress(body)
    for wrong in (rows[:-1], rows[: len(rows) // 2], rows + rows, b"\x05" + rows[1:]):
        found.append(head + chunk(b"IDAT", zlib.compress(wrong)) + tail)
    draw = random.Random(7)  # noqa: S311 - repeatable
    for number in range(240):
        data = bytearray(whole if number % 2 else body)
        for _ in range(draw.choice((1, 1, 4))):
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        found.append(bytes(data) if number % 2 else head + chunk(b"IDAT", bytes(data)) + tail)
    return found


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_no_damaged_file_passes_that_pillow_refuses(mode: str) -> None:
    whole = saved(see_through(SMALL) if mode == "RGBA" else SMALL)
    files = damaged(whole)

    passed = [data for data in files if by_us(data, mode) is not None]

    assert len(passed) < len(files) / 2
    assert all(by_us(data, mode) == by_pillow(data) for data in passed)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF", "TIFF", "AVIF"])
def test_nothing_but_png_is_decoded(kind: str) -> None:
    assert by_us(saved(SMALL, kind), "RGB") is None
    assert by_us(b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "RGB") is None


def test_a_head_that_says_another_size_is_left_to_pillow() -> None:
    assert by_us(saved(SMALL), "RGB", (96, 65)) is None
    assert by_us(saved(SMALL), "RGBA") is None


@pytest.mark.parametrize(
    "data",
    [
        saved(SMALL.convert("L")),
        saved(SMALL.convert("P")),
        saved(SMALL.convert("LA")),
        saved(SMALL.convert("I;16")),
        saved(SMALL, transparency=(0, 0, 0)),
        saved(SMALL)[:28] + b"\x01" + saved(SMALL)[29:],
    ],
    ids=["grey", "palette", "grey and alpha", "deep", "one clear colour", "interlaced"],
)
def test_what_is_not_plain_is_left_to_pillow(data: bytes) -> None:
    image = Image.new("RGB", SMALL.size) if data[28] else Image.open(BytesIO(data))

    assert not plain_png.is_plain(data, image)


@pytest.mark.parametrize("fit", [Fit.PAD, Fit.CROP])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_without_the_library_the_same_is_made(
    mode: str, fit: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = photo().resize((1300, 1200))
    data = saved(see_through(image) if mode == "RGBA" else image, compress_level=1)
    framing = Framing(side=128, fit=fit)
    with_it = normalise(data, framing, what="picture", budget=BUDGET)
    monkeypatch.setattr(plain_png, "library", lambda: None)

    assert normalise(data, framing, what="picture", budget=BUDGET) == with_it


@pytest.mark.parametrize(("spare", "calls"), [(0, 1), (-1, 0)])
def test_where_memory_is_short_pillow_decodes(
    spare: int, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = saved(noise(1500, "RGB"), compress_level=0)
    asked: list[str] = []

    def decoded(_: bytes, mode: str, size: Size) -> None:
        asked.append(f"{mode} {size}")

    monkeypatch.setattr(plain_png, "decoded", decoded)
    needed = plain_png.memory("RGB", Size(1500, 1500)) + len(data)
    image, _ = load(open_picture(data, what="picture"), budget=needed + spare)

    assert len(asked) == calls
    assert image.size == (1500, 1500)


def test_a_head_is_read_without_decoding_the_pixels() -> None:
    data = saved(noise(64, "RGB"), compress_level=0)
    start = next(start for name, start, _ in png_chunks(data) if name == b"IDAT")
    data = data[: start + 9] + b"\xff" * 99 + data[start + 108 :]

    found = open_picture(data, what="picture")

    assert found.size == Size(64, 64)
    with pytest.raises(DamagedPicture):
        load(found, budget=BUDGET)


def test_a_library_without_the_functions_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    other = find_spec("_ctypes")

    def found(_: str) -> ModuleSpec | None:
        return other

    monkeypatch.setattr(plain_png, "find_spec", found)
    plain_png.library.cache_clear()
    try:
        assert plain_png.library() is None
    finally:
        plain_png.library.cache_clear()


def test_damage_is_told_as_ever() -> None:
    data = saved(photo().resize((1300, 1200)), compress_level=1)

    with pytest.raises(DamagedPicture):
        normalise(data[:-900], Framing(side=64), what="picture", budget=BUDGET)
    assert opened(data).size == (1300, 1200)
