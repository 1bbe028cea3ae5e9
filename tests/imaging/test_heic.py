"""HEIC with the optional decoder, and without it."""

import sys
from contextlib import suppress
from io import BytesIO

import pillow_heif
import pytest
from PIL import Image

from bot.domain.errors import HeicPicture, PictureError
from bot.domain.pictures import Note
from bot.imaging import process
from bot.imaging.pool import open_imaging
from bot.imaging.sniff import Kind, is_animated, sniff
from tests.imaging.pictures import (
    chunk_names,
    opened,
    photo,
    quarters,
    saved,
    shows_quarters,
    turned,
)

_BLOCKED = "import sys; sys.modules['pillow_heif'] = None\n"


pillow_heif.register_heif_opener()


def heic(image: Image.Image) -> bytes:
    return saved(image, "HEIF", quality=90)


def head(major: bytes, also: bytes = b"mif1") -> bytes:
    return b"\0\0\0\x18ftyp" + major + b"\0\0\0\0" + also + b"heic"


@pytest.mark.parametrize(
    "brand", ["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "msf1"]
)
def test_every_brand_is_known(brand: str) -> None:
    assert sniff(head(brand.encode())) is Kind.HEIC


def test_avif_inside_stays_avif() -> None:
    assert sniff(head(b"mif1", b"avif")) is Kind.AVIF


def test_only_sequences_are_animated() -> None:
    assert is_animated(head(b"hevc"), Kind.HEIC)
    assert not is_animated(head(b"heic"), Kind.HEIC)


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_picture_is_turned_once(orientation: int) -> None:
    source = Image.open(BytesIO(turned(quarters(96, 64), orientation, "PNG")))
    async with open_imaging(workers=1) as imaging:
        made = await imaging.normalise(heic(source), side=128)

    assert made.geometry.source.width > made.geometry.source.height
    assert shows_quarters(opened(made.data).crop((0, 21, 128, 107)))
    assert chunk_names(made.data) == {b"IHDR", b"IDAT", b"IEND"}


async def test_ten_bits_are_noted() -> None:
    deep = pillow_heif.from_bytes(mode="RGB;16", size=(64, 64), data=bytes(64 * 64 * 6))
    out = BytesIO()
    deep.save(out, quality=90, save_nclx_profile=True)
    async with open_imaging(workers=1) as imaging:
        made = await imaging.normalise(out.getvalue(), side=64)

    assert Note.DEPTH in made.notes


async def test_twelve_megapixels_pass() -> None:
    data = heic(photo().convert("RGB").resize((4032, 3024)))
    async with open_imaging(workers=1) as imaging:
        await imaging.normalise(data)

        assert imaging.health().killed == 0


async def test_cut_files_are_refused_and_harm_nobody() -> None:
    whole = heic(photo().convert("RGB").resize((96, 96)))
    async with open_imaging(workers=1) as imaging:
        for tenth in range(1, 10):
            with pytest.raises(PictureError):
                await imaging.normalise(whole[: len(whole) * tenth // 10], side=64)

        assert imaging.health().killed == 0


async def test_flipped_bits_and_huge_sizes_end_well() -> None:
    whole = heic(photo().convert("RGB").resize((48, 48)))
    at = whole.index(b"ispe") + 8
    files = [whole[:at] + b"\x7f\xff\xff\xff" * 2 + whole[at + 8 :], head(b"heic")]
    files += [whole[:n] + bytes([whole[n] ^ 0x41]) + whole[n + 1 :] for n in range(8, 400, 9)]
    async with open_imaging(workers=1) as imaging:
        for data in files:
            with suppress(PictureError):
                await imaging.normalise(data, side=64)

        assert imaging.health().killed == 0


async def test_without_the_decoder_it_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_START", _BLOCKED + process._START)
    async with open_imaging(workers=1) as imaging:
        with pytest.raises(HeicPicture, match="HEIC"):
            await imaging.normalise(heic(quarters(32, 32)))

    assert "pillow_heif" in sys.modules  # only the worker lacks it
