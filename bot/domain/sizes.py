"""Which sizes a model makes, and the nearest one to what somebody asked for, in pixels."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.domain.pictures import Shape, Size

_WRITTEN = re.compile(r"(\d{1,5})\s*[x×*]\s*(\d{1,5})", re.ASCII | re.IGNORECASE)
_PLACES = 3  # aspects a thousandth apart count as the same, and the larger size is taken
_STEPS_AROUND = range(-6, 7)  # at three to one both sides change in the same measure

Wanted = Shape | Size
"""What people say: a shape, or a width and a height."""


def parse_wanted(text: str) -> Wanted:
    """Read a shape's name or ``WIDTHxHEIGHT``. Raises ValueError for anything else."""
    plain = text.strip().lower()
    found = _WRITTEN.fullmatch(plain)
    if found is None:
        return Shape(plain)
    size = Size(int(found.group(1)), int(found.group(2)))
    if not (size.width and size.height):
        raise ValueError(text)
    return size


class SizeImpossible(Exception):  # noqa: N818 - says what is so, not that something broke
    """A size that a model does not make; *nearest* is one that it does."""

    def __init__(self, nearest: Size) -> None:
        super().__init__(str(nearest))
        self.nearest = nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeSizes:
    """The rule of models that make any size (the vendor's image generation guide).

    Attributes:
        step: both sides are multiples of it.
        longest: the longest side.
        ratio: how many times as long as the shorter side the longer one may be.
        least, most: pixels in all.
    """

    step: int = 16
    longest: int = 3840
    ratio: int = 3
    least: int = 655_360
    most: int = 8_294_400

    def accepts(self, size: Size) -> bool:
        """Whether the model makes exactly *size*."""
        short, long = sorted((size.width, size.height))
        return (
            short > 0
            and size.width % self.step == size.height % self.step == 0
            and long <= self.longest
            and long <= self.ratio * short
            and self.least <= short * long <= self.most
        )

    def nearest(self, size: Size) -> Size:
        """Return the accepted size closest to *size* in aspect and then in pixels."""
        return self._nearest(size.width, size.height)

    def _nearest(self, width: float, height: float) -> Size:
        width, height = self._within(width, height)
        return min(
            self._around(width, height),
            key=lambda near: (
                abs(math.log(near.width / width)) + abs(math.log(near.height / height)),
                near.width,
            ),
        )

    def shaped(self, aspect: Size, pixels: int) -> Size:
        """Return the accepted size of *aspect* that has about *pixels*, and not more if possible.

        Where the rule leaves nothing below, the nearest above is taken.
        """
        scale = math.sqrt(max(pixels, self.least) / (aspect.width * aspect.height))
        near = self._nearest(aspect.width * scale, aspect.height * scale)
        around = [each for each in self._around(near.width, near.height) if _area(each) <= pixels]
        return min(
            around,
            key=lambda each: (round(_apart(each, aspect), _PLACES), -_area(each)),
            default=near,
        )

    def _within(self, width: float, height: float) -> tuple[float, float]:
        """Return the sides moved inside the ratio, the pixel counts and the edge."""
        if max(width, height) > self.ratio * min(width, height):
            middle = math.sqrt(width * height)
            spread = math.sqrt(self.ratio)
            wide = width > height
            width = middle * spread if wide else middle / spread
            height = middle / spread if wide else middle * spread
        area = width * height
        scale = math.sqrt(min(max(area, self.least), self.most) / area)
        scale = min(scale, self.longest / max(width, height))
        return width * scale, height * scale

    def _around(self, width: float, height: float) -> Iterator[Size]:
        across, down = round(width / self.step), round(height / self.step)
        for more_across in _STEPS_AROUND:
            for more_down in _STEPS_AROUND:
                near = Size((across + more_across) * self.step, (down + more_down) * self.step)
                if near.width > 0 and near.height > 0 and self.accepts(near):
                    yield near


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What a model makes.

    Attributes:
        shapes: the size made for each shape on offer; a shape that it lacks is not there.
        exact: further sizes that can be asked for by name.
        free: the rule of a model that makes any size; None for one that makes only those above.
    """

    shapes: Mapping[Shape, Size]
    exact: tuple[Size, ...] = ()
    free: FreeSizes | None = None

    def chosen(self, wanted: Wanted) -> Size:
        """Return the size to ask for: of a shape its own, of a size the one within a step of it.

        Raises:
            SizeImpossible: the model makes nothing like it; the nearest that it makes is named.
            KeyError: the model does not have that shape.
        """
        if isinstance(wanted, Shape):
            return self.shapes[wanted]
        near = self.nearest(wanted)
        slack = self.free.step if self.free else 1
        if abs(near.width - wanted.width) >= slack or abs(near.height - wanted.height) >= slack:
            raise SizeImpossible(near)
        return near

    def nearest(self, size: Size) -> Size:
        """Return the size that the model makes which is closest to *size*."""
        if self.free is not None:
            return self.free.nearest(size)
        return min(
            self._listed(),
            key=lambda each: (_apart(each, size), abs(_area(each) - _area(size))),
        )

    def like(self, picture: Size) -> Size:
        """Return the size for an edit that keeps the aspect of *picture*, at the usual pixels."""
        usual = self.shapes[Shape.SQUARE]
        if self.free is not None:
            return self.free.shaped(picture, _area(usual))
        return min(self.shapes.values(), key=lambda each: _apart(each, picture))

    def _listed(self) -> tuple[Size, ...]:
        return (*self.shapes.values(), *self.exact)


def _area(size: Size) -> int:
    return size.width * size.height


def _apart(one: Size, other: Size) -> float:
    """Return how different two aspects are; 0 for the same."""
    return abs(math.log(one.width * other.height / (one.height * other.width)))
