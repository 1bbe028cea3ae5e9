import pytest
from PIL import Image, ImageChops

from bot.domain.errors import DamagedPicture, MaskSelectsAll, MaskSelectsNothing, NotAPicture
from bot.domain.pictures import REGIONS, Fit, Geometry, Region, Size
from bot.imaging.geometry import fitted
from bot.imaging.masks import (
    KEEP,
    REPAINT,
    grown,
    is_soft,
    mask_png,
    select_difference,
    select_regions,
    select_transparent,
    select_uploaded,
    selection_of,
    share,
    soft_selection_of,
)
from bot.imaging.normalise import normalise
from bot.imaging.values import SQUARE_BYTES, Framing, Normalised
from tests.imaging.pictures import (
    BUDGET,
    chunk_names,
    noise,
    opened,
    photo,
    quarters,
    saved,
    turned,
)


def square(data: bytes, *, side: int = 256, fit: Fit = Fit.PAD) -> Normalised:
    return normalise(data, Framing(side=side, fit=fit), what="picture", budget=BUDGET)


def region_mask(region: Region, geometry: Geometry) -> bytes:
    return mask_png(select_regions([region], geometry), geometry, all_allowed=True)


def own_mask(square: bytes, geometry: Geometry, *, budget: int) -> bytes:
    return mask_png(select_transparent(square, geometry, budget=budget), geometry)


def uploaded_mask(data: bytes, geometry: Geometry, *, budget: int) -> bytes:
    return mask_png(select_uploaded(data, geometry, budget=budget), geometry)


def selected(mask: bytes, picture: Normalised) -> Image.Image:
    """What *mask* repaints, as 255; checks that it is a mask that models take."""
    image = opened(mask)
    assert image.mode == "RGBA"
    assert image.size == (picture.geometry.canvas.width, picture.geometry.canvas.height)
    assert chunk_names(mask) == {b"IHDR", b"IDAT", b"IEND"}
    colours = image.getcolors()
    assert colours is not None
    assert {colour for _, colour in colours} <= {REPAINT, KEEP}
    return ImageChops.invert(image.getchannel("A"))


def painted(picture: Normalised, box: tuple[int, int, int, int]) -> Image.Image:
    side = picture.geometry.side
    expected = Image.new("L", (side, side), 0)
    expected.paste(255, box)
    return expected


def test_a_region_is_selected_to_the_pixel() -> None:
    picture = square(saved(quarters(512, 256)))

    mask = region_mask(REGIONS["top left"], picture.geometry)

    assert selected(mask, picture) == painted(picture, (0, 64, 85, 107))


def test_everything_may_be_named_and_never_takes_the_borders() -> None:
    picture = square(saved(quarters(512, 256)))

    mask = region_mask(REGIONS["everything"], picture.geometry)

    assert selected(mask, picture) == painted(picture, (0, 64, 256, 192))


def test_a_region_that_was_cropped_away_selects_nothing() -> None:
    picture = square(saved(quarters(300, 100)), fit=Fit.CROP)

    with pytest.raises(MaskSelectsNothing):
        region_mask(Region(0, 0, 1 / 3, 1), picture.geometry)


