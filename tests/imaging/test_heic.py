"""HEIC with the optional decoder, and without it."""

import struct
import sys
from io import BytesIO

import pillow_heif
import pytest
from PIL import Image

from bot.domain.errors import (
    DamagedPicture,
    HeicPicture,
    PictureError,
    PictureTooHeavy,
    PictureTooLarge,
)
from bot.domain.pictures import Fit, Note
from bot.imaging import process
from bot.imaging.normalise import normalise
from bot.imaging.opening import decoding, load, open_picture
from bot.imaging.pool import open_imaging
from bot.imaging.sniff import Kind, is_animated, sniff
from bot.imaging.values import Framing, Limits, Normalised
from bot.imaging.worker import budget_of
from tests.imaging.hostile_heic import box_of, boxes, heic, patched
from tests.imaging.pictures import (
    ARTIST,
    ORIENTATION,
    chunk_names,
    mean_difference,
    near,
    noise,
    opened,
    photo,
    photograph,
    pixel,
    quarters,
    saved,
    shows_quarters,
    turned,
)

BUDGET = budget_of(Limits())
QUICK = {"quality": 5, "enc_params": {"preset": "ultrafast"}}
P3 = {"color_primaries": 12, "transfer_characteristics": 13, "matrix_coefficients": 6}
_BLOCKED = "import sys; sys.modules['pillow_heif'] = None\n"


def square(data: bytes, side: int = 128) -> Normalised:
    return normalise(data, Framing(side=side, fit=Fit.PAD), what="picture", budget=BUDGET)


def stored(image: Image.Image, **options: object) -> bytes:
    return saved(image, "HEIF", **{"quality": 90, **options})


def head(major: bytes, also: bytes = b"mif1") -> bytes:
    return b"\0\0\0\x18ftyp" + major + b"\0\0\0\0" + also + b"heic"


def deep(mode: str = "RGB;16") -> bytes:
    out, bands = BytesIO(), 4 if "A" in mode else 3
    made = pillow_heif.from_bytes(mode=mode, size=(64, 64), data=bytes(64 * 64 * 2 * bands))
    made.save(out, quality=90)
    return out.getvalue()


# --- what it is -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "brand", ["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "msf1"]
)
def test_every_brand_is_known(brand: str) -> None:
    assert sniff(head(brand.encode())) is Kind.HEIC


def test_avif_inside_stays_avif() -> None:
    assert sniff(head(b"mif1", b"avif")) is Kind.AVIF


def test_only_sequences_are_animated() -> None:
    assert is_animated(head(b"hevc"), Kind.HEIC)
    assert not is_animated(head(b"heic"), Kind.HEIC)


def test_of_several_pictures_the_first_one_named_is_shown() -> None:
    red, green, blue = (Image.new("RGB", (64, 64), name) for name in ("red", "lime", "blue"))
    data = stored(red, save_all=True, append_images=[green, blue], primary_index=1)

    made = square(data)

    assert near(pixel(opened(made.data), 0.5, 0.5), (0, 255, 0))
    assert Note.FIRST_FRAME not in made.notes


def test_a_file_that_is_named_a_sequence_says_that_one_frame_is_shown() -> None:
    frames = [noise(64, "RGB", seed=number) for number in range(3)]
    data = stored(frames[0], save_all=True, append_images=frames[1:])

    assert Note.FIRST_FRAME in square(patched(data, 8, b"hevc")).notes


# --- the right way up -------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_once(orientation: int) -> None:
    source = Image.open(BytesIO(turned(quarters(96, 64), orientation, "PNG")))

    made = square(stored(source))

    assert made.geometry.source.width > made.geometry.source.height
    assert shows_quarters(opened(made.data).crop((0, 21, 128, 107)))
    assert chunk_names(made.data) == {b"IHDR", b"IDAT", b"IEND"}


