"""Scaling in vector instructions: what Pillow makes but for rounding, of every mode and part."""

import platform
import sys

import pytest
from PIL import Image, ImageChops

from bot.domain.pictures import Fit, Size
from bot.imaging import resample
from bot.imaging.normalise import normalise, scaled
from bot.imaging.resample import Edges
from bot.imaging.values import Framing
from tests.imaging.pictures import BUDGET, mean_difference, opened, photo, saved

WHOLE = (0.0, 0.0, 512.0, 512.0)


def without_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resample, "_vectors", None)


def see_through(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    image.putalpha(Image.radial_gradient("L").resize(image.size))
    return image


def premultiplied(image: Image.Image) -> Image.Image:
    return Image.merge("RGB", image.convert("RGBa").split()[:3])


def test_vector_instructions_are_used_where_there_is_a_wheel() -> None:
    with_wheel = sys.platform == "linux" and platform.machine() == "x86_64"

    assert (vars(resample)["_vectors"] is not None) == with_wheel


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "RGBA"])
@pytest.mark.parametrize(
    ("box", "size"),
    [
        (WHOLE, Size(200, 131)),
        ((10.25, 0.0, 400.5, 333.3), Size(96, 97)),
        ((0.0, 100.0, 512.0, 512.0), Size(900, 700)),
        ((511.0, 511.0, 512.0, 512.0), Size(3, 2)),
        ((0.1, 0.7, 512.0, 512.0), Size(300, 290)),
    ],
)
def test_pillow_would_make_the_same(
    mode: str, box: Edges, size: Size, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = see_through(photo()) if mode == "RGBA" else photo().convert(mode)
    by_vectors = resample.lanczos(image, box, size)

    without_vectors(monkeypatch)
    by_pillow = resample.lanczos(image, box, size)

    assert (by_vectors.mode, by_vectors.size) == (by_pillow.mode, by_pillow.size)
    if mode == "RGBA":
        assert mean_difference(by_vectors.getchannel("A"), by_pillow.getchannel("A")) < 0.5
        by_vectors, by_pillow = premultiplied(by_vectors), premultiplied(by_pillow)
    assert mean_difference(by_vectors, by_pillow) < 0.5


@pytest.mark.parametrize("share", [0.1, 0.3, 0.7, 1 / 3, 0.9999999])
def test_a_part_may_end_exactly_at_the_edge(share: float) -> None:
    image = Image.new("L", (333, 999), 80)
    box = (333 * share, 999 * share, 333.0, 999.0 * (1 + 1e-16))

    assert resample.lanczos(image, box, Size(7, 7)).getextrema() == (80, 80)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize(
    ("box", "size"),
    [
        (WHOLE, Size(200, 131)),
        (WHOLE, Size(7, 3)),
        ((10.25, 3.5, 400.5, 333.3), Size(96, 300)),
        ((100.0, 400.0, 180.0, 512.0), Size(300, 200)),
    ],
)
def test_strip_by_strip_is_the_same(
    mode: str, box: Edges, size: Size, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = see_through(photo()) if mode == "RGBA" else photo().convert(mode)
    at_once = resample.lanczos(image, box, size)

    monkeypatch.setattr(resample, "_LARGE", 1)
    monkeypatch.setattr(resample, "_STRIP", 20_000)

    in_strips = resample.lanczos(image, box, size)
    if mode == "RGBA":
        assert mean_difference(in_strips.getchannel("A"), at_once.getchannel("A")) < 0.01
        in_strips, at_once = premultiplied(in_strips), premultiplied(at_once)
    assert in_strips.size == at_once.size
    apart = ImageChops.difference(in_strips.convert("L"), at_once.convert("L"))
    assert apart.getextrema() in {(0, 0), (0, 1)}


def test_where_memory_is_short_pillow_scales(monkeypatch: pytest.MonkeyPatch) -> None:
    def aborting(*_: object) -> None:
        pytest.fail("it would have ended the process")

    monkeypatch.setattr(resample, "_SPARE_BYTES", 1 << 60)
    monkeypatch.setattr(resample, "_by_vectors", aborting)

    assert resample.lanczos(photo(), WHOLE, Size(9, 9)).size == (9, 9)


def test_what_was_not_asked_for_is_left_as_it_is() -> None:
    image = photo()

    assert scaled(image, None, Size(512, 512)) is image
    assert scaled(image, (0.0, 0.0, 512.0, 512.0), Size(512, 512)) is image


@pytest.mark.parametrize("fit", list(Fit))
def test_without_them_the_same_is_made(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(see_through(photo("coffee.png")), "PNG")
    framing = Framing(side=200, fit=fit)
    with_them = normalise(data, framing, what="picture", budget=BUDGET)

    without_vectors(monkeypatch)
    without = normalise(data, framing, what="picture", budget=BUDGET)

    assert (with_them.geometry, with_them.notes) == (without.geometry, without.notes)
    one, other = (premultiplied(opened(made.data)) for made in (with_them, without))
    assert mean_difference(one, other) < 0.5
