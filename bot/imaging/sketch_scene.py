"""A small landscape from words: colours and things that the words name, the rest from chance."""

import colorsys
import math
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image, ImageDraw

Color = tuple[int, int, int]

HUES = {
    "red": 0.0, "crimson": 0.97, "orange": 0.07, "autumn": 0.07, "gold": 0.12, "yellow": 0.15,
    "desert": 0.11, "green": 0.35, "teal": 0.48, "turquoise": 0.48,
    "blue": 0.6, "ocean": 0.57, "sea": 0.56, "ice": 0.54, "indigo": 0.7, "purple": 0.77,
    "violet": 0.76, "lavender": 0.74, "magenta": 0.85, "pink": 0.92, "rose": 0.95,
}  # fmt: skip
NIGHT = frozenset({"night", "midnight", "moon", "stars", "starry", "dark", "space", "galaxy"})
DUSK = frozenset({"sunset", "sunrise", "dawn", "dusk", "evening", "autumn", "golden"})


def _hsv(hue: float, saturation: float, value: float) -> Color:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _mix(one: Color, two: Color, share: float) -> Color:
    mixed = [round(a + (b - a) * share) for a, b in zip(one, two, strict=True)]
    return mixed[0], mixed[1], mixed[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of one scene."""

    sky_high: Color
    sky_low: Color
    light: Color
    far: Color
    near: Color
    night: bool

    @classmethod
    def of(cls, words: str, random_: random.Random) -> "Palette":
        """Choose colours: those that the words name, else those that the words' hash gives."""
        named = words_in(words)
        night = bool(named & NIGHT)
        hue = next((HUES[word] for word in named_in_order(words) if word in HUES), None)
        hue = random_.random() if hue is None else hue + random_.uniform(-0.02, 0.02)
        other = hue + random_.choice((0.5, 0.42, 0.08, -0.08))
        if night:
            high, low, light = _hsv(hue, 0.7, 0.16), _hsv(hue, 0.5, 0.42), (246, 240, 214)
            return cls(
                sky_high=high, sky_low=low, light=light, night=True,
                far=_hsv(other, 0.35, 0.36), near=_hsv(hue, 0.6, 0.12),
            )  # fmt: skip
        low = _hsv(0.07, 0.5, 0.98) if named & DUSK else _hsv(hue + 0.04, 0.18, 0.99)
        return cls(
            sky_high=_hsv(hue, 0.58, 0.85), sky_low=low, light=(255, 236, 170), night=False,
            far=_hsv(other, 0.32, 0.78), near=_hsv(other + 0.03, 0.62, 0.36),
        )  # fmt: skip


def named_in_order(words: str) -> list[str]:
    """Return the plain lower-case words of *words*."""
    return re.findall(r"[a-z]+", words.lower())


def words_in(words: str) -> frozenset[str]:
    """Return the plain lower-case words of *words*, each also without a plural s."""
    found = named_in_order(words)
    return frozenset(found) | {word.removesuffix("s") for word in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """What the parts of a scene are drawn with; sizes are in drawn pixels."""

    pen: ImageDraw.ImageDraw
    width: int
    height: int
    palette: Palette
    random: random.Random

    @property
    def unit(self) -> float:
        """The shorter side: things keep their proportions in every shape."""
        return float(min(self.width, self.height))


def paint(
    words: str,
    size: tuple[int, int],
    random_: random.Random,
    *,
    detail: int = 1,
    transparent: bool = False,
) -> Image.Image:
    """Return an RGBA scene for *words*, drawn twice as large at first so that edges are smooth.

    *detail* is 0 (fast, hard edges) to 2; *transparent* leaves the sky out.
    """
    factor = 1 if detail == 0 else 2
    drawn = (size[0] * factor, size[1] * factor)
    palette = Palette.of(words, random_)
    picture = Image.new("RGBA", drawn) if transparent else Image.new("RGB", drawn, palette.sky_high)
    canvas = Canvas(
        pen=ImageDraw.Draw(picture), width=drawn[0], height=drawn[1],
        palette=palette, random=random_,
    )  # fmt: skip
    named = words_in(words)
    if not transparent:
        _sky(canvas, stars=palette.night)
    _light(canvas)
    behind, before = _things(BEHIND, named), _things(BEFORE, named)
    for thing in behind or random_.sample((_clouds, _peaks), 1):
        thing(canvas)
    _land(canvas, layers=3 + detail, water=bool(named & WATER), island=transparent)
    for thing in before or random_.sample(_BY_CHANCE, 1):
        thing(canvas)
    return picture.reduce(factor).convert("RGBA")


WATER = frozenset({"sea", "ocean", "lake", "water", "river", "beach", "boat", "ship", "sail"})


def _sky(canvas: Canvas, *, stars: bool) -> None:
    bands = 40
    for band in range(bands):
        top = canvas.height * band // bands
        bottom = canvas.height * (band + 1) // bands
        color = _mix(canvas.palette.sky_high, canvas.palette.sky_low, min(1, band / (bands * 0.7)))
        canvas.pen.rectangle((0, top, canvas.width, bottom), fill=color)
    for _ in range(90 if stars else 0):
        x, y = canvas.random.random() * canvas.width, canvas.random.random() * canvas.height * 0.6
        _disc(canvas, x, y, canvas.unit * canvas.random.uniform(0.001, 0.003), (255, 250, 230))


def _light(canvas: Canvas) -> None:
    x = canvas.width * canvas.random.uniform(0.2, 0.8)
    y = canvas.height * canvas.random.uniform(0.16, 0.34)
    radius = canvas.unit * canvas.random.uniform(0.08, 0.13)
    for ring, share in ((1.5, 0.75), (1.25, 0.5)):
        halo = _mix(canvas.palette.light, canvas.palette.sky_high, share)
        _disc(canvas, x, y, radius * ring, halo)
    _disc(canvas, x, y, radius, canvas.palette.light)
    if canvas.palette.night:
        for dx, dy, size in ((-0.3, -0.2, 0.18), (0.25, 0.3, 0.12), (0.1, -0.35, 0.1)):
            shade = _mix(canvas.palette.light, canvas.palette.sky_low, 0.25)
            _disc(canvas, x + radius * dx, y + radius * dy, radius * size, shade)


def _disc(canvas: Canvas, x: float, y: float, radius: float, color: Color) -> None:
    canvas.pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)


def _land(canvas: Canvas, *, layers: int, water: bool, island: bool) -> None:
    for layer in range(layers):
        depth = (layer + 1) / layers
        color = _mix(canvas.palette.far, canvas.palette.near, depth)
        level = canvas.height * (0.45 + 0.37 * depth)
        line = list(_ridge(canvas, level, canvas.unit * (0.16 - 0.1 * depth)))
        if island:
            line = [(x, _rounded(canvas, x, y)) for x, y in line]
        canvas.pen.polygon([*line, (canvas.width, canvas.height), (0, canvas.height)], fill=color)
        if water and layer == layers - 2:
            _waves(canvas, level + canvas.unit * 0.04)


def _ridge(canvas: Canvas, level: float, swing: float) -> Iterator[tuple[float, float]]:
    shares = [canvas.random.random() * math.tau for _ in range(3)]
    for step in range(65):
        x = step / 64
        wave = sum(math.sin(x * (4 + 5 * n) + share) / (n + 1) for n, share in enumerate(shares))
        yield x * canvas.width, level - wave * swing * 0.7


def _rounded(canvas: Canvas, x: float, y: float) -> float:
    """Lower a ridge towards both sides, so that a cut-out scene is an island."""
    away = abs(2 * x / canvas.width - 1)
    return y + (canvas.height - y) * away**3


def _waves(canvas: Canvas, level: float) -> None:
    sea = _mix(canvas.palette.sky_high, canvas.palette.near, 0.35)
    canvas.pen.rectangle((0, level, canvas.width, canvas.height), fill=sea)
    glint = _mix(sea, canvas.palette.light, 0.45)
    for _ in range(26):
        x = canvas.random.random() * canvas.width
        y = level + canvas.random.random() ** 2 * (canvas.height - level)
        length = canvas.unit * canvas.random.uniform(0.03, 0.1)
        canvas.pen.line((x, y, x + length, y), fill=glint, width=max(1, round(canvas.unit / 300)))


def _ground(canvas: Canvas, share: float) -> tuple[float, float]:
    """Return a place to stand: *share* of the way across, on the nearest hill."""
    return canvas.width * share, canvas.height * canvas.random.uniform(0.74, 0.8)


def _tree(canvas: Canvas) -> None:
    x, y = _ground(canvas, canvas.random.uniform(0.08, 0.92))
    tall = canvas.unit * canvas.random.uniform(0.13, 0.22)
    leaf = _mix(canvas.palette.near, _hsv(0.33, 0.5, 0.4), 0.5)
    trunk = _mix(canvas.palette.near, (96, 66, 40), 0.6)
    canvas.pen.rectangle((x - tall * 0.05, y - tall * 0.3, x + tall * 0.05, y), fill=trunk)
    for level in range(3):
        top, wide = y - tall * (1 - level * 0.22), tall * (0.2 + level * 0.08)
        color = _mix(leaf, canvas.palette.light, 0.12 * (2 - level))
        bottom = top + tall * 0.42
        canvas.pen.polygon([(x, top), (x - wide, bottom), (x + wide, bottom)], fill=color)


def _trees(canvas: Canvas) -> None:
    for _ in range(7):
        _tree(canvas)


def _house(canvas: Canvas) -> None:
    x, y = _ground(canvas, canvas.random.uniform(0.25, 0.7))
    side = canvas.unit * 0.16
    wall, roof = _mix(canvas.palette.light, (210, 190, 170), 0.6), _hsv(0.02, 0.55, 0.55)
    canvas.pen.rectangle((x, y - side * 0.7, x + side, y), fill=wall)
    eaves = [(x - side * 0.12, y - side * 0.7), (x + side * 0.5, y - side * 1.3)]
    canvas.pen.polygon([*eaves, (x + side * 1.12, y - side * 0.7)], fill=roof)
    canvas.pen.rectangle((x + side * 0.4, y - side * 0.4, x + side * 0.6, y), fill=roof)
    glow = (255, 214, 120)
    canvas.pen.rectangle(
        (x + side * 0.1, y - side * 0.5, x + side * 0.28, y - side * 0.3), fill=glow
    )


def _city(canvas: Canvas) -> None:
    x = canvas.width * 0.06
    while x < canvas.width * 0.92:
        wide = canvas.unit * canvas.random.uniform(0.05, 0.1)
        top = canvas.height * canvas.random.uniform(0.42, 0.64)
        wall = _mix(canvas.palette.near, canvas.palette.far, canvas.random.uniform(0, 0.4))
        canvas.pen.rectangle((x, top, x + wide, canvas.height * 0.82), fill=wall)
        _windows(canvas, (x, top, wide), _mix(wall, (255, 220, 130), 0.75))
        x += wide * canvas.random.uniform(1.02, 1.3)


def _windows(canvas: Canvas, tower: tuple[float, float, float], glow: Color) -> None:
    left, top, wide = tower
    pane = wide / 7
    for row in range(9):
        for column in range(3):
            if canvas.random.randrange(5):
                x, y = left + pane * (1 + 2 * column), top + pane * (1 + 2 * row)
                canvas.pen.rectangle((x, y, x + pane, y + pane), fill=glow)


def _boat(canvas: Canvas) -> None:
    x, y = canvas.width * canvas.random.uniform(0.3, 0.6), canvas.height * 0.76
    side = canvas.unit * 0.14
    hull = [(x - side, y), (x + side, y), (x + side * 0.7, y + side * 0.35)]
    canvas.pen.polygon([*hull, (x - side * 0.7, y + side * 0.35)], fill=_hsv(0.05, 0.6, 0.45))
    sail = [(x, y - side * 1.5), (x, y - side * 0.1), (x + side * 0.8, y - side * 0.1)]
    canvas.pen.polygon(sail, fill=(250, 244, 230))
    jib = [(x - side * 0.08, y - side * 1.3), (x - side * 0.08, y - side * 0.1)]
    canvas.pen.polygon([*jib, (x - side * 0.6, y - side * 0.1)], fill=canvas.palette.light)


def _cat(canvas: Canvas) -> None:
    x, y = _ground(canvas, canvas.random.uniform(0.3, 0.7))
    side = canvas.unit * 0.09
    fur = _mix(canvas.palette.near, (40, 34, 40), 0.6)
    canvas.pen.ellipse((x - side, y - side * 1.7, x + side, y + side * 0.2), fill=fur)
    _disc(canvas, x, y - side * 2, side * 0.72, fur)
    for way in (-1, 1):
        ear = [(x + way * side * 0.68, y - side * 2.1), (x + way * side * 0.55, y - side * 2.95)]
        canvas.pen.polygon([*ear, (x + way * side * 0.1, y - side * 2.55)], fill=fur)
        _disc(canvas, x + way * side * 0.28, y - side * 2.05, side * 0.13, canvas.palette.light)
    tail = (x + side * 0.4, y - side * 1.6, x + side * 1.7, y + side * 0.1)
    canvas.pen.arc(tail, 20, 160, fill=fur, width=max(2, round(side * 0.24)))


def _balloon(canvas: Canvas) -> None:
    x = canvas.width * canvas.random.uniform(0.25, 0.75)
    y, radius = canvas.height * canvas.random.uniform(0.28, 0.4), canvas.unit * 0.09
    red, cream = _hsv(canvas.random.random(), 0.65, 0.85), (250, 240, 220)
    for share, color in ((1.0, red), (0.62, cream), (0.24, red)):
        canvas.pen.ellipse((x - radius * share, y - radius, x + radius * share, y + radius), color)
    basket = (x - radius * 0.2, y + radius * 1.25, x + radius * 0.2, y + radius * 1.55)
    for way in (-0.2, 0.2):
        rope = (x + way * radius * 2, y + radius * 0.85, x + way * radius, y + radius * 1.25)
        canvas.pen.line(rope, fill=(90, 70, 50), width=max(1, round(radius / 30)))
    canvas.pen.rectangle(basket, fill=(122, 84, 50))


def _flowers(canvas: Canvas) -> None:
    for _ in range(24):
        x, y = canvas.width * canvas.random.random(), canvas.height * canvas.random.uniform(0.78, 1)
        radius, color = canvas.unit * 0.011, _hsv(canvas.random.random(), 0.6, 0.95)
        for step in range(5):
            angle = step * math.tau / 5
            dx, dy = math.cos(angle) * radius, math.sin(angle) * radius
            _disc(canvas, x + dx, y + dy, radius * 0.75, color)
        _disc(canvas, x, y, radius * 0.6, (255, 226, 110))


def _peaks(canvas: Canvas) -> None:
    for share in (0.22, 0.5, 0.78):
        x, top = canvas.width * share, canvas.height * canvas.random.uniform(0.3, 0.42)
        foot, wide = canvas.height * 0.7, canvas.unit * canvas.random.uniform(0.24, 0.34)
        rock = _mix(canvas.palette.far, canvas.palette.near, 0.45)
        canvas.pen.polygon([(x, top), (x - wide, foot), (x + wide, foot)], fill=rock)
        tip, down = wide * 0.28, (foot - top) * 0.28
        snow = [(x, top), (x - tip, top + down), (x - tip * 0.3, top + down * 0.75)]
        rest = [(x + tip * 0.2, top + down * 1.15), (x + tip, top + down)]
        canvas.pen.polygon([*snow, *rest], fill=(246, 248, 252))


def _snow(canvas: Canvas) -> None:
    for _ in range(140):
        x, y = canvas.width * canvas.random.random(), canvas.height * canvas.random.random()
        _disc(canvas, x, y, canvas.unit * canvas.random.uniform(0.002, 0.006), (252, 253, 255))


def _rain(canvas: Canvas) -> None:
    drop = _mix(canvas.palette.sky_low, (255, 255, 255), 0.5)
    for _ in range(120):
        x, y = canvas.width * canvas.random.random(), canvas.height * canvas.random.random()
        long = canvas.unit * 0.03
        line = (x, y, x - long * 0.3, y + long)
        canvas.pen.line(line, fill=drop, width=max(1, round(canvas.unit / 500)))


def _clouds(canvas: Canvas) -> None:
    for _ in range(3):
        x, y = (
            canvas.width * canvas.random.random(),
            canvas.height * canvas.random.uniform(0.1, 0.35),
        )
        size, color = canvas.unit * 0.05, _mix(canvas.palette.sky_low, (255, 255, 255), 0.6)
        for dx, dy, share in ((-1.1, 0.15, 0.7), (0, -0.2, 1), (1.1, 0.1, 0.75), (0.4, 0.3, 0.8)):
            _disc(canvas, x + dx * size, y + dy * size, size * share, color)


Thing = Callable[[Canvas], None]

BEHIND: tuple[tuple[frozenset[str], Thing], ...] = (
    (frozenset({"cloud", "sky", "bird", "plane", "dragon"}), _clouds),
    (frozenset({"mountain", "alps", "peak", "volcano"}), _peaks),
)
"""What words stand for behind the hills."""

BEFORE: tuple[tuple[frozenset[str], Thing], ...] = (
    (frozenset({"city", "skyline", "town", "street", "tower", "robot", "castle"}), _city),
    (frozenset({"tree", "forest", "wood", "jungle", "pine", "park", "fox"}), _trees),
    (frozenset({"house", "home", "cabin", "cottage", "barn", "village"}), _house),
    (frozenset({"boat", "ship", "sail", "sailboat"}), _boat),
    (frozenset({"cat", "kitten", "animal", "pet"}), _cat),
    (frozenset({"balloon"}), _balloon),
    (frozenset({"flower", "garden", "meadow", "spring", "field"}), _flowers),
    (frozenset({"snow", "winter", "snowy"}), _snow),
    (frozenset({"rain", "rainy", "storm"}), _rain),
)
"""What words stand for in front of the hills, from far to near."""

_BY_CHANCE: tuple[Thing, ...] = (_trees, _house, _balloon, _flowers)


def _things(table: tuple[tuple[frozenset[str], Thing], ...], named: frozenset[str]) -> list[Thing]:
    return [thing for words, thing in table if words & named]
