"""Charts, contact sheets and previews: what a person would see."""

import pytest
from PIL import Image, ImageDraw

from bot.domain.errors import DamagedPicture
from bot.domain.pictures import Size
from bot.imaging import sheets
from bot.imaging.charts import WIDTH, draw_chart
from bot.imaging.fonts import font, font_number, length
from bot.imaging.lettering import DARK, LIGHT, Theme, fitting, plain, write
from bot.imaging.pool import open_imaging
from bot.imaging.values import Bar, Chart, Finished, Named, whole_percent
from tests.imaging.pictures import near, noise, opened, photo, pixel, quarters, saved

PLENTY = 10_000_000
WORDS = (
    "Ann",
    "Željko",
    "Ольга",
    "Ελένη",
    "דנה",
    "أمل",
    "🎨 art",
    "李小龙",
    "@everyone",
    "",
    "a" * 300,
)


def bars(*values: float) -> tuple[Bar, ...]:
    return tuple(
        Bar(label=WORDS[number % len(WORDS)], value=value, shown=f"{value:g}")
        for number, value in enumerate(values)
    )


def filled(image: Image.Image, theme: Theme) -> list[int]:
    """How many pixels of each row of bars have the bars' colour, row by row."""
    counts: list[int] = []
    for top in range(82, image.height - 20, 36):
        row = image.crop((0, top + 9, image.width, top + 10)).tobytes()
        pixels = [row[at : at + 3] for at in range(0, len(row), 3)]
        counts.append(pixels.count(bytes(theme.bar)))
    return counts


@pytest.mark.parametrize(("dark", "theme"), [(False, LIGHT), (True, DARK)])
def test_bars_are_as_long_as_their_values(dark: bool, theme: Theme) -> None:
    image = draw_chart(Chart(title="Pictures this week", bars=bars(40, 20, 0), dark=dark))

    most, half, none = filled(image, theme)[:3]
    assert image.width == WIDTH
    assert half == pytest.approx(most / 2, abs=3)
    assert none == 0
    assert image.getpixel((1, 1)) == theme.paper


@pytest.mark.parametrize("values", [(), (0,), (0, 0), (-5, 5), (1e-9, 1e9), tuple(range(30))])
def test_any_values_make_a_chart(values: tuple[float, ...]) -> None:
    image = draw_chart(Chart(title="x" * 500, bars=bars(*values)))

    assert image.width == WIDTH


def test_a_chart_says_what_it_shows() -> None:
    chart = Chart(title="Pictures", bars=bars(3, 2))

    assert chart.alt == "Pictures. Ann: 3; Željko: 2"
    assert len(Chart(title="t" * 2000, bars=()).alt) == 1024


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_everything_can_be_read(theme: Theme) -> None:
    assert contrast(theme.ink, theme.paper) > 7
    assert contrast(theme.bar, theme.paper) > 4.5


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    def light(colour: tuple[int, ...]) -> float:
        parts = [c / 3294 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_is_one_plain_line_that_fits() -> None:
    assert plain("a\nb\t c\u202e\u200bd\x1b[31m") == "a b cd[31m"
    assert plain("🎨 art") == "art"
    assert fitting("short", 18, 500) == "short"
    long = fitting("a long name " * 30, 18, 120)
    assert long.endswith("\N{HORIZONTAL ELLIPSIS}")
    assert length(long, 18) <= 120


@pytest.mark.parametrize("letter", "ÄßçŁőЖΩאعԱსẾ€→✓漢龍简體ひカ한글\uff0c。")
def test_the_fonts_have_wide_coverage(letter: str) -> None:
    number = font_number(letter)

    assert number is not None
    assert drawn(letter, number) not in {drawn("\U0010ffff", number), drawn(" ", number)}
    assert plain(letter) == letter


def drawn(letter: str, number: int) -> bytes:
    image = Image.new("L", (40, 40))
    ImageDraw.Draw(image).text((4, 4), letter, fill=255, font=font(24, number))
    return image.tobytes()


def inked(text: str, anchor: str = "lm") -> tuple[int, int, int, int] | None:
    image = Image.new("RGB", (400, 60))
    draw = ImageDraw.Draw(image)
    x = {"lm": 0, "mm": 200, "rm": 400}[anchor]
    write(draw, (x, 30), text, size=24, width=400, ink=(255, 255, 255), anchor=anchor)
    return image.getbbox()


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ("ไทย", "···"),
        ("नमस्ते ok", "···· ok"),
        ("\U0001d4d0\U0001d4f7\U0001d4f7", "Ann"),
        ("\uff37\uff29", "\uff37\uff29"),
        ("I ❤\ufe0f 1\ufe0f\u20e3", "I ❤ 1"),
        ("👩\u200d🎨 李小龙", "李小龙"),
        ("\U00020000", "·"),
        ("a\U000e0041b", "ab"),
    ],
)
def test_what_no_font_has_is_never_an_empty_box(said: str, seen: str) -> None:
    assert plain(said) == seen


