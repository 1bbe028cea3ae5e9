"""The label of a sketch: what was asked for, and the mark that says what the picture is."""

import unicodedata

from PIL import Image, ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

MARK = "sketch"
MOST_LETTERS = 160
MOST_LINES = 3

_DARK = (18, 20, 28, 205)
_PALE = (250, 248, 240, 255)
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_ALSO = frozenset(
    "\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
    "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{HORIZONTAL ELLIPSIS}"
)
_OTHER_SCRIPT = "(words in another script)"

# Pillow's own font holds ASCII and a few signs: what it lacks is spelled in what it has.
_SPELLED = str.maketrans(
    {
        "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O",
        "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "þ": "th",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i", "¡": "!", "¿": "?",
        "\N{EN DASH}": "-", "\N{EM DASH}": "-", "\N{MINUS SIGN}": "-", "\N{BULLET}": "*",
        "\N{SINGLE LOW-9 QUOTATION MARK}": "'", "\N{DOUBLE LOW-9 QUOTATION MARK}": '"',
        "«": '"', "»": '"', "×": "x",
    }
)  # fmt: skip
# By the letters' names, as Unicode has them.
_CYRILLIC = {
    "A": "a", "BE": "b", "VE": "v", "GHE": "g", "GHE WITH UPTURN": "g", "DE": "d", "IE": "e",
    "IO": "e", "UKRAINIAN IE": "ye", "ZHE": "zh", "ZE": "z", "I": "i", "SHORT I": "i", "YI": "yi",
    "BYELORUSSIAN-UKRAINIAN I": "i", "KA": "k", "EL": "l", "EM": "m", "EN": "n", "O": "o",
    "PE": "p", "ER": "r", "ES": "s", "TE": "t", "U": "u", "EF": "f", "HA": "kh", "TSE": "ts",
    "CHE": "ch", "SHA": "sh", "SHCHA": "shch", "HARD SIGN": "", "YERU": "y", "SOFT SIGN": "",
    "E": "e", "YU": "yu", "YA": "ya",
}  # fmt: skip
_SPELLED_BY_NAME = ("HIRAGANA LETTER ", "KATAKANA LETTER ", "HANGUL SYLLABLE ")


def label(picture: Image.Image, words: str) -> Image.Image:
    """Write *words* on a panel at the foot of *picture*, and the mark in its corner."""
    plate = Image.new("RGBA", picture.size)
    pen = ImageDraw.Draw(plate)
    size = _letters(picture.size)
    font = ImageFont.load_default(size)
    _mark(pen, picture.size, ImageFont.load_default(max(9, round(size * 0.72))))
    lines = wrapped(readable(words), pen, font, picture.width - 4 * size)
    if lines and picture.height > size * 5:
        _panel(pen, picture.size, font, lines)
    return Image.alpha_composite(picture, plate)


def _letters(size: tuple[int, int]) -> int:
    """Return the height of the letters: readable in narrow pictures, yet some fit on a line."""
    short, long = sorted(size)
    return max(9, round(min(max(short / 26, long / 44), size[0] / 8)))


def readable(words: str) -> str:
    """Return *words* in letters that the built-in font has, or a note where none are left."""
    flat = unicodedata.normalize("NFC", " ".join(words.split())[: MOST_LETTERS * 2])
    flat = flat.translate(_SPELLED)
    text = "".join(_spelled(letter) for letter in flat)
    text = " ".join(text.split())
    lost = sum(letter.isalnum() and not _spelled(letter) for letter in flat)
    if lost > sum(letter.isalnum() for letter in text) or not text:
        return _OTHER_SCRIPT if words.strip() else ""
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + _ELLIPSIS


def _spelled(letter: str) -> str:
    if " " <= letter <= "~" or letter in _ALSO:
        return letter
    name = unicodedata.name(letter, "")
    script, _, spelled = name.partition(" LETTER ")
    if script in ("CYRILLIC SMALL", "CYRILLIC CAPITAL") and spelled in _CYRILLIC:
        latin = _CYRILLIC[spelled]
        return latin if letter.islower() else latin.capitalize()
    if script in ("GREEK SMALL", "GREEK CAPITAL"):
        return spelled[0].lower()
    if name.startswith(_SPELLED_BY_NAME):
        return name.rpartition(" ")[2].lower()
    parts = unicodedata.normalize("NFKD", letter)
    return "".join(part for part in parts if " " <= part <= "~")


def wrapped(text: str, pen: ImageDraw.ImageDraw, font: Font, width: float) -> list[str]:
    """Return *text* in lines of at most *width* pixels; a word that is too long is cut."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and pen.textlength(longer, font) <= width:
            lines[-1] = longer
        elif len(lines) == MOST_LINES:
            return [*lines[:-1], _cut(lines[-1] + _ELLIPSIS, pen, font, width)]
        else:
            lines.append(_cut(word, pen, font, width))
    return lines


def _cut(line: str, pen: ImageDraw.ImageDraw, font: Font, width: float) -> str:
    """Return *line*, or as much of it as fits with an ellipsis."""
    if pen.textlength(line, font) <= width:
        return line
    kept = line.rstrip(_ELLIPSIS)
    while kept and pen.textlength(kept + _ELLIPSIS, font) > width:
        kept = kept[:-1]
    return kept + _ELLIPSIS


def _mark(pen: ImageDraw.ImageDraw, size: tuple[int, int], font: Font) -> None:
    left, top, right, bottom = pen.textbbox((0, 0), MARK, font)
    pad = (bottom - top) * 0.6
    wide, high = right - left + 2 * pad, bottom - top + pad
    x, y = size[0] - wide - pad, pad
    if x < 0 or y + high > size[1]:
        return
    pen.rounded_rectangle((x, y, x + wide, y + high), radius=high / 2, fill=_DARK)
    pen.text((x + wide / 2, y + high / 2), MARK, fill=_PALE, font=font, anchor="mm")


def _panel(pen: ImageDraw.ImageDraw, size: tuple[int, int], font: Font, lines: list[str]) -> None:
    line_height = pen.textbbox((0, 0), "Ag", font)[3] * 1.18
    wide = max(pen.textlength(line, font) for line in lines)
    pad = line_height * 0.5
    high = line_height * len(lines) + pad
    x, y = (size[0] - wide) / 2 - pad, size[1] - high - pad
    box = (x, y, x + wide + 2 * pad, y + high)
    pen.rounded_rectangle(box, radius=pad, fill=_DARK)
    for number, line in enumerate(lines):
        middle = y + pad / 2 + line_height * (number + 0.5)
        pen.text((size[0] / 2, middle), line, fill=_PALE, font=font, anchor="mm")