def turned_twice(orientation: int, says: int) -> bytes:
    """A HEIC that its own properties turn by *orientation*, and whose EXIF says *says*."""
    source = Image.open(BytesIO(turned(quarters(96, 64), orientation, "PNG")))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    data = stored(source, exif=exif.tobytes())
    tag = struct.pack(">HHI", ORIENTATION, 3, 1)
    return patched(data, data.index(tag) + len(tag), struct.pack(">H", says))


@pytest.mark.parametrize(("orientation", "exif"), [(6, 6), (6, 3), (8, 6), (2, 5), (3, 8)])
def test_its_own_turn_holds_whatever_its_exif_says(orientation: int, exif: int) -> None:
    data = turned_twice(orientation, exif)
    assert b"irot" in data or b"imir" in data

    assert shows_quarters(opened(square(data).data).crop((0, 21, 128, 107)))


def test_exif_alone_turns_nothing_as_viewers_do() -> None:
    data = turned_twice(1, 6)
    assert b"irot" not in data
    assert b"imir" not in data

    assert shows_quarters(opened(square(data).data).crop((0, 21, 128, 107)))


# --- the right colours ------------------------------------------------------------------------


def wide() -> tuple[Image.Image, bytes]:
    with Image.open(photograph("rocket.jpg")) as rocket:
        profile: object = rocket.info["icc_profile"]
        assert isinstance(profile, bytes)
        return rocket.convert("RGB").resize((240, 160)), profile


def test_a_profile_becomes_srgb_as_in_a_png() -> None:
    image, profile = wide()
    expected = square(saved(image, icc_profile=profile))
    made = square(stored(image, icc_profile=profile))

    assert Note.COLOURS in made.notes
    assert mean_difference(opened(made.data), opened(expected.data)) < 3


def test_display_p3_by_number_becomes_srgb() -> None:
    made = square(stored(Image.new("RGB", (64, 64), (200, 100, 60)), **P3, full_range_flag=1))

    assert Note.COLOURS in made.notes
    assert near(pixel(opened(made.data), 0.5, 0.5), (216, 95, 47), within=3)


def test_bt2020_by_number_becomes_srgb_and_greys_stay() -> None:
    options = {**P3, "color_primaries": 9, "full_range_flag": 1}
    image = Image.new("RGB", (64, 64), (120, 120, 120))
    image.paste((150, 120, 100), (0, 0, 32, 64))

    made = square(stored(image, **options))

    assert Note.COLOURS in made.notes
    assert near(pixel(opened(made.data), 0.75, 0.5), (120, 120, 120), within=2)
    assert pixel(opened(made.data), 0.2, 0.5)[0] > 155


@pytest.mark.parametrize(
    "options",
    [{}, {**P3, "transfer_characteristics": 16}, {**P3, "color_primaries": 1}],
    ids=["srgb", "hdr", "bt709"],
)
def test_other_numbers_leave_colours_as_they_are(options: dict[str, int]) -> None:
    made = square(stored(quarters(64, 64), **options, full_range_flag=1))

    assert Note.COLOURS not in made.notes
    assert shows_quarters(opened(made.data))


@pytest.mark.parametrize("mode", ["RGB;16", "RGBA;16"])
def test_ten_bits_are_noted(mode: str) -> None:
    assert Note.DEPTH in square(deep(mode)).notes


def test_transparency_stays() -> None:
    image = quarters(64, 64).convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 32, 64))
    made = opened(square(stored(image)).data)

    assert made.getpixel((20, 64)) == (0, 0, 0, 0)
    assert made.getpixel((100, 20)) == pytest.approx((0, 255, 0, 255), abs=6)


# --- privacy ----------------------------------------------------------------------------------


@pytest.mark.parametrize("types", [(), ("image/webp",), ("image/jpeg",)])
def test_what_was_planted_does_not_survive(types: tuple[str, ...]) -> None:
    exif = Image.Exif()
    exif[ARTIST] = "Planted Ann"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 7.0), 29: "2026:11:22"})
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>Planted Ben</x:xmpmeta>"
    data = stored(photo().resize((64, 64)), exif=exif.tobytes(), xmp=xmp)
    assert all(each in data for each in (b"Planted Ann", b"Planted Ben", b"2026:11:22"))

    framing = Framing(side=64, fit=Fit.KEEP, types=types)
    made = normalise(data, framing, what="picture", budget=BUDGET)

    assert not any(
        each in made.data
        for each in (b"Planted", b"2026:11:22", b"Exif", b"xmpmeta", b"iCCP", b"ftyp")
    )


