"""Pictures for models that need no square: their own shape, the best type that fits."""

from io import BytesIO

import pytest
from PIL import Image

from bot.domain.errors import MaskSelectsNothing
from bot.domain.pictures import REGIONS, Fit, Margins, Note, Size
from bot.imaging.finish import finish
from bot.imaging.masks import mask_png, select_regions
from bot.imaging.normalise import normalise
from bot.imaging.outpaint import outpaint
from bot.imaging.pool import open_imaging
from bot.imaging.values import SQUARE_BYTES, Framing, Made, Named, Normalised, Uploaded
from tests.imaging.pictures import (
    ARTIST,
    BUDGET,
    chunk_names,
    jpeg_markers,
    mean_difference,
    noise,
    opened,
    photo,
    saved,
    webp_chunks,
)

BOTH = ("image/webp", "image/jpeg")


def kept(
    image: Image.Image, *, limit: int = 8_000_000, types: tuple[str, ...] = BOTH, side: int = 2048
) -> Normalised:
    framing = Framing(fit=Fit.KEEP, side=side, limit=limit, types=types)
    exif = Image.Exif()
    exif[ARTIST] = "Ann Example"
    data = saved(image, exif=exif, comment=b"made by Ann")
    made = normalise(data, framing, what="picture", budget=BUDGET)
    assert len(made.data) < limit
    assert Image.open(BytesIO(made.data)).get_format_mimetype() == made.media_type
    assert opened(made.data).size == (made.geometry.canvas.width, made.geometry.canvas.height)
    return made


