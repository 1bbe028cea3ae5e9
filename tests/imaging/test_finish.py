from io import BytesIO

import pytest
from PIL import Image, ImageChops

from bot.domain.errors import NotAPicture
from bot.domain.pictures import REGIONS, Fit, Note, Size
from bot.imaging.finish import (
    GLIMPSE_SIDE,
    MOST_SIDE,
    changed_share,
    composited,
    finish,
    glimpse,
)
from bot.imaging.masks import mask_png, select_regions
from bot.imaging.normalise import normalise
from bot.imaging.values import Finished, Framing, Made, Normalised
from tests.imaging.pictures import (
    ARTIST,
    BUDGET,
    chunk_names,
    jpeg_markers,
    mean_difference,
    noise,
    opened,
    photo,
    quarters,
    saved,
    shows_quarters,
    turned,
    webp_chunks,
)

PLENTY = 10_000_000


def square(image: Image.Image, *, side: int = 256, fit: Fit = Fit.PAD) -> Normalised:
    return normalise(saved(image), Framing(side=side, fit=fit), what="picture", budget=BUDGET)


def done(answer: bytes, picture: Normalised | None = None, *, limit: int = PLENTY) -> Finished:
    geometry = picture.geometry if picture else None
    return finish(Made(answer=answer), geometry, limit=limit, budget=BUDGET)


def laid_over(
    answer: bytes, picture: Normalised, mask: bytes, source: bytes | None = None
) -> Finished:
    made = Made(answer=answer, canvas=picture.data, mask=mask, source=source)
    return finish(made, picture.geometry, limit=PLENTY, budget=BUDGET)


def region_mask(region: str, picture: Normalised) -> bytes:
    selected = select_regions([REGIONS[region]], picture.geometry)
    return mask_png(selected, picture.geometry, all_allowed=True)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "GIF"])
def test_an_answer_is_shown_without_its_metadata(kind: str) -> None:
    exif = Image.Exif()
    exif[ARTIST] = "Ann Example"

    made = done(saved(photo(), kind, exif=exif))

    assert made.media_type == "image/png"
    assert made.extension == "png"
    assert made.size == Size(512, 512)
    assert made.changed is None
    assert chunk_names(made.data) == {b"IHDR", b"IDAT", b"IEND"}


def test_a_lossless_answer_stays_as_it_is() -> None:
    assert opened(done(saved(photo())).data).tobytes() == photo().tobytes()


def test_transparency_is_kept() -> None:
    image = photo().convert("RGBA")
    image.putalpha(90)

    assert opened(done(saved(image)).data).mode == "RGBA"


def test_alpha_that_hides_nothing_is_dropped() -> None:
    assert opened(done(saved(photo().convert("RGBA"))).data).mode == "RGB"


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(NotAPicture):
        done(b"<html>busy</html>")


@pytest.mark.parametrize(
    ("mode", "media_type", "extension"),
    [("RGB", "image/jpeg", "jpg"), ("RGBA", "image/webp", "webp")],
)
def test_what_does_not_fit_is_compressed(mode: str, media_type: str, extension: str) -> None:
    made = done(saved(noise(300, mode)), limit=100_000)

    assert (made.media_type, made.extension) == (media_type, extension)
    assert len(made.data) <= 100_000
    assert Note.COMPRESSED in made.notes


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_everything_fits_in_the_end(mode: str) -> None:
    made = done(saved(noise(700, mode)), limit=16_384)

    assert len(made.data) <= 16_384
    assert Note.SHRUNK in made.notes
    assert opened(made.data).size == (made.size.width, made.size.height)


