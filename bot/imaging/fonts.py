"""The shipped fonts, which letters each has, and what stands for letters that none has.

Droid Sans Fallback (Chinese, Japanese, Korean) stands in for DejaVu Sans (Latin, Greek, Cyrillic,
Arabic, Hebrew, Armenian, Georgian, signs) letter by letter. Their licences lie beside them.
"""

import unicodedata
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont

_FILES = ("DejaVuSans.ttf", "DroidSansFallback.ttf")
_LAST_RESORT = "\N{MIDDLE DOT}"
_PROBE = 24  # pixels; large enough for two letters never to look the same
_NO_LETTER = "\U0010ffff"


@lru_cache(maxsize=32)
def font(size: int, number: int = 0) -> Font:
    """Return a shipped font in *size* pixels: the first, or one that stands in for it."""
    return ImageFont.truetype(Path(__file__).with_name(_FILES[number]), size)


@lru_cache(maxsize=4096)
def font_number(letter: str) -> int | None:
    """Return which font has *letter*, None where none has."""
    if letter.isspace():
        return 0
    return next((at for at in range(len(_FILES)) if _drawn(letter, at) != _missing(at)), None)


def _drawn(letter: str, number: int) -> bytes:
    path = Path(__file__).with_name(_FILES[number])
    alone = ImageFont.truetype(path, _PROBE, layout_engine=ImageFont.Layout.BASIC)
    image = Image.new("L", (2 * _PROBE, 2 * _PROBE))
    ImageDraw.Draw(image).text((_PROBE / 2, _PROBE / 2), letter, fill=255, font=alone)
    return image.tobytes()


@lru_cache(maxsize=len(_FILES))
def _missing(number: int) -> bytes:
    return _drawn(_NO_LETTER, number)


def drawable(text: str) -> str:
    """Return *text* in letters that there are.

    Ornamental letters become plain ones; a letter of a script that no font has becomes a dot,
    never an empty box, and signs that only adorn a letter are left out.
    """
    seen: list[str] = []
    for letter in text:
        adorns = unicodedata.category(letter).startswith("M")
        if not (adorns and seen[-1:] == [_LAST_RESORT]):
            seen.append(_drawable(letter))
    return "".join(seen)


def _drawable(letter: str) -> str:
    if font_number(letter) is not None:
        return letter
    plain = unicodedata.normalize("NFKC", letter)
    if plain != letter and all(font_number(part) is not None for part in plain):
        return plain
    return "" if unicodedata.category(letter).startswith("M") else _LAST_RESORT


def runs(text: str) -> list[tuple[int, str]]:
    """Cut *text* where another font has to be taken: font numbers with what they draw."""
    numbers = [font_number(letter) or 0 for letter in text]
    grouped = groupby(zip(numbers, text, strict=True), key=lambda pair: pair[0])
    return [(number, "".join(letter for _, letter in pairs)) for number, pairs in grouped]


def length(text: str, size: int) -> float:
    """Return how wide *text* is, in pixels."""
    return sum(font(size, number).getlength(part) for number, part in runs(text))
