"""Small bar charts for reports, drawn in a few milliseconds."""

from PIL import Image, ImageDraw

from bot.imaging.fonts import length
from bot.imaging.lettering import DARK, LIGHT, Theme, plain, write
from bot.imaging.values import Bar, Chart

WIDTH = 900
_MARGIN = 28
_TITLE, _TEXT = 26, 18
_ROW = 36
_THICK = 20
_GAP = 12
_LABELS_PART = 0.38


def draw_chart(chart: Chart) -> Image.Image:
    """Draw *chart*: one row a bar, its label to the left and its value behind it."""
    theme = DARK if chart.dark else LIGHT
    height = 2 * _MARGIN + _TITLE + _ROW // 2 + _ROW * max(1, len(chart.bars))
    image = Image.new("RGB", (WIDTH, height), theme.paper)
    draw = ImageDraw.Draw(image)
    space = WIDTH - 2 * _MARGIN
    top = (_MARGIN, _MARGIN + _TITLE / 2)
    write(draw, top, chart.title, size=_TITLE, width=space, ink=theme.ink)
    labels = min(space * _LABELS_PART, max((_wide(bar.label) for bar in chart.bars), default=0))
    shown = max((_wide(bar.shown) for bar in chart.bars), default=0)
    length = max(_GAP, space - labels - shown - 3 * _GAP)
    most = max((bar.value for bar in chart.bars), default=0) or 1
    middle = _MARGIN + _TITLE + _ROW
    for number, bar in enumerate(chart.bars):
        share = max(0.0, bar.value) / most
        _draw_bar(draw, bar, middle + number * _ROW, (labels, share * length, length), theme)
    return image


def _wide(text: str) -> float:
    return length(plain(text), _TEXT)


def _draw_bar(
    draw: ImageDraw.ImageDraw,
    bar: Bar,
    middle: float,
    lengths: tuple[float, float, float],
    theme: Theme,
) -> None:
    labels, filled, whole = lengths
    right = _MARGIN + labels
    write(draw, (right, middle), bar.label, size=_TEXT, width=labels, ink=theme.ink, anchor="rm")
    left, top, bottom = right + _GAP, middle - _THICK / 2, middle + _THICK / 2
    draw.rounded_rectangle((left, top, left + whole, bottom), _THICK / 4, fill=theme.faint)
    if filled:
        end = left + max(3.0, filled)
        draw.rounded_rectangle((left, top, end, bottom), _THICK / 4, fill=theme.bar)
    behind = (left + whole + _GAP, middle)
    write(draw, behind, bar.shown, size=_TEXT, width=WIDTH - _MARGIN - behind[0] + 1, ink=theme.ink)
