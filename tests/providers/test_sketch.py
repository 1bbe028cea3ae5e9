"""The keyless provider: pleasant, labelled, repeatable, small, and honest about what it is."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageFont

from bot.domain.asks import Strength
from bot.domain.errors import ContentRefused, PictureRejected, SetupError
from bot.domain.pictures import Size
from bot.imaging import sketch
from bot.imaging.sketch_label import label, readable, wrapped
from bot.imaging.sketch_scene import BEFORE, BEHIND
from bot.providers import sketch as sketch_provider
from bot.providers.base import (
    ImageProvider,
    InputPicture,
    Operation,
    PictureRequest,
    ProviderSettings,
    SketchOrder,
)
from bot.providers.registry import open_provider
from bot.providers.sketch import STRENGTHS
from tests.providers.conftest import draw
from tests.providers.pictures import difference, mask, opened, png, square

SETTINGS = ProviderSettings(name="sketch")
FOX = SketchOrder(operation="generate", words="a fox in a forest", width=256, height=256)
REQUEST = PictureRequest(
    operation=Operation.GENERATE, model="sketch", prompt="a fox", size=Size(256, 256), seed=1
)


@pytest.fixture
async def provider() -> AsyncGenerator[ImageProvider]:
    async with open_provider(SETTINGS, draw=draw) as opened_provider:
        yield opened_provider


async def test_it_needs_something_to_draw_with() -> None:
    with pytest.raises(SetupError):
        async with open_provider(SETTINGS):
            pass


async def test_it_is_free_and_never_wrong(provider: ImageProvider) -> None:
    price = provider.estimate(REQUEST)
    assert (price.micros, price.known) == (0, True)
    assert all(finding.well for finding in await provider.check())
    assert provider.name == "sketch"


@pytest.mark.parametrize(
    ("quality", "micros"), [("low", 30_000), (None, 60_000), ("high", 120_000)]
)
async def test_it_counts_what_the_operator_wants(quality: str | None, micros: int) -> None:
    settings = replace(SETTINGS, price_micros_unknown=20_000)
    request = replace(REQUEST, quality=quality, count=3)
    async with open_provider(settings, draw=draw) as provider:
        answer = await provider.make(request)

        assert answer.price == provider.estimate(request)
        assert (answer.price.micros, answer.price.known) == (micros, True)


async def test_the_documented_word_is_refused(provider: ImageProvider) -> None:
    with pytest.raises(ContentRefused) as caught:
        await provider.make(replace(REQUEST, prompt="something Forbidden"))
    assert caught.value.stage == "input"


@pytest.mark.parametrize("images", [[], [b""], [b"GIF89a"], [square()[:400]]])
async def test_what_cannot_be_read_is_rejected(
    provider: ImageProvider, images: list[bytes]
) -> None:
    given = tuple(InputPicture(image) for image in images)
    with pytest.raises(PictureRejected):
        await provider.make(replace(REQUEST, operation=Operation.VARY, images=given))


async def test_the_same_order_gives_the_same_picture(provider: ImageProvider) -> None:
    once = await provider.make(replace(REQUEST, count=2))
    again = await provider.make(replace(REQUEST, count=2))
    assert [p.data for p in once.pictures] == [p.data for p in again.pictures]
    assert once.pictures[0].data != once.pictures[1].data
    other = await provider.make(replace(REQUEST, seed=2))
    assert other.pictures[0].data != once.pictures[0].data


async def test_asking_again_gives_another_picture(
    provider: ImageProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = replace(REQUEST, seed=None, quality="low")
    first, second = await provider.make(request), await provider.make(request)
    assert first.pictures[0].data != second.pictures[0].data
    async with open_provider(SETTINGS, draw=draw) as another:
        assert (await another.make(request)).pictures == first.pictures

    monkeypatch.setattr(sketch_provider, "MOST_REMEMBERED", 1)
    await provider.make(replace(request, prompt="a hare"))
    assert (await provider.make(request)).pictures == first.pictures


async def test_quality_can_be_seen(provider: ImageProvider) -> None:
    drawn = {
        (await provider.make(replace(REQUEST, quality=quality))).pictures[0].data
        for quality in ("low", "medium", "high", "unknown")
    }
    assert len(drawn) == 3


WORDS = sorted({word for table in (BEFORE, BEHIND) for words, _ in table for word in words})


@pytest.mark.parametrize("words", [*WORDS, "sea at night", "red", "sunset", ""])
def test_every_word_draws_something_else(words: str) -> None:
    plain = sketch.draw(replace(FOX, words="x"))
    data = sketch.draw(replace(FOX, words=words))
    assert opened(data).size == (256, 256)
    assert difference(data, plain) > 1


@pytest.mark.parametrize("size", [(1024, 1024), (1536, 1024), (1024, 1536), (64, 64), (1, 1)])
@pytest.mark.parametrize("transparent", [False, True])
def test_every_size_is_small_enough(size: tuple[int, int], *, transparent: bool) -> None:
    order = replace(FOX, width=size[0], height=size[1], detail=2, transparent=transparent)
    data = sketch.draw(replace(order, words="city rain mountains cat flowers snow balloon " * 9))
    assert len(data) <= sketch.MAX_BYTES
    assert opened(data).size == size


def noise(side: int = 1024) -> bytes:
    return png(Image.effect_noise((side, side), 90).convert("RGBA"))


def test_the_noisiest_picture_becomes_small_enough() -> None:
    order = replace(FOX, operation="edit", width=1024, height=1024, image=noise(), mask=mask(1024))
    data = sketch.draw(order)
    assert len(data) <= sketch.MAX_BYTES
    assert opened(data).width == opened(data).height


def test_an_edit_leaves_every_other_pixel_alone() -> None:
    order = replace(FOX, operation="edit", image=square(), mask=mask())
    before, after = opened(square()), opened(sketch.draw(order))
    hole = opened(mask()).getchannel("A")
    outside = Image.new("RGBA", before.size)
    assert (
        Image.composite(before, outside, hole).tobytes()
        == Image.composite(after, outside, hole).tobytes()
    )
    assert before.tobytes() != after.tobytes()


def test_a_mask_without_a_hole_changes_nothing() -> None:
    closed = png(Image.new("RGBA", (256, 256), (0, 0, 0, 255)))
    data = sketch.draw(replace(FOX, operation="edit", image=square(), mask=closed))
    assert opened(data).tobytes() == opened(square()).tobytes()


def test_a_hole_of_one_pixel_is_filled() -> None:
    small = Image.new("RGBA", (256, 256), (0, 0, 0, 255))
    small.putpixel((3, 4), (255, 255, 255, 0))
    data = sketch.draw(replace(FOX, operation="edit", image=square(), mask=png(small)))
    changed = [
        position
        for position in ((3, 4), (4, 4))
        if opened(data).getpixel(position) != opened(square()).getpixel(position)
    ]
    assert changed == [(3, 4)]


def test_other_shapes_are_cut_to_the_order() -> None:
    data = sketch.draw(replace(FOX, operation="edit", width=384, height=256, image=square()))
    assert opened(data).size == (384, 256)


def test_a_variation_goes_as_far_as_asked() -> None:
    order = replace(FOX, operation="vary", words="", image=square())
    far = [
        difference(sketch.draw(replace(order, strength=STRENGTHS[strength])), square())
        for strength in (Strength.SUBTLE, Strength.MEDIUM, Strength.STRONG)
    ]
    assert 1 < far[0] < far[1] < far[2]


def test_variations_of_plain_and_see_through_pictures_differ_too() -> None:
    white = png(Image.new("RGBA", (256, 256), (255, 255, 255, 255)))
    order = replace(FOX, operation="vary", image=white)
    assert difference(sketch.draw(order), white) > 1
    ghost = Image.new("RGBA", (256, 256), (200, 20, 20, 255))
    ghost.paste((0, 0, 0, 0), (0, 0, 128, 128))
    data = sketch.draw(replace(order, image=png(ghost)))
    assert opened(data).getchannel("A").getpixel((40, 40)) == 0


# --- what goes with the words ---------------------------------------------------------------------

RED = png(Image.new("RGBA", (300, 200), (230, 10, 10, 255)))


class Seen:
    """A watch that keeps what it sees."""

    def __init__(self) -> None:
        self.partials: list[bytes] = []

    async def waiting(self, seconds: float) -> None:
        raise AssertionError(seconds)

    async def partial(self, picture: bytes) -> None:
        self.partials.append(picture)


async def test_a_picture_is_seen_to_sharpen(provider: ImageProvider) -> None:
    seen = Seen()
    answer = await provider.make(replace(REQUEST, previews=2), seen)
    finished = answer.pictures[0].data
    first, second = seen.partials
    assert opened(first).size == opened(finished).size
    assert difference(first, finished) > difference(second, finished) > 0
    assert answer.price.micros == 0
    plain = await provider.make(REQUEST, seen)
    assert plain.pictures[0].data == finished
    await provider.make(replace(REQUEST, previews=2, count=2), seen)
    assert len(seen.partials) == 2


def test_references_are_shown_small() -> None:
    plain, shown = sketch.draw(FOX), sketch.draw(replace(FOX, references=(RED, RED)))
    assert opened(shown).getpixel((30, 30)) == (230, 10, 10, 255)
    assert opened(shown).getpixel((83, 30)) == (230, 10, 10, 255)
    foot = (0, 128, 256, 256)
    assert opened(shown).crop(foot).tobytes() == opened(plain).crop(foot).tobytes()
    many = sketch.draw(replace(FOX, references=(RED,) * 9))
    assert opened(many).size == (256, 256)
    tiny = replace(FOX, width=40, height=40)
    assert sketch.draw(replace(tiny, references=(RED,))) == sketch.draw(tiny)


async def test_words_may_come_with_pictures(provider: ImageProvider) -> None:
    with_red = replace(REQUEST, images=(InputPicture(RED),))
    plain, red = await provider.make(REQUEST), await provider.make(with_red)
    assert plain.pictures != red.pictures
    edit = replace(REQUEST, operation=Operation.EDIT, images=(InputPicture(square()),))
    both = replace(edit, images=(*edit.images, InputPicture(RED)))
    assert (await provider.make(edit)).pictures != (await provider.make(both)).pictures


def test_a_drawing_lies_over_the_edit() -> None:
    marks = Image.new("RGBA", (256, 256))
    marks.paste((255, 0, 255, 255), (100, 100, 140, 140))
    order = replace(FOX, operation="edit", image=square())
    plain, drawn = sketch.draw(order), sketch.draw(replace(order, markup=png(marks)))
    assert opened(drawn).getpixel((120, 120)) == (255, 0, 255, 255)
    assert opened(drawn).getpixel((60, 120)) == opened(plain).getpixel((60, 120))


@pytest.mark.parametrize("size", [(3840, 1280), (1280, 3840), (3840, 2160), (816, 816)])
def test_free_sizes_are_small_enough_too(size: tuple[int, int]) -> None:
    assert len(sketch.draw(replace(FOX, width=size[0], height=size[1]))) <= sketch.MAX_BYTES


@pytest.mark.parametrize("size", [(512, 1536), (1536, 512), (110, 700)])
def test_a_narrow_picture_has_a_label_that_can_be_read(size: tuple[int, int]) -> None:
    plain = Image.new("RGBA", size, (90, 120, 150, 255))
    changed = ImageChops.difference(label(plain, "a fox"), label(plain, "")).getbbox(
        alpha_only=False
    )
    assert changed is not None
    assert changed[3] - changed[1] >= max(size) / 44


# --- the label ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("a fox", "a fox"),
        ("  a\n\tfox ", "a fox"),
        ("Schloß über dem Fluß", "Schloss uber dem Fluss"),
        ("Łódź — «naïve»", 'Lodz - "naive"'),
        ("кот и Луна", "kot i Luna"),
        ("объект Щука", "obekt Shchuka"),
        ("ΨΩ γάτα", "po gata"),
        ("さくら", "sakura"),
        ("漢字", "(words in another script)"),
        ("漢字の海 at noon", "no at noon"),
        ("🦊", "(words in another script)"),
        ("a 🦊 here", "a here"),
        ("", ""),
        ("x" * 400, "x" * 159 + "…"),
    ],
)
def test_words_are_shown_in_letters_that_the_font_has(words: str, shown: str) -> None:
    assert readable(words) == shown


@given(st.text(max_size=60))
@settings(max_examples=300)
def test_no_words_show_a_box(words: str) -> None:
    allowed = set(map(chr, range(32, 127))) | set("\u2018\u2019\u201c\u201d\u2026")
    assert set(readable(words)) <= allowed


def test_lines_are_few_and_fit() -> None:
    pen = ImageDraw.Draw(Image.new("RGBA", (300, 300)))
    font = ImageFont.load_default(12)
    lines = wrapped("word " * 200, pen, font, 200)
    assert len(lines) == 3
    assert all(pen.textlength(line, font) <= 200 for line in lines)
    assert lines[-1].endswith("…")
    assert wrapped("x" * 500, pen, font, 200)[0].endswith("…")
    assert wrapped("", pen, font, 200) == []


def test_the_mark_is_there_and_the_words_too() -> None:
    plain = Image.new("RGBA", (512, 512), (90, 120, 150, 255))
    marked, labelled = label(plain, ""), label(plain, "a fox")
    corner, foot = (380, 0, 512, 60), (0, 430, 512, 512)
    assert marked.crop(corner).tobytes() != plain.crop(corner).tobytes()
    assert marked.crop(foot).tobytes() == plain.crop(foot).tobytes()
    assert labelled.crop(foot).tobytes() != plain.crop(foot).tobytes()
