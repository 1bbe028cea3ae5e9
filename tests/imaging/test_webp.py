"""Still WebP decoded without Pillow's detour: the same pixels, and never a file Pillow refuses."""

import random
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from io import BytesIO

import pytest
from PIL import Image, ImageCms

from bot.domain.errors import PictureError
from bot.domain.pictures import Fit, Note, Size
from bot.imaging import webp
from bot.imaging.normalise import normalise
from bot.imaging.values import Framing
from tests.imaging.pictures import BUDGET, mean_difference, opened, photo, quarters, saved, turned

LOSSY, LOSSLESS = {"quality": 80}, {"lossless": True}


def see_through(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def plainly(data: bytes, parts: int = 1) -> Image.Image | None:
    image = Image.open(BytesIO(data))
    return webp.decoded(data, image.mode, Size(*image.size), parts)


def by_pillow(data: bytes) -> bytes | None:
    """The mode and pixels that Pillow decodes, None where it refuses."""
    try:
        image = Image.open(BytesIO(data))
        return image.mode.encode() + image.tobytes()
    except (OSError, ValueError, EOFError, SyntaxError):
        return None


def by_us(data: bytes) -> bytes | None:
    try:
        image = plainly(data)
    except (OSError, ValueError, EOFError, SyntaxError):  # where Pillow could not open it
        return None
    return image and image.mode.encode() + image.tobytes()


@pytest.mark.parametrize("options", [LOSSY, LOSSLESS], ids=["lossy", "lossless"])
@pytest.mark.parametrize("size", [(256, 192), (257, 191), (1, 1), (3, 200)])
@pytest.mark.parametrize("clear", [False, True], ids=["opaque", "transparent"])
def test_the_pixels_are_pillows(
    options: dict[str, object], size: tuple[int, int], *, clear: bool
) -> None:
    image = photo().resize(size)
    data = saved(see_through(image) if clear else image, "WEBP", **options)

    assert by_us(data) == by_pillow(data) is not None


def test_metadata_does_not_matter() -> None:
    profile = ImageCms.ImageCmsProfile(vars(ImageCms)["createProfile"]("sRGB")).tobytes()
    data = turned(photo(), 6, "WEBP", icc_profile=profile)

    assert by_us(data) == by_pillow(data) is not None


@pytest.mark.parametrize("clear", [False, True], ids=["opaque", "transparent"])
@pytest.mark.parametrize("options", [LOSSY, LOSSLESS], ids=["lossy", "lossless"])
def test_no_damaged_file_passes_that_pillow_refuses(
    options: dict[str, object], *, clear: bool
) -> None:
    image = photo().resize((96, 64))
    whole = saved(see_through(image) if clear else image, "WEBP", **options)
    draw = random.Random(7)  # noqa: S311 - repeatable
    damaged = [whole[:end] for end in range(12, len(whole), max(1, len(whole) // 150))]
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(draw.choice((1, 1, 4))):
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        damaged.append(bytes(data))

    passed = [data for data in damaged if by_us(data) is not None]

    assert passed
    assert len(passed) < len(damaged)
    assert all(by_us(data) == by_pillow(data) for data in passed)


def test_an_animation_is_left_to_pillow() -> None:
    frames = [photo().resize((64, 64)), quarters(64, 64)]
    data = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:])

    assert plainly(data) is None
    made = normalise(data, Framing(side=64), what="picture", budget=BUDGET)
    assert Note.FIRST_FRAME in made.notes


def test_a_head_that_says_another_size_is_left_to_pillow() -> None:
    data = saved(photo().resize((64, 48)), "WEBP")

    assert webp.decoded(data, "RGB", Size(64, 64)) is None
    assert webp.decoded(data, "P", Size(64, 48)) is None
    assert webp.decoded(b"RIFF", "RGB", Size(64, 48)) is None


@pytest.mark.parametrize(
    ("size", "scale", "parts"),
    [
        (Size(4000, 3000), 0.371, 2),
        (Size(4001, 3000), 0.371, 1),
        (Size(6000, 4000), 0.2475, 4),
        (Size(6000, 4002), 0.2475, 3),
        (Size(16_000, 16_000), 0.01, 8),
        (Size(4000, 3000), 1.0, 1),
    ],
)
def test_a_share_is_exact_and_no_smaller_than_wanted(size: Size, scale: float, parts: int) -> None:
    assert webp.share(size, scale) == parts


@pytest.mark.parametrize("options", [LOSSY, LOSSLESS], ids=["lossy", "lossless"])
@pytest.mark.parametrize("parts", [2, 3, 4, 8])
def test_a_share_shows_the_same_at_the_same_place(options: dict[str, object], parts: int) -> None:
    data = saved(photo().resize((960, 720)), "WEBP", **options)

    small = plainly(data, parts)

    assert small is not None
    assert small.size == (960 // parts, 720 // parts)
    assert mean_difference(small, opened(data).convert("RGB").reduce(parts)) < 1.5


@pytest.mark.parametrize("fit", list(Fit))
@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("clear", [False, True], ids=["opaque", "transparent"])
def test_without_the_library_the_same_is_made(
    monkeypatch: pytest.MonkeyPatch, fit: Fit, orientation: int, *, clear: bool
) -> None:
    image = photo().resize((1200, 900))
    data = turned(see_through(image) if clear else image, orientation, "WEBP", quality=90)
    framing = Framing(side=256, fit=fit)
    with_it = normalise(data, framing, what="picture", budget=BUDGET)
    monkeypatch.setattr(webp, "library", lambda: None)

    without = normalise(data, framing, what="picture", budget=BUDGET)

    assert without.geometry == with_it.geometry
    assert without.notes == with_it.notes
    one, other = opened(with_it.data), opened(without.data)
    assert mean_difference(one.convert("RGBA"), other.convert("RGBA")) < 1


def test_a_library_without_the_functions_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    other = find_spec("_ctypes")

    def found(_: str) -> ModuleSpec | None:
        return other

    monkeypatch.setattr(webp, "find_spec", found)
    webp.library.cache_clear()
    try:
        assert webp.library() is None
    finally:
        webp.library.cache_clear()


def test_here_the_library_is_called() -> None:
    assert webp.library() is not None


def test_damage_is_told_as_ever() -> None:
    data = saved(photo(), "WEBP")

    with pytest.raises(PictureError):
        normalise(data[: len(data) // 2], Framing(side=64), what="picture", budget=BUDGET)
