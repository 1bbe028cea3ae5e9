"""Words in pictures: one shipped font of wide coverage, two themes, text that always fits.

The font is DejaVu Sans, whose licence lies beside it: Latin, Greek, Cyrillic, Arabic, Hebrew,
Armenian, Georgian and many signs; Chinese, Japanese and Korean it lacks, and shows as boxes.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import ImageDraw, ImageFont

_FONT = Path(__file__).with_name("DejaVuSans.ttf")
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_MOST_LETTERS = 200
_FIRST_EMOJI = "\U0001f000"
_NOT_DRAWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Colours that are readable on Discord's light or dark background, contrast 7 to 1 and more."""

    paper: Colour
    ink: Colour
    faint: Colour
    bar: Colour


LIGHT = Theme(paper=(255, 255, 255), ink=(32, 34, 37), faint=(227, 229, 232), bar=(71, 82, 196))
DARK = Theme(paper=(43, 45, 49), ink=(242, 243, 245), faint=(64, 66, 73), bar=(148, 156, 247))


@lru_cache(maxsize=16)
def font(size: int) -> ImageFont.FreeTypeFont:
    """Return the shipped font in *size* pixels."""
    return ImageFont.truetype(_FONT, size)


def plain(text: str) -> str:
    """Return *text* as one line of letters, without control or direction characters or emoji."""
    seen = "".join(" " if letter.isspace() else letter for letter in text[:_MOST_LETTERS])
    return " ".join("".join(letter for letter in seen if _is_drawn(letter)).split())


def _is_drawn(letter: str) -> bool:
    return letter < _FIRST_EMOJI and unicodedata.category(letter) not in _NOT_DRAWN


def fitting(text: str, size: int, width: float) -> str:
    """Return *text*, shortened until it is at most *width* pixels wide."""
    text, letters = plain(text), font(size)
    if letters.getlength(text) <= width:
        return text
    while text and letters.getlength(text + _ELLIPSIS) > width:
        text = text[:-1]
    return text + _ELLIPSIS


def write(
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    text: str,
    *,
    size: int,
    width: float,
    ink: Colour,
    anchor: str = "lm",
) -> None:
    """Write *text* at *at* in at most *width* pixels; *anchor* as Pillow has it."""
    draw.text(at, fitting(text, size, width), fill=ink, font=font(size), anchor=anchor)
