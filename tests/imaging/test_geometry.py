import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.pictures import REGIONS, Box, Fit, Region, Size
from bot.imaging.geometry import fitted, near_shape, raw_box, region_box, scaled_box, upright

SIDES = st.sampled_from((256, 512, 1024, 2048))
LENGTHS = st.integers(1, 30_000)


@given(LENGTHS, LENGTHS, SIDES, st.sampled_from(Fit))
def test_every_fit_stays_inside_both_pictures(width: int, height: int, side: int, fit: Fit) -> None:
    geometry = fitted(Size(width, height), 1, side=side, fit=fit)

    taken, place = geometry.taken, geometry.place
    assert 0 <= taken.left < taken.right <= width
    assert 0 <= taken.top < taken.bottom <= height
    assert 0 <= place.left < place.right <= side
    assert 0 <= place.top < place.bottom <= side
    if fit is Fit.PAD:
        assert max(place.size.width, place.size.height) == side
        assert taken.size == Size(width, height)
    else:
        assert not geometry.is_padded


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        (Size(1000, 667), Size(1248, 832), True),
        (Size(1000, 667), Size(1536, 1024), True),
        (Size(667, 1000), Size(832, 1248), True),
        (Size(1024, 1024), Size(1024, 1008), True),
        (Size(1024, 1024), Size(1024, 1000), False),
        (Size(1000, 667), Size(667, 1000), False),
        (Size(1000, 667), Size(1024, 1024), False),
        (Size(1920, 1080), Size(1792, 1024), True),
        (Size(4, 3), Size(400, 301), True),
    ],
)
def test_a_step_of_16_pixels_leaves_a_shape_near(one: Size, other: Size, near: bool) -> None:
    assert near_shape(one, other) is near
    assert near_shape(other, one) is near


@given(st.integers(800, 4096), st.integers(800, 4096))
def test_what_a_step_of_16_makes_of_a_shape_is_near_it(width: int, height: int) -> None:
    stepped = Size(round(width / 16) * 16, round(height / 16) * 16)

    assert near_shape(Size(width, height), stepped)


def test_pad_keeps_the_aspect_and_centres() -> None:
    geometry = fitted(Size(4000, 3000), 1, side=1024, fit=Fit.PAD)

    assert geometry.place == Box(0, 128, 1024, 896)
    assert geometry.is_padded


def test_crop_takes_the_middle() -> None:
    assert fitted(Size(400, 300), 1, side=256, fit=Fit.CROP).taken == Box(50, 0, 350, 300)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_boxes_are_found_in_the_stored_picture(orientation: int) -> None:
    size = Size(40, 30)
    stored = upright(size, orientation)

    box = raw_box(Box(1, 2, 11, 22), size, orientation)

    assert box.size == (Size(20, 10) if orientation > 4 else Size(10, 20))
    assert 0 <= box.left < box.right <= stored.width
    assert 0 <= box.top < box.bottom <= stored.height
    assert raw_box(Box(0, 0, 40, 30), size, orientation) == Box(0, 0, stored.width, stored.height)


def test_a_region_is_a_part_of_the_picture_not_of_the_square() -> None:
    geometry = fitted(Size(200, 100), 1, side=1000, fit=Fit.PAD)

    assert region_box(REGIONS["left half"], geometry) == Box(0, 250, 500, 750)
    assert region_box(REGIONS["bottom"], geometry) == Box(0, 583, 1000, 750)
    assert region_box(REGIONS["everything"], geometry) == geometry.place


def test_a_region_that_was_cropped_away_is_empty() -> None:
    geometry = fitted(Size(300, 100), 1, side=300, fit=Fit.CROP)

    box = region_box(Region(0, 0, 1 / 3, 1), geometry)

    assert box.right <= box.left


def test_scaled_boxes_are_never_empty() -> None:
    assert scaled_box(Box(1023, 0, 1024, 1024), Size(1024, 1024), Size(4, 4)).size == Size(1, 4)
    assert scaled_box(Box(0, 128, 1024, 896), Size(1024, 1024), Size(512, 512)) == Box(
        0, 64, 512, 448
    )
