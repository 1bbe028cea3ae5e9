"""Words in pictures: shipped fonts of wide coverage, two themes, text that always fits."""

import unicodedata
from dataclasses import dataclass

from PIL import ImageDraw

from bot.imaging.fonts import drawable, font, length, runs

_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_MOST_LETTERS = 200
_EMOJI = ("\U0001f000", "\U0001fbff")
_ADORNMENTS = frozenset(map(chr, (*range(0xFE00, 0xFE10), 0x20E3)))  # how emoji are to look
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


def plain(text: str) -> str:
    """Return *text* as one line of letters that there are, without direction marks or emoji."""
    seen = "".join(" " if letter.isspace() else letter for letter in text[:_MOST_LETTERS])
    return " ".join(drawable("".join(letter for letter in seen if _is_drawn(letter))).split())


def _is_drawn(letter: str) -> bool:
    if _EMOJI[0] <= letter <= _EMOJI[1] or letter in _ADORNMENTS:
        return False
    return unicodedata.category(letter) not in _NOT_DRAWN


def fitting(text: str, size: int, width: float) -> str:
    """Return *text*, shortened until it is at most *width* pixels wide."""
    text = plain(text)
    if length(text, size) <= width:
        return text
    while text and length(text + _ELLIPSIS, size) > width:
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
    """Write *text* at *at* in at most *width* pixels; *anchor* is ``lm``, ``mm`` or ``rm``."""
    text = fitting(text, size, width)
    left = at[0] - _BEFORE[anchor] * length(text, size)
    ascent, descent = font(size).getmetrics()
    line = at[1] + (ascent - descent) / 2  # one line for letters of every font
    for number, part in runs(text):
        letters = font(size, number)
        draw.text((left, line), part, fill=ink, font=letters, anchor="ls")
        left += letters.getlength(part)


_BEFORE = {"lm": 0.0, "mm": 0.5, "rm": 1.0}
