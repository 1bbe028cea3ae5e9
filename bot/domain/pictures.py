"""Sizes, shapes and places of pictures, in pixels; no pixels themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """The shapes that people ask for; a model maps each to a size that it makes."""

    SQUARE = "square"
    PORTRAIT = "portrait"
    LANDSCAPE = "landscape"
    WIDE = "wide"
    TALL = "tall"


class Fit(StrEnum):
    """How a picture of any aspect becomes a square; `KEEP` leaves it its aspect."""

    PAD = "pad"
    CROP = "crop"
    STRETCH = "stretch"
    KEEP = "keep"


class Backdrop(StrEnum):
    """What fills the borders of a padded square."""

    TRANSPARENT = "transparent"
    BLURRED = "blurred"
    MIRRORED = "mirrored"
    COLOUR = "colour"


class Focus(StrEnum):
    """Which part a crop keeps: the middle, or where most is to be seen."""

    CENTRE = "centre"
    SMART = "smart"


class Note(StrEnum):
    """What was done to a picture, in plain words that the catalogues translate."""

    TURNED = "turned upright"
    SHRUNK = "shrunk"
    ENLARGED = "enlarged"
    PADDED = "padded"
    CROPPED = "cropped"
    STRETCHED = "stretched"
    FIRST_FRAME = "first frame only"
    DEPTH = "reduced to 8 bits"
    COLOURS = "colours converted to sRGB"
    SHADES = "finest shades dropped to fit"
    CROPPED_BACK = "cropped back to your shape"
    STRETCHED_BACK = "stretched back to your shape"
    EXTENDED = "given room around it"
    COMPOSITED = "kept as it was outside the mask"
    COMPRESSED = "compressed to fit"
    TRANSPARENT = "WebP, as JPEG has no transparency"


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        """Write the size as the vendors do: ``1024x1536``."""
        return f"{self.width}x{self.height}"

    @property
    def is_square(self) -> bool:
        """Whether both sides are as long."""
        return self.width == self.height


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels; right and bottom are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> Size:
        """The box's width and height."""
        return Size(self.right - self.left, self.bottom - self.top)


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """Where a picture lies on its normalised canvas, kept so that the answer can be cropped back.

    Attributes:
        source: the picture's size after its EXIF orientation was applied.
        orientation: the EXIF orientation that was applied, 1 to 8.
        taken: the part of the upright source that was used.
        place: where that part lies on the canvas.
        canvas: the size of what is sent: a square, or the picture's own shape for `Fit.KEEP`.
    """

    source: Size
    orientation: int
    taken: Box
    place: Box
    canvas: Size

    @property
    def side(self) -> int:
        """The longer side of the canvas."""
        return max(self.canvas.width, self.canvas.height)

    @property
    def is_padded(self) -> bool:
        """Whether the canvas holds borders that are not the member's picture."""
        return self.place != Box(0, 0, self.canvas.width, self.canvas.height)


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a picture in fractions of its own width and height, 0 to 1."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """Room to paint around a picture, in fractions of its own width and height, 0 to 2."""

    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0

    def around(self, size: Size) -> Size:
        """Return the size of a picture of *size* with this room around it."""
        width = size.width * (1 + self.left + self.right)
        return Size(round(width), round(size.height * (1 + self.top + self.bottom)))


_THIRD = (0.0, 1 / 3, 2 / 3, 1.0)

REGIONS: dict[str, Region] = {
    "top left": Region(0, 0, _THIRD[1], _THIRD[1]),
    "top center": Region(_THIRD[1], 0, _THIRD[2], _THIRD[1]),
    "top right": Region(_THIRD[2], 0, 1, _THIRD[1]),
    "middle left": Region(0, _THIRD[1], _THIRD[1], _THIRD[2]),
    "center": Region(_THIRD[1], _THIRD[1], _THIRD[2], _THIRD[2]),
    "middle right": Region(_THIRD[2], _THIRD[1], 1, _THIRD[2]),
    "bottom left": Region(0, _THIRD[2], _THIRD[1], 1),
    "bottom center": Region(_THIRD[1], _THIRD[2], _THIRD[2], 1),
    "bottom right": Region(_THIRD[2], _THIRD[2], 1, 1),
    "top": Region(0, 0, 1, _THIRD[1]),
    "middle": Region(0, _THIRD[1], 1, _THIRD[2]),
    "bottom": Region(0, _THIRD[2], 1, 1),
    "left": Region(0, 0, _THIRD[1], 1),
    "right": Region(_THIRD[2], 0, 1, 1),
    "top half": Region(0, 0, 1, 0.5),
    "bottom half": Region(0, 0.5, 1, 1),
    "left half": Region(0, 0, 0.5, 1),
    "right half": Region(0.5, 0, 1, 1),
    "everything": Region(0, 0, 1, 1),
}
"""The named regions of a nine-cell grid, its rows and columns, and halves."""

TRANSPARENT_PARTS = "transparent parts"
"""Names, among regions, what is transparent in the picture itself."""

_TOGETHER = " + "

_SIDES = {
    "all around": ("left", "top", "right", "bottom"),
    "left": ("left",),
    "right": ("right",),
    "up": ("top",),
    "down": ("bottom",),
    "sides": ("left", "right"),
    "up and down": ("top", "bottom"),
}

EXTENSIONS: dict[str, Margins] = {
    f"{where} by {percent} %": Margins(**dict.fromkeys(sides, percent / 100))
    for percent in (25, 50, 100)
    for where, sides in _SIDES.items()
}
"""The rooms that can be painted around a picture, by their names."""


def regions_in(text: str) -> tuple[str, ...]:
    """Return the names of regions that *text* holds together."""
    return tuple(text.split(_TOGETHER))


def regions_together(names: Iterable[str]) -> str:
    """Return several names of regions as one."""
    return _TOGETHER.join(names)