@pytest.mark.parametrize("answer_side", [256, 512, 384])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(300, 200), (200, 300), (400, 100), (101, 100)])
def test_a_padded_square_comes_back_in_its_own_shape(
    size: tuple[int, int], orientation: int, answer_side: int
) -> None:
    data = turned(quarters(*size), orientation, "PNG")
    picture = normalise(data, Framing(side=256, fit=Fit.PAD), what="picture", budget=BUDGET)
    answer = opened(picture.data).resize((answer_side, answer_side))

    made = done(saved(answer), picture)

    longest = max(size)
    assert abs(made.size.width - size[0] * answer_side / longest) <= answer_side / 256 + 1
    assert abs(made.size.height - size[1] * answer_side / longest) <= answer_side / 256 + 1
    assert max(made.size.width, made.size.height) == answer_side
    assert shows_quarters(opened(made.data))
    assert Note.CROPPED_BACK in made.notes


def test_cropping_back_gives_every_pixel_of_the_picture_and_none_of_the_borders() -> None:
    image = photo("chelsea.png").resize((256, 170), Image.Resampling.LANCZOS)
    picture = square(image)

    made = done(picture.data, picture)

    assert opened(made.data).tobytes() == image.tobytes()


def test_a_crop_comes_back_as_a_square() -> None:
    picture = square(quarters(300, 200), fit=Fit.CROP)

    assert done(picture.data, picture).size == Size(256, 256)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(300, 200), (200, 300)])
def test_a_stretched_picture_comes_back_in_its_own_shape(
    size: tuple[int, int], orientation: int
) -> None:
    framing = Framing(side=256, fit=Fit.STRETCH)
    data = turned(quarters(*size), orientation, "PNG")
    picture = normalise(data, framing, what="picture", budget=BUDGET)

    made = done(picture.data, picture)

    assert made.size == (Size(256, 171) if size[0] > size[1] else Size(171, 256))
    assert shows_quarters(opened(made.data))
    assert Note.STRETCHED_BACK in made.notes


def test_a_kept_shape_comes_back_whole() -> None:
    picture = square(quarters(300, 200), fit=Fit.KEEP)

    made = done(saved(quarters(768, 512)), picture)

    assert made.size == Size(768, 512)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("size", "answered"),
    [
        ((250, 167), (1248, 832)),
        ((250, 167), (640, 432)),
        ((167, 250), (432, 640)),
        ((256, 144), (448, 256)),
        ((300, 100), (768, 256)),
        ((100, 67), (1536, 1024)),
        ((200, 200), (1024, 1008)),
    ],
)
def test_a_kept_shape_comes_back_from_multiples_of_16(
    size: tuple[int, int], answered: tuple[int, int], orientation: int
) -> None:
    data = turned(quarters(*size), orientation, "PNG")
    picture = normalise(data, Framing(side=256, fit=Fit.KEEP), what="picture", budget=BUDGET)

    made = done(saved(quarters(*answered)), picture)

    longest = max(answered)
    assert max(made.size.width, made.size.height) == longest
    assert abs(made.size.width - size[0] * longest / max(size)) <= 1
    assert abs(made.size.height - size[1] * longest / max(size)) <= 1
    assert shows_quarters(opened(made.data))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(300, 200), (200, 300), (400, 100), (101, 100)])
@pytest.mark.parametrize("answered", [(512, 504), (504, 512)])
def test_a_padded_square_comes_back_from_nearly_a_square(
    answered: tuple[int, int], size: tuple[int, int], orientation: int
) -> None:
    data = turned(quarters(*size), orientation, "PNG")
    picture = normalise(data, Framing(side=256), what="picture", budget=BUDGET)
    answer = opened(picture.data).resize(answered)

    made = done(saved(answer), picture)

    assert made.size.width / made.size.height == pytest.approx(size[0] / size[1], rel=0.012)
    assert shows_quarters(opened(made.data))
    assert not opened(made.data).convert("RGBA").getchannel("A").point([255] + [0] * 255).getbbox()


