import random
from io import BytesIO

import pytest
from PIL import Image, ImageDraw

from bot.domain.errors import (
    DamagedPicture,
    EmptyPicture,
    NotAPicture,
    PictureError,
    PictureTooHeavy,
    PictureTooLarge,
)
from bot.domain.pictures import Box, Fit, Note, Size
from bot.imaging.normalise import normalise
from bot.imaging.values import SQUARE_BYTES, Framing, Normalised
from tests.imaging.pictures import (
    ARTIST,
    BUDGET,
    chunk_names,
    mean_difference,
    near,
    noise,
    opened,
    photo,
    photograph,
    pixel,
    profile_bytes,
    quarters,
    saved,
    shows_quarters,
    turned,
)


def square(
    data: bytes, *, side: int = 256, fit: Fit = Fit.STRETCH, limit: int = SQUARE_BYTES
) -> Normalised:
    framing = Framing(side=side, fit=fit, limit=limit)
    made = normalise(data, framing, what="picture", budget=BUDGET)
    image = opened(made.data)
    assert image.format == "PNG"
    assert image.mode == "RGBA"
    assert image.size == (made.geometry.canvas.width, made.geometry.canvas.height)
    assert len(made.data) < limit
    assert chunk_names(made.data) == {b"IHDR", b"IDAT", b"IEND"}
    return made


@pytest.mark.parametrize("fit", list(Fit))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_ends_upright(orientation: int, kind: str, fit: Fit) -> None:
    made = square(turned(quarters(300, 200), orientation, kind, quality=95), fit=fit)

    inside = opened(made.data).crop(_edges(made.geometry.place))
    assert shows_quarters(inside)
    assert made.geometry.source == Size(300, 200)
    assert made.geometry.orientation == orientation
    assert (Note.TURNED in made.notes) == (orientation != 1)


def _edges(box: Box) -> tuple[int, int, int, int]:
    return box.left, box.top, box.right, box.bottom


def test_tiff_orientation_is_applied_once() -> None:
    assert shows_quarters(opened(square(turned(quarters(90, 60), 6, "TIFF")).data))


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0garbage", b"", b"MM\0*" + b"\xff" * 400, b"Exif\0\0II*\0"]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_broken_exif_never_fails_a_picture(kind: str, exif: bytes) -> None:
    made = square(saved(quarters(64, 64), kind, exif=exif))

    assert shows_quarters(opened(made.data))


@pytest.mark.parametrize("value", [0, 9, 65_535])
def test_nonsense_orientations_are_left_out(value: int) -> None:
    assert square(turned(quarters(64, 64), value, "JPEG")).geometry.orientation == 1


def _grey_ramp(mode: str) -> Image.Image:
    """Black to white from left to right, in *mode*."""
    ramp = Image.linear_gradient("L").transpose(Image.Transpose.ROTATE_90)
    if mode == "I;16":
        return ramp.convert("I").point(lambda value: value * 257).convert("I;16")
    if mode == "F":
        return ramp.convert("F").point(lambda value: value * (1 / 255) + 0)
    if mode == "LAB":
        zero = Image.new("L", ramp.size, 128)
        return Image.merge("LAB", (ramp, zero, zero))
    return ramp.convert(mode)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"),
        ("L", "PNG"),
        ("LA", "PNG"),
        ("P", "PNG"),
        ("P", "GIF"),
        ("RGBA", "PNG"),
        ("I;16", "PNG"),
        ("I;16", "TIFF"),
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
        ("CMYK", "TIFF"),
        ("YCbCr", "TIFF"),
        ("LAB", "TIFF"),
        ("I", "TIFF"),
        ("F", "TIFF"),
        ("1", "TIFF"),
        ("1", "BMP"),
        ("P", "BMP"),
        ("L", "WEBP"),
        ("RGB", "AVIF"),
    ],
)
def test_every_mode_keeps_its_greys(mode: str, kind: str) -> None:
    image = opened(square(saved(_grey_ramp(mode), kind)).data)

    for x in (0.05, 0.5, 0.95):
        if mode != "1":
            assert near(pixel(image, x, 0.5), (int(255 * x),) * 3, within=12)


@pytest.mark.parametrize("top", [200, 3000, 100_000])
def test_whole_numbers_without_a_range_are_not_clipped(top: int) -> None:
    ramp = Image.linear_gradient("L").convert("I").point(lambda value: value * (top / 255) + 0)
    image = opened(square(saved(ramp, "TIFF")).data)

    assert pixel(image, 0.5, 0.1) < pixel(image, 0.5, 0.5)
    if top == 100_000:
        assert near(pixel(image, 0.5, 0.99), (255,) * 3)


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -4.0])
def test_numbers_that_are_none_do_not_fail(odd: float) -> None:
    ramp = Image.linear_gradient("L").convert("F")
    ramp.putpixel((3, 3), odd)

    square(saved(ramp, "TIFF"))


