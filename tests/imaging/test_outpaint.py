import pytest
from PIL import Image, ImageChops

from bot.domain.errors import MaskSelectsNothing
from bot.domain.pictures import Margins, Note, Size
from bot.imaging.finish import finish
from bot.imaging.outpaint import outpaint
from bot.imaging.values import Framing, Made, Outpainting
from tests.imaging.pictures import BUDGET, noise, opened, quarters, saved, shows_quarters, turned

PLENTY = 10_000_000
ROUND = Margins(left=0.5, top=0.5, right=0.5, bottom=0.5)


def extended(data: bytes, margins: Margins, *, limit: int = PLENTY) -> Outpainting:
    framing = Framing(side=256, limit=limit)
    return outpaint(data, margins, framing, what="picture", budget=BUDGET)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_picture_lies_in_the_middle_of_its_margins(orientation: int) -> None:
    done = extended(turned(quarters(128, 64), orientation, "PNG"), ROUND)

    image = opened(done.picture.data)
    assert done.picture.geometry.source == Size(256, 128)
    assert shows_quarters(image.crop((64, 96, 192, 160)))
    assert image.getchannel("A").crop((0, 64, 256, 96)).getextrema() == (0, 0)
    assert Note.EXTENDED in done.picture.notes


def test_the_mask_takes_the_margins_and_a_bite_of_the_picture() -> None:
    done = extended(saved(quarters(128, 128)), ROUND)

    selected = ImageChops.invert(opened(done.mask).getchannel("A"))
    expected = Image.new("L", (256, 256), 255)
    expected.paste(0, (68, 68, 188, 188))
    assert selected == expected


def test_a_side_without_a_margin_is_not_bitten() -> None:
    done = extended(saved(quarters(128, 128)), Margins(right=1.0))

    selected = ImageChops.invert(opened(done.mask).getchannel("A"))
    expected = Image.new("L", (256, 256), 0)
    expected.paste(255, (124, 64, 256, 192))
    assert selected == expected


def test_an_answer_comes_back_with_its_margins_and_the_original_in_them() -> None:
    image = quarters(128, 64)
    done = extended(saved(image), ROUND)
    made = Made(
        answer=saved(Image.new("RGB", (256, 256), (9, 9, 9))),
        canvas=done.picture.data,
        mask=done.mask,
    )

    result = finish(made, done.picture.geometry, limit=PLENTY, budget=BUDGET)

    shown = opened(result.data)
    assert result.size == Size(256, 128)
    assert shown.getpixel((5, 5)) == (9, 9, 9)
    inner = (80, 48, 176, 80)
    assert shown.crop(inner).tobytes() == image.crop((16, 16, 112, 48)).tobytes()


def test_no_margins_are_nothing_to_paint() -> None:
    with pytest.raises(MaskSelectsNothing):
        extended(saved(quarters(128, 128)), Margins())


def test_a_sliver_is_painted_over_whole() -> None:
    done = extended(saved(quarters(100, 1)), Margins(top=2.0, bottom=2.0))

    assert opened(done.mask).size == (256, 256)


def test_what_does_not_fit_becomes_smaller() -> None:
    done = extended(saved(noise(256)), Margins(left=0.1), limit=30_000)

    assert len(done.picture.data) < 30_000
    assert done.picture.geometry.side < 256
