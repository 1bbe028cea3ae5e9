"""The parent reads sizes from the first bytes, and nothing can make it fall over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.domain.pictures import Size
from bot.imaging.heads import size_of
from tests.imaging.pictures import noise, quarters, saved

TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")


@pytest.mark.parametrize("size", [(1, 1), (300, 200), (17, 2049)])
@pytest.mark.parametrize(
    ("media_type", "options"),
    [
        ("image/png", {}),
        ("image/jpeg", {"quality": 95}),
        ("image/jpeg", {"progressive": True, "comment": b"ours"}),
        ("image/webp", {"quality": 80}),
        ("image/webp", {"lossless": True}),
        ("image/webp", {"quality": 80, "exif": b"Exif\0\0"}),
        ("image/gif", {}),
    ],
)
def test_sizes_are_read_from_heads(
    size: tuple[int, int], media_type: str, options: dict[str, object]
) -> None:
    data = saved(quarters(*size), media_type.partition("/")[2].upper(), **options)

    assert size_of(data, media_type) == Size(*size)
    assert [size_of(data, other) for other in TYPES if other != media_type] == [None] * 3


def test_a_webp_with_transparency_has_its_size_in_its_extended_head() -> None:
    data = saved(noise(40), "WEBP", quality=50)

    assert data[12:16] == b"VP8X"
    assert size_of(data, "image/webp") == Size(40, 40)


@pytest.mark.parametrize("media_type", ["text/html", "", "image/avif"])
def test_other_types_have_no_size(media_type: str) -> None:
    assert size_of(saved(Image.new("RGB", (3, 3))), media_type) is None


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"\xff\xd8\xff\xda" + bytes(40), "image/jpeg"),
        (b"\xff\xd8\x00" + bytes(40), "image/jpeg"),
        (b"\xff\xd8\xff\xe0\xff\xff" + bytes(40), "image/jpeg"),
        (b"RIFF1234WEBPVP8 " + bytes(40), "image/webp"),
        (b"RIFF1234WEBPVP8L" + bytes(40), "image/webp"),
        (b"RIFF1234WEBPICCP" + bytes(40), "image/webp"),
        (b"", "image/jpeg"),
        (b"", "image/webp"),
        (b"", "image/gif"),
    ],
)
def test_broken_heads_have_no_size(data: bytes, media_type: str) -> None:
    assert size_of(data, media_type) is None


@given(data=st.binary(max_size=80), start=st.sampled_from((b"\xff\xd8\xff", b"RIFF1234WEBPVP8")))
def test_no_bytes_make_it_fall_over(data: bytes, start: bytes) -> None:
    for media_type in TYPES:
        size_of(start + data, media_type)