@pytest.mark.parametrize("fit", [Fit.KEEP, Fit.PAD])
def test_outside_the_mask_of_nearly_the_shape_every_byte_is_the_originals(fit: Fit) -> None:
    image = photo().resize((250, 167))
    picture = square(image, fit=fit, side=250)
    mask = region_mask("left", picture)
    answered = (640, 432) if fit is Fit.KEEP else (512, 504)

    made = laid_over(saved(Image.new("RGB", answered, (255, 0, 255))), picture, mask)

    result = opened(made.data)
    assert result.size == image.size
    right = (83 + 3, 0, 250, 167)
    assert result.crop(right).tobytes() == image.crop(right).tobytes()
    assert result.crop((0, 0, 83, 167)).getcolors() == [(83 * 167, (255, 0, 255))]


@pytest.mark.parametrize("answered", [(416, 256), (256, 256), (272, 416)])
def test_beyond_near_a_kept_shape_is_one_of_its_own(answered: tuple[int, int]) -> None:
    picture = square(photo().resize((250, 167)), fit=Fit.KEEP)

    made = done(saved(quarters(*answered)), picture)

    assert made.size == Size(*answered)
    assert made.notes == ()


def test_an_answer_of_another_shape_is_left_whole() -> None:
    picture = square(quarters(300, 200))

    made = done(saved(quarters(192, 128)), picture)

    assert made.size == Size(192, 128)


@pytest.mark.parametrize("answer_side", [256, 512, 128])
@pytest.mark.parametrize("region", ["center", "top left", "right", "bottom half"])
def test_outside_the_mask_and_its_feather_every_byte_is_the_originals(
    region: str, answer_side: int
) -> None:
    image = photo().resize((256, 192))
    picture = square(image)
    mask = region_mask(region, picture)
    answer = saved(Image.new("RGB", (answer_side, answer_side), (255, 0, 255)))

    made = laid_over(answer, picture, mask)

    result = opened(made.data)
    assert result.size == image.size
    chosen = ImageChops.invert(opened(mask).getchannel("A")).crop((0, 32, 256, 224))
    left, top, right, bottom = chosen.getbbox() or (0, 0, 0, 0)
    for x in range(256):
        for y in range(192):
            inside = left <= x < right and top <= y < bottom
            near = left - 2 <= x < right + 2 and top - 2 <= y < bottom + 2
            if inside:
                assert result.getpixel((x, y)) == (255, 0, 255)
            elif not near:
                assert result.getpixel((x, y)) == image.getpixel((x, y))
    assert made.changed is not None
    share = (right - left) * (bottom - top) / (256 * 192)
    assert made.changed == pytest.approx(share, abs=0.03)
    assert Note.COMPOSITED in made.notes


def test_the_edge_fades() -> None:
    original, answer = Image.new("RGB", (64, 64), "black"), Image.new("RGB", (64, 64), "white")
    selected = Image.new("L", (64, 64), 0)
    selected.paste(255, (0, 0, 32, 64))

    row = composited(answer, original, selected, feather=4).convert("L").crop((30, 9, 40, 10))

    levels = list(row.tobytes())
    assert levels == sorted(levels, reverse=True)
    assert levels[:2] == [255, 255]
    assert levels[-3:] == [0, 0, 0]
    assert 0 < levels[3] < 255


def test_transparent_originals_keep_their_bytes_too() -> None:
    original = photo().resize((64, 64)).convert("RGBA")
    original.putalpha(Image.linear_gradient("L").resize((64, 64)))
    selected = Image.new("L", (64, 64), 0)
    selected.paste(255, (20, 20, 40, 40))

    made = composited(Image.new("RGB", (64, 64)), original, selected, feather=2)

    assert made.crop((0, 0, 17, 64)).tobytes() == original.crop((0, 0, 17, 64)).tobytes()


def test_a_changed_pixel_is_one_that_can_be_seen() -> None:
    base = Image.new("RGB", (10, 10), (100, 100, 100))
    other = base.copy()
    other.paste((108, 100, 100), (0, 0, 5, 10))
    other.paste((100, 100, 109), (5, 0, 6, 10))

    assert changed_share(other, base) == pytest.approx(0.1)
    assert mean_difference(base, base) == 0


# --- at the member's own resolution -----------------------------------------------------------


