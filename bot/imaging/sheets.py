"""Several pictures on one sheet, and a picture with what its mask selects."""

from collections.abc import Sequence
from math import ceil, sqrt

from PIL import Image, ImageChops, ImageDraw

from bot.domain.pictures import Size
from bot.imaging import masks
from bot.imaging.lettering import DARK, LIGHT, Theme, write
from bot.imaging.normalise import scaled
from bot.imaging.values import MAX_ON_SHEET

CELL = 512
_GAP = 12
_CAPTION = 34
_TEXT = 20
_STRIPE = 12
_TINTS = ((255, 0, 200), (255, 255, 255))
"""Two colours in stripes: one of them stands out on any picture."""

_OPACITY = 150
_OUTLINE = (0, 0, 0)


def contact_sheet(
    pictures: Sequence[Image.Image], captions: Sequence[str], *, dark: bool
) -> Image.Image:
    """Lay one to ten *pictures* on a sheet, each with its caption below."""
    theme = DARK if dark else LIGHT
    count = min(len(pictures), MAX_ON_SHEET)
    columns = ceil(sqrt(count))
    across, down = CELL + _GAP, CELL + _CAPTION + _GAP
    size = (columns * across + _GAP, ceil(count / columns) * down + _GAP)
    sheet = Image.new("RGB", size, theme.paper)
    draw = ImageDraw.Draw(sheet)
    for number, picture in enumerate(pictures[:count]):
        left, top = _GAP + number % columns * across, _GAP + number // columns * down
        _lay(sheet, picture, left, top, theme)
        at = (left + CELL / 2, top + CELL + _CAPTION / 2)
        caption = captions[number] if number < len(captions) else ""
        write(draw, at, caption, size=_TEXT, width=CELL, ink=theme.ink, anchor="mm")
    return sheet


def _lay(sheet: Image.Image, picture: Image.Image, left: int, top: int, theme: Theme) -> None:
    longest = max(picture.size)
    width, height = (max(1, round(edge * CELL / longest)) for edge in picture.size)
    small = scaled(picture.convert("RGBA"), None, Size(width, height))
    cell = Image.new("RGB", (CELL, CELL), theme.faint)
    cell.paste(small, ((CELL - width) // 2, (CELL - height) // 2), small)
    sheet.paste(cell, (left, top))


def preview(picture: Image.Image, selected: Image.Image, legend: str) -> Image.Image:
    """Show *picture* with its selection in stripes and outlined, and a legend below."""
    shown = Image.new("RGB", picture.size, LIGHT.paper)
    shown.paste(picture.convert("RGB"), None, picture.convert("RGBA").getchannel("A"))
    stripes = _stripes(picture.size)
    shown.paste(stripes, None, selected.point([0] * 128 + [_OPACITY] * 128))
    outline = ImageChops.difference(masks.grown(selected, 2), selected)
    shown.paste(_OUTLINE, None, outline)
    sheet = Image.new("RGB", (picture.width, picture.height + _CAPTION), LIGHT.paper)
    sheet.paste(shown, (0, 0))
    swatch = (_GAP, picture.height + 7, _GAP + 20, picture.height + 27)
    sheet.paste(stripes.crop((0, 0, 20, 20)), swatch)
    draw = ImageDraw.Draw(sheet)
    draw.rectangle(swatch, outline=_OUTLINE)
    at = (swatch[2] + _GAP, picture.height + _CAPTION / 2)
    write(draw, at, legend, size=_TEXT, width=picture.width - at[0] - _GAP, ink=LIGHT.ink)
    return sheet


def _stripes(size: tuple[int, int]) -> Image.Image:
    """Draw stripes from corner to corner."""
    stripes = Image.new("RGB", size, _TINTS[0])
    draw = ImageDraw.Draw(stripes)
    for left in range(-size[1], size[0], 3 * _STRIPE):
        draw.line((left, size[1], left + size[1], 0), fill=_TINTS[1], width=_STRIPE)
    return stripes
