import pytest
from PIL import Image, ImageChops

from bot.domain.errors import DamagedPicture, MaskSelectsAll, MaskSelectsNothing, NotAPicture
from bot.domain.pictures import REGIONS, Fit, Region
from bot.imaging.masks import KEEP, REPAINT, own_mask, region_mask, uploaded_mask
from bot.imaging.normalise import normalise
from bot.imaging.values import Framing, Normalised
from tests.imaging.pictures import BUDGET, chunk_names, opened, quarters, saved, turned


def square(data: bytes, *, side: int = 256, fit: Fit = Fit.PAD) -> Normalised:
    return normalise(data, Framing(side=side, fit=fit), what="picture", budget=BUDGET)


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

    mask = own_mask(picture.png, picture.geometry, budget=BUDGET)

    assert selected(mask, picture) == painted(picture, (50, 74, 90, 104))


def test_an_opaque_picture_has_no_transparency_of_its_own() -> None:
    picture = square(saved(quarters(256, 128)))

    with pytest.raises(MaskSelectsNothing):
        own_mask(picture.png, picture.geometry, budget=BUDGET)