@pytest.mark.parametrize("fit", list(Fit))
@pytest.mark.parametrize("orientation", [1, 3, 6, 7])
def test_the_members_own_pixels_stay_where_they_are_more(orientation: int, fit: Fit) -> None:
    image = photo("retina.jpg").resize((900, 600))
    source = turned(image, orientation, "PNG")
    picture = normalise(source, Framing(side=256, fit=fit), what="picture", budget=BUDGET)
    mask = region_mask("left", picture)

    made = laid_over(saved(Image.new("RGB", picture_size(picture))), picture, mask, source)

    taken = picture.geometry.taken
    own = image.crop((taken.left, taken.top, taken.right, taken.bottom))
    result = opened(made.data).convert("RGB")
    assert result.size == own.size
    right = (own.width // 2, 0, own.width, own.height)
    assert result.crop(right).tobytes() == own.crop(right).tobytes()
    assert fit is Fit.CROP or result.getpixel((10, 10)) == (0, 0, 0)


def picture_size(picture: Normalised) -> tuple[int, int]:
    return picture.geometry.canvas.width, picture.geometry.canvas.height


def test_very_large_files_are_composited_at_a_bounded_size() -> None:
    source = saved(quarters(4000, 2000), "JPEG")
    picture = normalise(source, Framing(side=256), what="picture", budget=BUDGET)

    made = laid_over(picture.data, picture, region_mask("left", picture), source)

    assert made.size == Size(MOST_SIDE, MOST_SIDE // 2)


def test_a_file_that_takes_too_much_at_its_best_is_left_out() -> None:
    source = saved(quarters(1200, 800), "WEBP")
    picture = square(quarters(1200, 800))
    made = Made(
        answer=picture.data,
        canvas=picture.data,
        mask=region_mask("left", picture),
        source=source,
    )

    result = finish(made, picture.geometry, limit=PLENTY, budget=1_000_000)

    assert result.size == picture.geometry.place.size
    assert Note.COMPOSITED in result.notes


def test_a_file_that_is_not_the_pictures_is_left_out() -> None:
    picture = square(quarters(300, 200))

    made = laid_over(picture.data, picture, region_mask("left", picture), saved(quarters(900, 601)))

    assert made.size == picture.geometry.place.size


# --- soft masks -------------------------------------------------------------------------------


def test_a_soft_mask_fades_as_it_says_and_no_farther() -> None:
    image = photo().resize((256, 256))
    picture = square(image)
    hard = select_regions([REGIONS["left"]], picture.geometry)
    mask = mask_png(hard, picture.geometry, feather=20)

    result = opened(laid_over(saved(Image.new("RGB", (256, 256))), picture, mask).data)

    assert result.crop((0, 0, 85, 256)).getcolors() == [(85 * 256, (0, 0, 0))]
    beyond = (85 + 21, 0, 256, 256)
    assert result.crop(beyond).tobytes() == image.crop(beyond).tobytes()
    within = (85 + 2, 0, 85 + 19, 256)
    assert 5 < mean_difference(result.crop(within), image.crop(within)) < 120


# --- pictures in the making -------------------------------------------------------------------


def glimpsed(answer: bytes, picture: Normalised | None = None, *, limit: int = PLENTY) -> Finished:
    made = glimpse(answer, picture.geometry if picture else None, limit=limit, budget=BUDGET)
    assert max(made.size.width, made.size.height) <= GLIMPSE_SIDE
    assert len(made.data) <= limit
    assert opened(made.data).size == (made.size.width, made.size.height)
    return made


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(1536, 1024), (300, 200)])
def test_a_glimpse_is_small_and_never_enlarged(size: tuple[int, int], kind: str) -> None:
    made = glimpsed(saved(quarters(*size), kind))

    assert made.media_type == "image/jpeg"
    assert made.size == Size(min(size[0], 768), min(size[1], 512))
    assert shows_quarters(opened(made.data))
    assert jpeg_markers(made.data) <= {0xD8, 0xE0, 0xDB, 0xC0, 0xC4, 0xDA}


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("answered", [(1024, 1024), (512, 504)])
def test_a_glimpse_is_brought_back(answered: tuple[int, int], orientation: int) -> None:
    data = turned(quarters(300, 200), orientation, "PNG")
    picture = normalise(data, Framing(side=256), what="picture", budget=BUDGET)
    answer = opened(picture.data).convert("RGB").resize(answered)

    made = glimpsed(saved(answer), picture)

    width = min(768, answered[0])
    assert made.size == Size(width, round(width * 2 / 3))
    assert shows_quarters(opened(made.data))
    assert made.media_type == "image/jpeg"