def test_letters_of_two_fonts_stand_in_one_line_one_after_the_other() -> None:
    left, both = inked("Ann"), inked("Ann漢字Ann")
    assert left
    assert both

    assert both[2] == pytest.approx(length("Ann漢字Ann", 24), abs=2)
    assert both[2] > 2 * left[2] + 40
    assert both[1] >= left[1] - 4
    assert both[3] <= left[3] + 4
    assert inked("漢字", "rm") == pytest.approx((352, both[1], 399, both[3]), abs=3)
    middle = inked("漢字", "mm")
    assert middle
    assert middle[0] + middle[2] == pytest.approx(400, abs=4)


@pytest.mark.parametrize(
    ("share", "percent"), [(0, 0), (0.0001, 1), (0.344, 34), (0.999, 99), (1, 100)]
)
def test_a_share_in_words_hides_nothing(share: float, percent: int) -> None:
    assert whole_percent(share) == percent


def test_a_picture_that_was_not_compared_has_no_share() -> None:
    made = Finished(data=b"", media_type="image/png", extension="png", size=Size(1, 1))

    assert made.percent is None


# --- sheets -----------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 10])
def test_a_sheet_shows_every_picture(count: int) -> None:
    pictures = [Image.new("RGB", (60, 30), (25 * number, 0, 200)) for number in range(count)]

    sheet = sheets.contact_sheet(pictures, ["one", "two"], dark=False)

    seen = {colour for _, colour in sheet.getcolors(1_000_000) or []}
    assert {(25 * number, 0, 200) for number in range(count)} <= seen


def test_transparent_pictures_lie_on_the_sheet() -> None:
    sheet = sheets.contact_sheet([Image.new("RGBA", (9, 9))], [], dark=True)

    assert sheet.getpixel((100, 100)) == DARK.faint


# --- previews ---------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", ["white", "black", "magenta", "grey"])
def test_a_selection_stands_out_on_any_picture(colour: str) -> None:
    picture = Image.new("RGB", (300, 200), colour)
    selected = Image.new("L", (300, 200))
    selected.paste(255, (0, 0, 150, 200))

    shown = sheets.preview(picture, selected, "Easel repaints this part")

    assert shown.size == (300, 234)
    inside = [shown.getpixel((x, 100)) for x in range(20, 130)]
    assert any(not near(_rgb(one), _rgb(picture.getpixel((0, 0))), within=60) for one in inside)
    assert shown.getpixel((250, 100)) == picture.getpixel((0, 0))


def _rgb(value: float | tuple[int, ...] | None) -> tuple[int, ...]:
    assert isinstance(value, tuple)
    return value


def test_a_transparent_picture_is_previewed_on_paper() -> None:
    shown = sheets.preview(Image.new("RGBA", (90, 90)), Image.new("L", (90, 90)), "")

    assert pixel(shown, 0.5, 0.4) == LIGHT.paper


# --- through the workers ----------------------------------------------------------------------


async def test_drawings_come_from_the_workers() -> None:
    async with open_imaging(workers=1) as imaging:
        picture = await imaging.normalise(saved(quarters(300, 200)), side=256)
        mask = await imaging.mask(Named("left half"), picture)

        shown = await imaging.preview(picture, mask, legend="this part", limit=PLENTY)
        chart = await imaging.chart(Chart(title="Pictures", bars=bars(1, 2)), limit=PLENTY)
        sheet = await imaging.sheet(
            [saved(photo()), saved(noise(600), "WEBP")], ["1", "2"], limit=300_000
        )

        assert shown.size == Size(256, 171 + 34)
        assert shown.changed == pytest.approx(0.5, abs=0.01)
        assert shown.percent == 50
        assert chart.size.width == WIDTH
        assert opened(chart.data).format == "PNG"
        assert sheet.media_type == "image/jpeg"
        assert len(sheet.data) <= 300_000


async def test_drawings_have_their_limits() -> None:
    async with open_imaging(workers=1) as imaging:
        with pytest.raises(ValueError, match="31"):
            await imaging.chart(Chart(title="", bars=bars(*range(31))), limit=PLENTY)
        for pictures in ([], [b"x"] * 11):
            with pytest.raises(ValueError, match=str(len(pictures))):
                await imaging.sheet(pictures, [], limit=PLENTY)
        with pytest.raises(DamagedPicture):
            await imaging.sheet([saved(photo())[:5000]], [], limit=PLENTY)
