"""Borders, crops that look, kept shapes, large sides; and every combination, by hypothesis."""

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.domain.pictures import Backdrop, Box, Fit, Focus, Note, Size
from bot.imaging.focus import busiest
from bot.imaging.heads import size_of
from bot.imaging.normalise import normalise
from bot.imaging.values import MAX_SIDE, SMALLEST_LIMIT, SQUARE_BYTES, Framing, Normalised
from tests.imaging.pictures import (
    BUDGET,
    chunk_names,
    near,
    noise,
    opened,
    photo,
    pixel,
    quarters,
    saved,
    shows_quarters,
    turned,
)


def framed(data: bytes, framing: Framing) -> tuple[Normalised, Image.Image]:
    made = normalise(data, framing, what="picture", budget=BUDGET)
    image = opened(made.data)
    assert size_of(made.data, made.media_type) == made.geometry.canvas == Size(*image.size)
    assert len(made.data) < framing.limit
    if made.media_type == "image/png":
        assert image.mode == "RGBA"
        assert chunk_names(made.data) == {b"IHDR", b"IDAT", b"IEND"}
    else:
        assert made.media_type in framing.types
    return made, image


def place_of(image: Image.Image, made: Normalised) -> Image.Image:
    place = made.geometry.place
    return image.crop((place.left, place.top, place.right, place.bottom))


@pytest.mark.parametrize("backdrop", list(Backdrop))
@pytest.mark.parametrize("size", [(300, 200), (200, 300), (300, 20)])
def test_borders_never_touch_the_picture(size: tuple[int, int], backdrop: Backdrop) -> None:
    data = saved(quarters(*size))

    made, image = framed(data, Framing(side=300, backdrop=backdrop, colour=(9, 8, 7)))

    assert place_of(image, made).convert("RGB").tobytes() == quarters(*size).tobytes()
    border = image.getpixel((0, 0))
    assert isinstance(border, tuple)
    assert border[3] == (0 if backdrop is Backdrop.TRANSPARENT else 255)


def test_one_colour() -> None:
    _, image = framed(
        saved(quarters(200, 100)), Framing(side=64, backdrop=Backdrop.COLOUR, colour=(9, 8, 7))
    )

    assert image.getpixel((32, 3)) == (9, 8, 7, 255)


def test_mirror_images_continue_the_picture() -> None:
    _, image = framed(saved(quarters(200, 100)), Framing(side=200, backdrop=Backdrop.MIRRORED))

    assert image.getpixel((10, 49)) == image.getpixel((10, 50))
    assert near(pixel(image, 0.1, 0.01), (255, 0, 0))
    assert near(pixel(image, 0.1, 0.99), (0, 0, 255))


def test_a_narrow_picture_is_mirrored_more_than_once() -> None:
    _, image = framed(saved(quarters(20, 100)), Framing(side=100, backdrop=Backdrop.MIRRORED))

    assert image.getchannel("A").getextrema() == (255, 255)


def test_a_blur_has_the_pictures_colours_and_no_edges() -> None:
    _, image = framed(saved(quarters(300, 100)), Framing(side=300, backdrop=Backdrop.BLURRED))

    assert near(pixel(image, 0.1, 0.05), (255, 0, 0), within=90)
    columns = [pixel(image, 0.5, row / 100) for row in range(2, 30)]
    assert all(near(a, b, within=20) for a, b in pairwise(columns))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_kept_shapes_are_not_square(orientation: int) -> None:
    data = turned(quarters(600, 300), orientation, "JPEG", quality=95)

    made, image = framed(data, Framing(side=200, fit=Fit.KEEP))

    assert image.size == (200, 100)
    assert made.geometry.place == Box(0, 0, 200, 100)
    assert not made.geometry.is_padded
    assert shows_quarters(image)


def test_small_pictures_keep_their_size_with_their_shape() -> None:
    made, image = framed(saved(quarters(60, 30)), Framing(side=200, fit=Fit.KEEP))

    assert image.size == (60, 30)
    assert made.notes == ()


def test_a_larger_limit_keeps_detailed_pictures_whole() -> None:
    framing = Framing(side=MAX_SIDE, fit=Fit.KEEP, limit=20_000_000)

    made, _ = framed(saved(noise(1500, "RGB"), "PNG", compress_level=0), framing)

    assert made.geometry.canvas == Size(1500, 1500)
    assert len(made.data) > SQUARE_BYTES


# --- crops that look --------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(600, 200), (200, 600)])
@pytest.mark.parametrize("far", [True, False])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_smart_crop_keeps_what_there_is_to_see(
    size: tuple[int, int], far: bool, orientation: int
) -> None:
    image = Image.new("RGB", size, (200, 210, 220))
    at = (size[0] - 150 if far else 0, 0) if size[0] > size[1] else (0, size[1] - 150 if far else 0)
    image.paste(photo().resize((150, 150)), at)

    made, _ = framed(
        turned(image, orientation, "PNG"), Framing(side=200, fit=Fit.CROP, focus=Focus.SMART)
    )

    taken = made.geometry.taken
    assert taken.left <= at[0]
    assert taken.right >= at[0] + 150
    assert taken.top <= at[1]
    assert taken.bottom >= at[1] + 150
    assert taken.size == Size(200, 200)


@pytest.mark.parametrize("size", [(90, 90), (90, 30), (30, 90), (100, 1)])
def test_nothing_to_see_is_the_middle(size: tuple[int, int]) -> None:
    assert busiest(Image.new("RGB", size, "grey")) == pytest.approx(0.5, abs=0.02)


# --- everything together ----------------------------------------------------------------------

FRAMINGS = st.builds(
    Framing,
    side=st.sampled_from((16, 100, 256)),
    fit=st.sampled_from(Fit),
    backdrop=st.sampled_from(Backdrop),
    focus=st.sampled_from(Focus),
    limit=st.sampled_from((SMALLEST_LIMIT, 20_000, SQUARE_BYTES)),
    types=st.sampled_from(((), ("image/jpeg",), ("image/webp",), ("image/webp", "image/jpeg"))),
)
KINDS = st.sampled_from(
    [
        ("JPEG", "RGB"),
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
        ("PNG", "1"),
        ("PNG", "P"),
        ("PNG", "LA"),
        ("PNG", "RGBA"),
        ("WEBP", "RGBA"),
        ("GIF", "P"),
        ("TIFF", "F"),
        ("BMP", "RGB"),
    ]
)
EDGES = st.integers(1, 300)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(width=EDGES, height=EDGES, kind=KINDS, orientation=st.integers(1, 8), framing=FRAMINGS)
def test_any_shape_mode_fit_and_side(
    width: int, height: int, kind: tuple[str, str], orientation: int, framing: Framing
) -> None:
    if max(width, height) > 100 * min(width, height):
        return
    image = Image.radial_gradient("L").resize((width, height)).convert(kind[1])
    turns = kind[0] in {"JPEG", "PNG", "WEBP"}

    made, _ = framed(
        turned(image, orientation, kind[0]) if turns else saved(image, kind[0]), framing
    )

    geometry = made.geometry
    assert geometry.source == Size(width, height)
    assert geometry.orientation == (orientation if turns else 1)
    assert geometry.side <= framing.side
    assert (Note.TURNED in made.notes) == (turns and orientation != 1)
    assert geometry.is_padded <= (framing.fit is Fit.PAD)
