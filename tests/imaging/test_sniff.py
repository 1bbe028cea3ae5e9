import zlib

import pytest

from bot.domain.errors import DamagedPicture
from bot.domain.pictures import Size
from bot.imaging.sniff import Kind, is_animated, jpeg_cost, png_parts, png_size, sniff
from tests.imaging.pictures import photo, profile_bytes, quarters, saved


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.HEIC])
def test_every_kind_is_known_by_its_first_bytes(kind: Kind) -> None:
    assert sniff(saved(quarters(16, 16), kind.value)) is kind


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\x00", b"%PDF-1.7", b"PK\x03\x04", b"<svg/>", b"8BPS"),
        b"RIFF\0\0\0\0WAVE",
        b"\x00\x00\x00\x18ftypmp42\0\0\0\0isommp42",
    ],
)
def test_anything_else_is_not_a_picture(data: bytes) -> None:
    assert sniff(data) is None


def test_an_avif_may_be_named_among_its_compatible_brands() -> None:
    assert sniff(b"\x00\x00\x00\x18ftypmif1\0\0\0\0mif1avif") is Kind.AVIF


@pytest.mark.parametrize("kind", [Kind.GIF, Kind.WEBP, Kind.AVIF, Kind.PNG])
def test_animations_say_so(kind: Kind) -> None:
    one, two = quarters(16, 16), photo().resize((16, 16))
    moving = saved(one, kind.value, save_all=True, append_images=[two, one])
    still = saved(one, kind.value)

    def animated(data: bytes) -> bool:
        return png_parts(data, what="x").animated if kind is Kind.PNG else is_animated(data, kind)

    assert animated(moving)
    assert not animated(still)


def test_jpegs_have_one_picture() -> None:
    assert not is_animated(saved(quarters(8, 8), "JPEG"), Kind.JPEG)


@pytest.mark.parametrize("samples", [0, 2])
def test_baseline_jpegs_cost_nothing_extra(samples: int) -> None:
    cost = jpeg_cost(saved(photo(), "JPEG", subsampling=samples), stop=100)

    assert cost.scans == 1
    assert cost.bytes_per_pixel == 0


@pytest.mark.parametrize(("samples", "expected"), [(0, 6.0), (2, 3.0)])
def test_progressive_jpegs_keep_all_coefficients(samples: int, expected: float) -> None:
    cost = jpeg_cost(saved(photo(), "JPEG", progressive=True, subsampling=samples), stop=100)

    assert cost.scans > 5
    assert cost.bytes_per_pixel == pytest.approx(expected)


def test_scans_after_the_picture_are_not_counted() -> None:
    data = saved(photo(), "JPEG") + b"\xff\xda\x00\x02" * 1000

    assert jpeg_cost(data, stop=100).scans == 1


def test_counting_stops_early() -> None:
    assert jpeg_cost(b"\xff\xd8\xff\x01" + b"\xff\xda\x00\x02" * 5000, stop=100).scans == 101


def test_a_jpeg_without_a_frame_is_counted_too() -> None:
    assert jpeg_cost(b"\xff\xd8\xff\xc0\x00", stop=100).scans == 0


def test_png_size() -> None:
    assert png_size(saved(quarters(7, 9))) == Size(7, 9)
    assert png_size(b"nothing") is None
    assert png_size(saved(quarters(7, 9))[:20]) is None


def test_a_png_loses_its_texts_and_keeps_profile_and_orientation() -> None:
    profile = profile_bytes("sRGB")
    data = saved(quarters(8, 8), icc_profile=profile, exif=b"MM\x00*\0\0\0\x08\0\0")
    text = b"Comment\0" + b"secret " * 9
    chunk = (
        len(text).to_bytes(4, "big")
        + b"tEXt"
        + text
        + zlib.crc32(b"tEXt" + text).to_bytes(4, "big")
    )

    parts = png_parts(data[:33] + chunk + data[33:], what="picture")

    assert b"secret" not in parts.data
    assert parts.profile == profile
    assert parts.exif.startswith(b"MM")


def test_a_profile_that_does_not_unpack_is_left_out() -> None:
    data = saved(quarters(8, 8), icc_profile=b"x" * 300)
    at = data.index(b"iCCP") + 20

    assert png_parts(data[:at] + b"zzzz" + data[at + 4 :], what="picture").profile is None


def test_a_png_without_its_parts_is_damaged() -> None:
    data = saved(quarters(8, 8))

    with pytest.raises(DamagedPicture):
        png_parts(data[:-6], what="picture")