def see_through(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def test_what_fits_stays_a_png_of_every_pixel() -> None:
    image = photo().resize((500, 333))

    made = kept(image)

    assert made.media_type == "image/png"
    assert made.geometry.canvas == Size(500, 333)
    assert opened(made.data).convert("RGB").tobytes() == image.tobytes()
    assert chunk_names(made.data) == {b"IHDR", b"IDAT", b"IEND"}
    assert made.notes == ()


@pytest.mark.parametrize("transparent", [False, True])
def test_what_png_cannot_hold_is_webp_without_loss(transparent: bool) -> None:
    image = see_through(photo()) if transparent else photo()
    needs = len(kept(image).data)

    made = kept(image, limit=needs - needs // 8)

    assert made.media_type == "image/webp"
    assert webp_chunks(made.data) == [b"VP8L"]
    assert made.notes == ()
    if not transparent:
        assert opened(made.data).tobytes() == image.tobytes()


@pytest.mark.parametrize(
    ("transparent", "types", "media_type"),
    [
        (False, BOTH, "image/jpeg"),
        (False, ("image/jpeg",), "image/jpeg"),
        (False, ("image/webp",), "image/webp"),
        (True, BOTH, "image/webp"),
    ],
)
def test_what_fits_no_other_way_is_compressed(
    transparent: bool, types: tuple[str, ...], media_type: str
) -> None:
    image = see_through(photo()) if transparent else photo()

    made = kept(image, limit=90_000, types=types)

    assert made.media_type == media_type
    assert made.geometry.canvas == Size(512, 512)
    assert made.notes == (Note.COMPRESSED,)
    assert opened(made.data).mode == ("RGBA" if transparent else "RGB")
    assert mean_difference(opened(made.data), image) < 6 or transparent
    if media_type == "image/jpeg":
        assert jpeg_markers(made.data) <= {0xD8, 0xE0, 0xDB, 0xC0, 0xC4, 0xDA, 0xD9}
        assert b"Ann" not in made.data
    else:
        assert set(webp_chunks(made.data)) <= {b"VP8X", b"ALPH", b"VP8 ", b"VP8L"}


def test_the_best_quality_that_fits_is_taken() -> None:
    image = photo()

    roomy, tight = kept(image, limit=150_000), kept(image, limit=60_000)

    assert mean_difference(opened(roomy.data), image) < mean_difference(opened(tight.data), image)


@pytest.mark.parametrize("types", [(), ("image/jpeg",)])
def test_transparency_without_a_type_for_it_has_fewer_shades_or_a_smaller_side(
    types: tuple[str, ...],
) -> None:
    made = kept(see_through(photo()), limit=90_000, types=types)

    assert made.media_type == "image/png"
    assert Note.SHRUNK in made.notes
    assert opened(made.data).mode == "RGBA"


def test_noise_that_even_loss_does_not_fit_gets_a_smaller_side() -> None:
    made = kept(noise(600, "RGB"), limit=30_000)

    assert made.geometry.side < 600
    assert {Note.SHRUNK, Note.COMPRESSED} <= set(made.notes)


def test_a_square_without_types_is_a_png_as_ever() -> None:
    made = kept(photo(), limit=90_000, types=())

    assert made.media_type == "image/png"
    assert Note.SHRUNK in made.notes


# --- masks, composites and room around such a picture -----------------------------------------


@pytest.mark.parametrize("limit", [60_000, 8_000_000])
def test_outside_the_mask_every_byte_is_the_members_whatever_was_sent(limit: int) -> None:
    image = photo().resize((510, 340))
    source = saved(image)
    framing = Framing(fit=Fit.KEEP, side=2048, limit=limit, types=BOTH)
    picture = normalise(source, framing, what="picture", budget=BUDGET)
    mask = mask_png(select_regions([REGIONS["left"]], picture.geometry), picture.geometry)
    answer = saved(Image.new("RGB", (768, 512), (255, 0, 255)))

    done = finish(
        Made(answer=answer, canvas=picture.data, mask=mask, source=source),
        picture.geometry,
        limit=10_000_000,
        budget=BUDGET,
    )

    result = opened(done.data).convert("RGB")
    assert result.size == image.size
    right = (170 + 8, 0, 510, 340)
    assert result.crop(right).tobytes() == image.crop(right).tobytes()
    assert result.getpixel((20, 20)) == (255, 0, 255)


@pytest.mark.parametrize(("fit", "canvas"), [(Fit.PAD, (256, 256)), (Fit.KEEP, (256, 128))])
def test_room_around_a_picture_keeps_the_new_shape_where_that_is_wished(
    fit: Fit, canvas: tuple[int, int]
) -> None:
    framing = Framing(side=256, fit=fit, limit=40_000, types=BOTH)

    made = outpaint(
        saved(noise(200, "RGB")), Margins(left=1.0), framing, what="picture", budget=BUDGET
    )

    assert opened(made.picture.data).size == opened(made.mask).size == canvas
    assert made.picture.media_type == "image/webp"
    assert len(made.picture.data) < 40_000


def test_margins_of_nothing_are_refused_in_any_shape() -> None:
    framing = Framing(side=64, fit=Fit.KEEP)

    with pytest.raises(MaskSelectsNothing):
        outpaint(saved(photo()), Margins(), framing, what="picture", budget=BUDGET)


# --- through the workers ----------------------------------------------------------------------


async def test_the_largest_pictures_pass_through_the_workers() -> None:
    image = noise(2048, "RGB", seed=3)
    framing = Framing(fit=Fit.KEEP, side=2048, limit=8_000_000, types=BOTH)
    speckled = Image.effect_noise((2048, 2048), 200)

    async with open_imaging(workers=1) as imaging:
        picture = await imaging.frame(saved(image), framing)
        named = await imaging.mask(Named("top left"), picture)
        drawn = await imaging.mask(Uploaded(saved(speckled)), picture)
        done = await imaging.finish(picture.data, limit=10_000_000, picture=picture, mask=named)
        room = await imaging.outpaint(
            saved(photo()), Margins(right=0.5), side=1536, fit=Fit.KEEP, types=BOTH
        )

        assert picture.media_type == "image/jpeg"
        for mask in (named, drawn):
            assert opened(mask).size == (2048, 2048)
            assert len(mask) < SQUARE_BYTES
        assert done.size == Size(2048, 2048)
        assert room.picture.geometry.canvas == Size(768, 512)
        assert imaging.health().killed == 0
