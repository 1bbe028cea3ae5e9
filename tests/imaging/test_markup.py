"""Drawings that guide an edit, and what is none."""

import pytest
from PIL import Image

from bot.domain.errors import DamagedPicture, EmptyPicture, MarkupCoversAll, MarkupEmpty
from bot.domain.pictures import Fit, Size
from bot.imaging.geometry import fitted
from bot.imaging.markup import markup_png
from bot.imaging.normalise import normalise
from bot.imaging.pool import open_imaging
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

RED = (255, 0, 0, 255)


def square(data: bytes, *, side: int = 256, fit: Fit = Fit.PAD) -> Normalised:
    return normalise(data, Framing(side=side, fit=fit), what="picture", budget=BUDGET)


def marked(drawing: bytes, picture: Normalised) -> Image.Image:
    png = markup_png(drawing, picture.data, picture.geometry, budget=BUDGET)
    assert chunk_names(png) == {b"IHDR", b"IDAT", b"IEND"}
    image = opened(png)
    assert image.mode == "RGBA"
    assert image.size == (picture.geometry.canvas.width, picture.geometry.canvas.height)
    return image


def drawn(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    image = Image.new("RGBA", size)
    image.paste(RED, box)
    return image


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("fit", [Fit.PAD, Fit.KEEP])
def test_a_transparent_drawing_lies_where_it_was_drawn(fit: Fit, scale: int) -> None:
    picture = square(saved(quarters(256, 128)), fit=fit)
    box = (32 * scale, 16 * scale, 64 * scale, 48 * scale)

    image = marked(saved(drawn((256 * scale, 128 * scale), box)), picture)

    top = picture.geometry.place.top
    seen = image.getchannel("A").point([0] * 128 + [255] * 128).getbbox()
    assert seen == (32, 16 + top, 64, 48 + top)
    assert image.getpixel((48, 32 + top)) == RED


def test_a_turned_drawing_lies_on_a_turned_picture() -> None:
    picture = square(turned(quarters(256, 128), 6, "JPEG", quality=95))

    image = marked(turned(drawn((256, 128), (0, 0, 64, 128)), 8, "PNG"), picture)

    assert image.getchannel("A").getbbox() == (0, 64, 64, 192)


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("JPEG", {"quality": 95, "subsampling": 0})]
)
def test_of_a_painted_copy_only_the_paint_is_left(kind: str, options: dict[str, object]) -> None:
    image = photo().resize((256, 192))
    picture = square(saved(image))
    copy = image.copy()
    copy.paste(RED, (40, 40, 120, 100))

    made = marked(saved(copy, kind, **options), picture)

    left, top, right, bottom = made.getchannel("A").getbbox() or (0, 0, 0, 0)
    assert abs(left - 40) <= 3
    assert abs(top - 72) <= 3
    assert abs(right - 120) <= 3
    assert abs(bottom - 132) <= 3
    red, green, blue, alpha = (band.getpixel((80, 100)) for band in made.split())
    assert isinstance(red, int | float)
    assert red > 240
    assert (green, blue, alpha) < (20, 20, 256)


@pytest.mark.parametrize("transparent", [False, True])
def test_nothing_drawn_is_refused_in_words(transparent: bool) -> None:
    picture = square(saved(photo()))
    drawing = Image.new("RGBA", (512, 512)) if transparent else photo()

    with pytest.raises(MarkupEmpty) as caught:
        marked(saved(drawing), picture)
    assert caught.value.values == {"what": "drawing"}


def test_what_was_drawn_beside_the_part_that_is_used_shows_nothing() -> None:
    picture = square(saved(quarters(300, 100)), fit=Fit.CROP)

    with pytest.raises(MarkupEmpty):
        marked(saved(drawn((300, 100), (0, 0, 50, 100))), picture)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_drawing_that_hides_the_picture_is_refused_in_words(mode: str) -> None:
    picture = square(saved(quarters(256, 128)))
    other = Image.new(mode, (256, 128), (120, 120, 120, 255)[: len(mode)])
    if mode == "RGBA":
        other = drawn((300, 100), (90, 0, 300, 100))
        picture = square(saved(quarters(300, 100)), fit=Fit.CROP)

    with pytest.raises(MarkupCoversAll):
        marked(saved(other), picture)


def test_a_drawing_of_noise_fits_a_file_all_the_same() -> None:
    geometry = fitted(Size(2048, 2048), 1, side=2048, fit=Fit.KEEP)

    png = markup_png(saved(noise(2048)), b"", geometry, budget=BUDGET)

    assert len(png) < SQUARE_BYTES
    assert opened(png).size == (2048, 2048)


async def test_drawings_come_from_the_workers_and_so_do_refusals() -> None:
    async with open_imaging(workers=1) as imaging:
        picture = await imaging.normalise(saved(quarters(300, 200)), side=256)

        made = await imaging.markup(saved(drawn((300, 200), (0, 0, 99, 99))), picture)

        assert opened(made).size == (256, 256)
        with pytest.raises(MarkupEmpty):
            await imaging.markup(saved(Image.new("RGBA", (30, 20))), picture)
        with pytest.raises(EmptyPicture) as caught:
            await imaging.markup(b"", picture)
        assert caught.value.values == {"what": "drawing"}
        with pytest.raises(DamagedPicture):
            await imaging.markup(saved(photo())[:5000], picture)
        assert imaging.health().killed == 0
