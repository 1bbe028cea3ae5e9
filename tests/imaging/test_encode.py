import pytest
from PIL import Image

from bot.domain.errors import PictureTooLarge
from bot.imaging.encode import clean, deliver, png_near, rounded, smaller_side
from tests.imaging.pictures import noise, opened, photo, saved


def test_no_encoder_finds_metadata() -> None:
    image = opened(saved(photo(), dpi=(300, 300), icc_profile=b"x" * 200))

    assert image.info
    assert clean(image).info == {}


def test_rounding_spreads_evenly() -> None:
    ramp = Image.linear_gradient("L")
    image = Image.merge("RGBA", (ramp, ramp, ramp, Image.new("L", (256, 256), 255)))

    levels = set(rounded(image, 6).getchannel("R").tobytes())

    assert len(levels) == 64
    assert {0, 255} <= levels


def test_effort_is_spent_only_where_it_may_help() -> None:
    flat = Image.linear_gradient("L").convert("RGB")
    quick = len(png_near(flat, 10**9))

    assert len(png_near(flat, quick)) < quick
    assert len(png_near(flat, quick // 2)) == quick


def test_a_smaller_side_is_smaller() -> None:
    assert smaller_side(1024, 4_100_000, 4_000_000) < 1024
    assert smaller_side(17, 9_000_000, 10) == 16


def test_no_picture_fits_nothing() -> None:
    with pytest.raises(PictureTooLarge):
        deliver(noise(64, "RGB"), 100)


def test_deliveries_say_their_size() -> None:
    made = deliver(noise(64, "RGB"), 100_000)

    assert opened(made.data).size == made.size == (64, 64)