def test_a_transparent_glimpse_stays_so() -> None:
    image = photo().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))

    made = glimpsed(saved(image))

    assert made.media_type == "image/webp"
    assert opened(made.data).mode == "RGBA"


def test_a_glimpse_of_a_shape_of_its_own_is_whole() -> None:
    assert glimpsed(saved(quarters(400, 200)), square(quarters(300, 200))).size == Size(400, 200)


def test_a_glimpse_fits_its_limit() -> None:
    assert Note.COMPRESSED in glimpsed(saved(noise(768, "RGB")), limit=100_000).notes


def test_a_glimpse_of_nothing_is_refused() -> None:
    with pytest.raises(NotAPicture):
        glimpsed(b"event: error")


# --- wanted types -----------------------------------------------------------------------------


def asked_for(wanted: str | None, image: Image.Image, *, limit: int = PLENTY) -> Finished:
    exif = Image.Exif()
    exif[ARTIST] = "Ann Example"
    answer = saved(image, exif=exif, comment=b"by Ann")
    made = finish(Made(answer=answer), None, limit=limit, budget=BUDGET, wanted=wanted)
    assert len(made.data) <= limit
    assert Image.open(BytesIO(made.data)).get_format_mimetype() == made.media_type
    return made


def see_through() -> Image.Image:
    image = photo().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


@pytest.mark.parametrize("wanted", [None, "png", "gif"])
def test_a_still_picture_is_a_png_where_nothing_else_is_wanted(wanted: str | None) -> None:
    made = asked_for(wanted, photo())

    assert (made.media_type, made.notes) == ("image/png", ())
    assert asked_for(wanted, photo(), limit=90_000).media_type == "image/jpeg"


def test_a_wanted_jpeg_is_a_fine_one_without_a_word() -> None:
    made = asked_for("jpeg", photo())

    assert (made.media_type, made.extension, made.notes) == ("image/jpeg", "jpg", ())
    assert mean_difference(opened(made.data), photo()) < 2
    assert jpeg_markers(made.data) <= {0xD8, 0xE0, 0xDB, 0xC0, 0xC4, 0xDA}
    assert asked_for("jpeg", photo(), limit=60_000).notes == (Note.COMPRESSED,)


def test_a_wanted_jpeg_of_a_transparent_picture_stays_transparent_and_says_so() -> None:
    made = asked_for("jpeg", see_through())

    assert (made.media_type, made.extension) == ("image/webp", "webp")
    assert made.notes == (Note.TRANSPARENT,)
    assert opened(made.data).getchannel("A").tobytes() == see_through().getchannel("A").tobytes()


@pytest.mark.parametrize("transparent", [False, True])
def test_a_wanted_webp_is_lossless_where_it_fits(transparent: bool) -> None:
    image = see_through() if transparent else photo()

    made, small = asked_for("webp", image), asked_for("webp", image, limit=60_000)

    assert (made.media_type, made.notes) == ("image/webp", ())
    assert webp_chunks(made.data) == [b"VP8L"]
    assert mean_difference(opened(made.data), image) == 0 or transparent
    assert (small.media_type, small.notes) == ("image/webp", (Note.COMPRESSED,))
    assert set(webp_chunks(small.data)) <= {b"VP8X", b"ALPH", b"VP8 "}