def test_deep_pictures_say_what_was_lost() -> None:
    assert Note.DEPTH in square(saved(_grey_ramp("I;16"), "PNG")).notes


def test_adobe_inverted_cmyk_is_not_a_negative() -> None:
    data = saved(quarters(64, 64).convert("CMYK"), "JPEG", quality=95)
    assert b"Adobe" in data

    assert near(pixel(opened(square(data).data), 0.75, 0.75), (255, 255, 255))


@pytest.mark.parametrize(("mode", "clear"), [("P", 0), ("L", 255), ("RGB", (255, 0, 0))])
def test_a_transparent_colour_becomes_alpha(mode: str, clear: int | tuple[int, ...]) -> None:
    image = quarters(64, 64).convert(mode) if mode != "L" else Image.new("L", (64, 64), 255)
    if mode == "P":
        image = quarters(64, 64).quantize(4)
        index = image.getpixel((2, 2))
        assert isinstance(index, int)
        clear = index
    made = opened(square(saved(image, "PNG", transparency=clear)).data)

    assert made.getpixel((20, 20)) == (0, 0, 0, 0)


def test_colour_hidden_under_full_transparency_is_cleared() -> None:
    hidden = photo().resize((64, 64)).convert("RGBA")
    hidden.putalpha(0)
    hidden.paste((9, 9, 9, 255), (0, 0, 8, 8))

    made = opened(square(saved(hidden)).data)

    assert made.getpixel((200, 200)) == (0, 0, 0, 0)


def test_edges_do_not_take_the_colour_of_what_is_transparent() -> None:
    image = Image.new("RGBA", (64, 64), (255, 0, 255, 0))
    ImageDraw.Draw(image).ellipse((16, 16, 48, 48), fill=(0, 200, 0, 255))

    made = opened(square(saved(image), side=1024).data)

    for seen in (made.getpixel((x, 512)) for x in range(1024)):
        assert isinstance(seen, tuple)
        if seen[3] > 40:
            assert seen[0] < 60
            assert seen[2] < 60


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_the_first_frame_stands_for_an_animation(kind: str) -> None:
    frames = [quarters(64, 64), Image.new("RGB", (64, 64)), Image.new("RGB", (64, 64), "red")]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=40)

    made = square(data)

    assert shows_quarters(opened(made.data))
    assert Note.FIRST_FRAME in made.notes


def test_the_first_picture_of_an_mpo_is_taken() -> None:
    data = saved(
        quarters(640, 640), "MPO", save_all=True, append_images=[Image.new("RGB", (64, 64))]
    )

    assert shows_quarters(opened(square(data, side=64).data))


@pytest.mark.parametrize("size", [(3000, 2000), (3001, 2001), (3007, 1999), (4097, 4095)])
def test_a_large_jpeg_is_close_to_its_full_decode(size: tuple[int, int]) -> None:
    large = photo("gravel.png").resize(size, Image.Resampling.LANCZOS)
    data = saved(large, "JPEG", quality=92)

    made = opened(square(data, side=512).data)

    expected = opened(data).convert("RGB").resize((512, 512), Image.Resampling.LANCZOS)
    assert mean_difference(made, expected) < 0.6


@pytest.mark.parametrize("size", [(3000, 1000), (1000, 3000)])
def test_drafts_keep_the_governing_side(size: tuple[int, int]) -> None:
    data = saved(quarters(*size), "JPEG", quality=95)

    made = square(data, side=500, fit=Fit.CROP)

    assert shows_quarters(opened(made.data))


def test_display_p3_becomes_srgb() -> None:
    plain = square(photograph("rocket.jpg").read_bytes())

    assert Note.COLOURS in plain.notes


@pytest.mark.parametrize("profile", [b"garbage", b"\0" * 2_000_000, profile_bytes("LAB")])
def test_bad_profiles_are_left_out(profile: bytes) -> None:
    made = square(saved(quarters(64, 64), "PNG", icc_profile=profile))

    assert Note.COLOURS not in made.notes
    assert shows_quarters(opened(made.data))


def test_a_profile_with_a_good_head_and_a_bad_body_is_left_out() -> None:
    head = bytearray(profile_bytes("sRGB").replace(b"s\0R\0G\0B", b"x\0R\0G\0B"))
    head[200:] = b"\xff" * (len(head) - 200)

    assert shows_quarters(opened(square(saved(quarters(64, 64), icc_profile=bytes(head))).data))


def test_transparent_pictures_are_converted_too() -> None:
    with Image.open(photograph("rocket.jpg")) as rocket:
        profile = rocket.info["icc_profile"]
        image = rocket.convert("RGBA")
    image.putpixel((0, 0), (0, 0, 0, 0))

    assert Note.COLOURS in square(saved(image, icc_profile=profile)).notes