@pytest.mark.parametrize("scale", [1, 2, 4])
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "JPEG"])
def test_white_is_repainted_in_opaque_masks_of_any_scale(scale: int, kind: str) -> None:
    picture = square(saved(quarters(256, 128)))
    drawn = Image.new("RGB", (256 // scale, 128 // scale))
    drawn.paste((255, 255, 255), (64 // scale, 32 // scale, 128 // scale, 96 // scale))

    mask = uploaded_mask(saved(drawn, kind), picture.geometry, budget=BUDGET)

    difference = ImageChops.difference(
        selected(mask, picture), painted(picture, (64, 96, 128, 160))
    ).histogram()[255]
    assert difference == 0 if scale == 1 or kind == "PNG" else difference < 400


def test_transparent_is_repainted_whatever_its_colour() -> None:
    picture = square(saved(quarters(256, 256)))
    drawn = Image.new("RGBA", (256, 256), (255, 255, 255, 255))
    drawn.paste((0, 0, 0, 0), (10, 20, 30, 40))

    mask = uploaded_mask(saved(drawn), picture.geometry, budget=BUDGET)

    assert selected(mask, picture) == painted(picture, (10, 20, 30, 40))


def test_our_own_masks_are_read_back() -> None:
    picture = square(saved(quarters(512, 256)))
    first = region_mask(REGIONS["right"], picture.geometry)

    again = uploaded_mask(first, picture.geometry, budget=BUDGET)

    assert again == first


def test_a_turned_mask_lies_on_a_turned_picture() -> None:
    picture = square(turned(quarters(256, 128), 6, "JPEG", quality=95))
    drawn = Image.new("L", (256, 128))
    drawn.paste(255, (0, 0, 64, 128))

    mask = uploaded_mask(
        turned(drawn, 8, "PNG"),
        picture.geometry,
        budget=BUDGET,
    )

    assert selected(mask, picture) == painted(picture, (0, 64, 64, 192))


def test_a_mask_follows_the_crop() -> None:
    picture = square(saved(quarters(512, 256)), fit=Fit.CROP)
    drawn = Image.new("L", (512, 256))
    drawn.paste(255, (0, 0, 256, 256))

    mask = uploaded_mask(saved(drawn), picture.geometry, budget=BUDGET)

    assert selected(mask, picture) == painted(picture, (0, 0, 128, 256))


def test_an_empty_mask_is_refused_in_words() -> None:
    picture = square(saved(quarters(256, 128)))

    with pytest.raises(MaskSelectsNothing) as caught:
        uploaded_mask(saved(Image.new("L", (256, 128))), picture.geometry, budget=BUDGET)
    assert caught.value.values == {"what": "mask"}


def test_a_full_mask_is_refused_in_words() -> None:
    picture = square(saved(quarters(256, 128)))

    with pytest.raises(MaskSelectsAll):
        uploaded_mask(saved(Image.new("L", (256, 128), 255)), picture.geometry, budget=BUDGET)


@pytest.mark.parametrize(
    ("data", "kind"), [(b"text", NotAPicture), (saved(quarters(9, 9))[:50], DamagedPicture)]
)
def test_a_bad_mask_says_that_it_is_the_mask(data: bytes, kind: type[Exception]) -> None:
    picture = square(saved(quarters(256, 128)))

    with pytest.raises(kind) as caught:
        uploaded_mask(data, picture.geometry, budget=BUDGET)
    assert getattr(caught.value, "values", None) == {"what": "mask"}


def test_the_pictures_own_transparency() -> None:
    image = quarters(256, 128).convert("RGBA")
    image.paste((1, 2, 3, 0), (50, 10, 90, 40))
    picture = square(saved(image))

    mask = own_mask(picture.data, picture.geometry, budget=BUDGET)

    assert selected(mask, picture) == painted(picture, (50, 74, 90, 104))


def test_an_opaque_picture_has_no_transparency_of_its_own() -> None:
    picture = square(saved(quarters(256, 128)))

    with pytest.raises(MaskSelectsNothing):
        own_mask(picture.data, picture.geometry, budget=BUDGET)


def test_cells_together() -> None:
    picture = square(saved(quarters(300, 300)), side=300)

    chosen = select_regions([REGIONS["top left"], REGIONS["bottom right"]], picture.geometry)

    assert share(chosen) == pytest.approx(2 / 9)


# --- a painted-over copy ----------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "scale"), [("PNG", 1), ("JPEG", 1), ("WEBP", 1), ("JPEG", 2)])
def test_what_was_painted_over_is_selected(kind: str, scale: int) -> None:
    image = photo("coffee.png").resize((300, 200))
    picture = square(saved(image), side=300)
    copy = image.copy()
    copy.paste((255, 0, 255), (40, 60, 120, 140))
    copy = copy.resize((300 // scale, 200 // scale))

    chosen = select_difference(saved(copy, kind), picture.data, picture.geometry, budget=BUDGET)

    expected = Image.new("L", (300, 200))
    expected.paste(255, (40, 60, 120, 140))
    wrong = ImageChops.difference(chosen, expected).histogram()[255]
    assert wrong < (60 if kind == "PNG" else 2500 if scale > 1 else 700)


def test_an_untouched_copy_selects_nothing() -> None:
    image = photo("coffee.png").resize((300, 200))
    picture = square(saved(image), side=300)

    chosen = select_difference(
        saved(image, "JPEG", quality=90), picture.data, picture.geometry, budget=BUDGET
    )

    with pytest.raises(MaskSelectsNothing):
        mask_png(chosen, picture.geometry)


# --- adjusting --------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [0, 1, 2, 5, 12, 40])
def test_growing_to_the_pixel(by: int) -> None:
    selection = Image.new("L", (200, 160))
    selection.paste(255, (90, 70, 100, 80))
    expected = Image.new("L", (200, 160))
    expected.paste(255, (90 - by, 70 - by, 100 + by, 80 + by))

    assert grown(selection, by) == expected
    assert grown(grown(selection, by), -by) == selection


def test_nothing_shrinks_from_the_edge_of_the_picture() -> None:
    selection = Image.new("L", (50, 40))
    selection.paste(255, (0, 0, 25, 40))
    expected = Image.new("L", (50, 40))
    expected.paste(255, (0, 0, 20, 40))

    assert grown(selection, -5) == expected


def test_masks_are_read_back_as_they_were_written() -> None:
    picture = square(saved(quarters(300, 200)))
    selection = select_regions([REGIONS["left half"]], picture.geometry)

    mask = mask_png(selection, picture.geometry)

    assert selection_of(mask, picture.geometry, budget=BUDGET) == selection


# --- soft edges -------------------------------------------------------------------------------


def soft_row(mask: bytes, y: int) -> list[tuple[int, ...]]:
    image = opened(mask)
    pixels = [image.getpixel((x, y)) for x in range(image.width)]
    return [pixel for pixel in pixels if isinstance(pixel, tuple)]


@pytest.mark.parametrize("feather", [1, 8, 40])
def test_a_soft_edge_fades_outward_over_as_many_pixels(feather: int) -> None:
    picture = square(saved(quarters(256, 256)))
    chosen = select_regions([REGIONS["left half"]], picture.geometry)

    row = soft_row(mask_png(chosen, picture.geometry, feather=feather), 128)

    alphas = [pixel[3] for pixel in row]
    assert alphas == sorted(alphas)
    assert alphas[:128] == [0] * 128
    assert set(alphas[128 + feather + 1 :]) == {255}
    assert all(0 < alpha < 255 for alpha in alphas[129 : 128 + feather - 1])


def test_both_conventions_hold_in_a_soft_edge() -> None:
    picture = square(saved(quarters(256, 128)))
    chosen = select_regions([REGIONS["center"]], picture.geometry)

    mask = mask_png(chosen, picture.geometry, feather=12)

    assert all(
        pixel[:3] == (255 - pixel[3],) * 3 for y in range(256) for pixel in soft_row(mask, y)
    )
    borders = opened(mask).crop((0, 0, 256, 64)).getcolors()
    assert borders == [(256 * 64, KEEP)]


def test_a_soft_mask_is_read_back_with_and_without_its_edge() -> None:
    picture = square(saved(quarters(256, 256)))
    chosen = select_regions([REGIONS["center"]], picture.geometry)
    mask = mask_png(chosen, picture.geometry, feather=10)

    soft = soft_selection_of(mask, picture.geometry, budget=BUDGET)
    hard = selection_of(mask, picture.geometry, budget=BUDGET)

    assert is_soft(soft)
    assert not is_soft(hard)
    assert share(chosen) < share(hard) < share(grown(chosen, 10))


def test_a_mask_of_noise_fits_a_file_all_the_same() -> None:
    geometry = fitted(Size(2048, 2048), 1, side=2048, fit=Fit.KEEP)
    noisy = noise(2048, "L").point([0] * 200 + [255] * 56)

    mask = mask_png(noisy, geometry, feather=6)  # in full, 4.8 MB

    assert len(mask) < SQUARE_BYTES
    assert opened(mask).size == (2048, 2048)
    assert share(selection_of(mask, geometry, budget=BUDGET)) > 0
