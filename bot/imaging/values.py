"""What goes into this room and what comes out: frozen values, no pixels opened here."""

from dataclasses import dataclass, field

from bot.domain.pictures import Backdrop, Fit, Focus, Geometry, Note, Size

MAX_FILE_BYTES = 50_000_000
"""The largest file that is looked at at all."""

SQUARE_BYTES = 4_000_000
"""A square sent to a model stays strictly below this."""

SMALLEST_LIMIT = 16_384
"""The smallest delivery limit that every picture can be made to fit, in bytes."""


MAX_MARGIN = 2.0
"""The widest margin that is painted, in the picture's own width or height."""

MAX_SIDE = 2048
"""The longest side that a picture is normalised to."""

MAX_FEATHER = 256
"""The widest soft edge of a mask, in pixels of the canvas."""

GIF = "gif"
WANTED = frozenset({"png", "jpeg", "webp", GIF})
"""The file types that people can ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """How a picture is laid on its canvas.

    Attributes:
        side: of the square in pixels; for `Fit.KEEP` the most that the longer side may have.
        backdrop: fills the borders of `Fit.PAD`, *colour* being its colour.
        focus: where `Fit.CROP` looks.
        limit: the file has fewer bytes than this.
        types: media types that the taker accepts, besides PNG: JPEG only where it is opaque.
    """

    side: int = 1024
    fit: Fit = Fit.PAD
    backdrop: Backdrop = Backdrop.TRANSPARENT
    colour: tuple[int, int, int] = (255, 255, 255)
    focus: Focus = Focus.CENTRE
    limit: int = SQUARE_BYTES
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalised:
    """An RGBA PNG under its limit (a square under 4,000,000 bytes unless asked otherwise).

    The file holds nothing but IHDR, IDAT and IEND; colour hidden under alpha 0 is cleared. The
    geometry says where the picture lies in it, the notes what was done. *media_type* is another
    only where `Framing.types` allows it.
    """

    data: bytes = field(repr=False)
    geometry: Geometry
    notes: tuple[Note, ...] = ()
    media_type: str = "image/png"


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A mask that a person made: transparent is repainted; in an opaque file, white is."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Difference:
    """A copy of the picture that a person painted over: where it differs is repainted."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Named:
    """A region of `bot.domain.pictures.REGIONS`, in fractions of the picture, not of the square."""

    region: str


@dataclass(frozen=True, slots=True)
class Cells:
    """Several regions together."""

    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnTransparency:
    """What is transparent in the picture itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """Another recipe, inverted, then grown, then with a soft edge, in pixels of the canvas.

    Attributes:
        grow: how far the selection grows to every side; it shrinks where this is negative.
        feather: how far its edge fades out, 0 to `MAX_FEATHER`; what is selected stays so.
    """

    recipe: "PlainRecipe"
    invert: bool = False
    grow: int = 0
    feather: int = 0


PlainRecipe = Uploaded | Difference | Named | Cells | OwnTransparency
MaskRecipe = PlainRecipe | Adjusted


@dataclass(frozen=True, slots=True, kw_only=True)
class Outpainting:
    """A picture with room around it, and the mask that lets a model fill the room."""

    picture: Normalised
    mask: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What came of a call: the answer, and what was sent and given where it is to be kept.

    Attributes:
        canvas, mask: the normalised picture and the mask that were sent.
        source: the member's own file.
    """

    answer: bytes = field(repr=False)
    canvas: bytes | None = field(default=None, repr=False)
    mask: bytes | None = field(default=None, repr=False)
    source: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A picture ready to be shown, without metadata, within the limit that was given.

    Attributes:
        changed: the share of pixels that differ visibly from the original, 0 to 1; None where
            nothing was composited.
    """

    data: bytes = field(repr=False)
    media_type: str
    extension: str
    size: Size
    notes: tuple[Note, ...] = ()
    changed: float | None = None

    @property
    def percent(self) -> int | None:
        """*changed* in whole percent for words: 0 and 100 only where that is exact."""
        return None if self.changed is None else whole_percent(self.changed)


def whole_percent(share: float) -> int:
    """Return a share of 0 to 1 in percent; something is never 0, and not everything never 100."""
    if share in {0, 1}:
        return round(100 * share)
    return min(99, max(1, round(100 * share)))


MAX_BARS = 30
MAX_TEXT = 200
"""Letters of any text in a picture; more is never shown."""

MAX_ON_SHEET = 10
_MAX_ALT = 1024  # what Discord takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of a chart; *shown* is its value in words."""

    label: str
    value: float
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A bar chart of at most `MAX_BARS` bars, for a light or a dark background."""

    title: str
    bars: tuple[Bar, ...]
    dark: bool = False

    @property
    def alt(self) -> str:
        """The chart in words, for those who do not see it."""
        rows = "; ".join(f"{bar.label}: {bar.shown}" for bar in self.bars)
        return f"{self.title}. {rows}"[:_MAX_ALT]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolHealth:
    """Figures of the workers since the start.

    Attributes:
        workers: worker processes alive now.
        busy: jobs running now.
        waiting: jobs waiting for a worker now.
        done: jobs that ended with a picture.
        refused: jobs that ended with a refusal.
        killed: workers ended for a deadline, a crash or an answer that does not hold.
        retired: workers replaced after their share of jobs.
    """

    workers: int
    busy: int
    waiting: int
    done: int
    refused: int
    killed: int
    retired: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one job may use.

    Attributes:
        memory: bytes a worker's address space may grow by.
        cpu_seconds: processor time.
        wall_seconds: time from start to end; the worker's own alarm.
        jobs: jobs after which a worker is replaced.
    """

    memory: int = 255_000_000
    cpu_seconds: int = 5
    wall_seconds: float = 5.0
    jobs: int = 300