# --- memory and time --------------------------------------------------------------------------


def said_to_be(megapixels: float, data: bytes) -> bytes:
    """Let every size that a HEIC's head declares be a square of so many megapixels."""
    side = round((megapixels * 1_000_000) ** 0.5)
    for each in [one for one in boxes(data) if one.name == b"ispe"]:
        data = patched(data, each.start + 12, struct.pack(">II", side, side))
    return data


@pytest.mark.parametrize(
    ("data", "most"),
    [
        (heic(64), 24.75),
        (heic(64, chroma="444"), 19.05),
        (heic(64, chroma="422"), 19.05),
        (stored(photo().resize((64, 64)).convert("RGBA")), 20.75),
        (stored(photo().resize((64, 64)).convert("RGBA"), chroma="444"), 14.0),
        (deep(), 23.85),
        (deep("RGBA;16"), 14.45),
    ],
    ids=["plain", "444", "422", "alpha", "444 alpha", "10 bits", "10 bits alpha"],
)
def test_too_large_is_refused_before_it_is_decoded(data: bytes, most: float) -> None:
    with pytest.raises(PictureTooLarge):
        load(open_picture(said_to_be(most + 0.3, data), what="picture"), budget=BUDGET)
    with pytest.raises(DamagedPicture):  # it was decoded, and was not what its head said
        load(open_picture(said_to_be(most - 0.3, data), what="picture"), budget=BUDGET)


@pytest.mark.parametrize("options", [{}, {"tile_size": 512}], ids=str)
async def test_twelve_megapixels_pass(options: dict[str, object]) -> None:
    data = stored(photo().resize((4032, 3024)), **QUICK, **options)
    async with open_imaging(workers=1) as imaging:
        await imaging.normalise(data)

        assert imaging.health().killed == 0


async def test_a_head_that_says_less_than_the_pixels_take_ends_in_a_refusal() -> None:
    data = stored(photo().resize((2720, 2040)).convert("RGBA"), **QUICK, chroma="444")
    part = box_of(data, b"hvcC")
    data = patched(data, part.start + 8 + 16, b"\xfd")  # chroma: 4:2:0
    async with open_imaging(workers=1, limits=Limits(memory=100_000_000)) as imaging:
        with pytest.raises(PictureTooHeavy):
            await imaging.normalise(data)

        assert imaging.health().killed == 0
        await imaging.normalise(heic(64))


@pytest.mark.parametrize(
    ("said", "refusal"),
    [("Memory allocation error: Unspecified", PictureTooHeavy), ("no", DamagedPicture)],
)
def test_a_decoder_that_lacks_memory_does_not_call_the_file_damaged(
    said: str, refusal: type[PictureError]
) -> None:
    with pytest.raises(refusal), decoding("picture"):
        raise RuntimeError(said)


# --- without the decoder ----------------------------------------------------------------------


def test_an_installation_without_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    data = heic(32)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)

    with pytest.raises(HeicPicture):
        square(data)


async def test_without_the_decoder_it_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = process.command

    def blocked(limits: Limits) -> list[str]:
        made = begin(limits)
        code = made.index("-c") + 1
        return [*made[:code], _BLOCKED + made[code], *made[code + 1 :]]

    monkeypatch.setattr(process, "command", blocked)
    async with open_imaging(workers=1) as imaging:
        with pytest.raises(HeicPicture, match="HEIC"):
            await imaging.normalise(stored(quarters(32, 32)))
        await imaging.normalise(saved(quarters(32, 32)))

    assert "pillow_heif" in sys.modules  # only the worker lacks it