def test_no_metadata_survives() -> None:
    exif = Image.Exif()
    exif[ARTIST] = "Ann Example"
    data = saved(photo(), "JPEG", exif=exif, comment=b"Ann Example", dpi=(300, 300))

    assert b"Ann" not in square(data).data


# --- sizes ------------------------------------------------------------------------------------


def test_small_pictures_are_enlarged_and_say_so() -> None:
    assert Note.ENLARGED in square(saved(quarters(20, 20)), fit=Fit.PAD).notes


def test_a_square_of_the_right_side_is_left_as_it_is() -> None:
    made = square(saved(photo().resize((256, 256))), fit=Fit.PAD)

    assert made.notes == ()
    assert opened(made.data).convert("RGB").tobytes() == photo().resize((256, 256)).tobytes()


@pytest.mark.parametrize(
    ("fit", "note"),
    [(Fit.PAD, Note.PADDED), (Fit.CROP, Note.CROPPED), (Fit.STRETCH, Note.STRETCHED)],
)
def test_fits_say_what_they_did(fit: Fit, note: Note) -> None:
    assert note in square(saved(quarters(300, 200)), fit=fit).notes


def test_padding_is_transparent() -> None:
    image = opened(square(saved(quarters(300, 100)), fit=Fit.PAD).data)

    assert image.getpixel((128, 10)) == (0, 0, 0, 0)
    assert image.getpixel((128, 250)) == (0, 0, 0, 0)


def test_one_pixel_is_a_picture() -> None:
    assert opened(square(saved(Image.new("RGB", (1, 1), "red"))).data).getpixel((99, 99)) == (
        *(255, 0, 0),
        255,
    )


def test_noise_loses_its_finest_shades_before_its_size() -> None:
    made = square(saved(noise(256)), limit=262_000)

    assert made.geometry.side == 256
    assert Note.SHADES in made.notes


def test_what_still_does_not_fit_becomes_smaller() -> None:
    made = square(saved(noise(256)), limit=60_000, fit=Fit.PAD)

    assert made.geometry.side < 256
    assert Note.SHRUNK in made.notes


def test_large_squares_become_smaller_at_once() -> None:
    made = square(saved(noise(1100, "RGB")), side=1100, limit=3_000_000)

    assert made.geometry.side < 1100
    assert Note.SHADES not in made.notes


# --- refusals ---------------------------------------------------------------------------------


def refused(data: bytes, kind: type[PictureError]) -> None:
    with pytest.raises(kind) as caught:
        square(data)
    error = caught.value
    assert error.values["what"] == "picture"
    assert "{" not in error.message.format(**error.values)
    assert error.tip.format(**error.values)


def test_an_empty_file() -> None:
    refused(b"", EmptyPicture)


@pytest.mark.parametrize(
    "data", [b"%!PS-Adobe-3.0 EPSF", b"hello", b"<svg xmlns='x'/>", b"PK\x03\x04"]
)
def test_other_documents(data: bytes) -> None:
    refused(data, NotAPicture)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.03, 0.5, 0.9])
def test_truncated_files_are_damaged(kind: str, share: float) -> None:
    data = saved(photo(), kind)

    refused(data[: int(len(data) * share)], DamagedPicture)


@pytest.mark.parametrize(
    "size", [(30_001, 400), (400, 30_001), (12_000, 9000), (101, 1), (20_000, 20_000)]
)
def test_too_many_pixels_are_refused_before_decoding(size: tuple[int, int]) -> None:
    refused(saved(Image.new("1", size)), PictureTooLarge)


def test_what_takes_too_much_memory_is_refused_before_decoding() -> None:
    refused(saved(Image.new("RGB", (5000, 5000)), "WEBP", method=0), PictureTooLarge)


def test_too_many_scans_are_refused_before_decoding() -> None:
    data = saved(photo(), "JPEG", progressive=True)
    scan = data.rindex(b"\xff\xda")

    refused(data[:scan] + data[scan:-2] * 200 + b"\xff\xd9", PictureTooHeavy)


def test_running_out_of_memory_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError

    data = saved(quarters(8, 8))
    monkeypatch.setattr(Image.Image, "load", exhausted)

    refused(data, PictureTooHeavy)


def test_pillows_own_bomb_check_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60)

    refused(saved(quarters(8, 8)), PictureTooLarge)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF"])
def test_flipped_bits_end_as_a_picture_or_as_one_refusal(kind: str) -> None:
    chance = random.Random(7)  # noqa: S311
    whole = saved(photo().resize((96, 64)), kind)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 12)):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        try:
            made = normalise(bytes(data), Framing(side=64), what="picture", budget=BUDGET)
        except PictureError:
            continue
        assert Image.open(BytesIO(made.data)).size == (64, 64)
