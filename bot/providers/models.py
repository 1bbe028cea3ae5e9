"""Every model that Easel knows, as data: what it takes, what it costs, when it ends.

Adding a model is one entry of `MODELS`. Sources: the vendor's model pages, its deprecations page
and the types of the installed SDK (`openai/types/image_*.py`), read in November 2026.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from bot.domain.pictures import Shape, Size
from bot.domain.sizes import FreeSizes, Sizes
from bot.providers.base import PNG, Capabilities, DialectName, Operation, PictureRequest


class Dialect(StrEnum):
    """Which fields a server understands."""

    GPT_IMAGE = "gpt-image"
    DALLE = "dalle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model.

    Attributes:
        dialect: the fields it understands.
        can: what commands, validation and prices may know of it.
        snapshots: dated names of the same model.
        per_call: the most pictures that one call makes; more are parallel calls.
        variations: whether it has the variations endpoint.
        identifier: the field that carries the asker's hash; None sends none.
        output_tokens: an upper bound of output tokens by quality and size; empty if not by token.
        picture_micros: micro-dollars a picture by quality and size; empty if not by picture.
        priced_as: the name that `genai-prices` knows it by; None if it does not.
        ends: the day on which the vendor's own API shuts (or shut) it down.
        successor: what to use instead.
    """

    dialect: Dialect
    can: Capabilities
    snapshots: tuple[str, ...] = ()
    per_call: int = 10
    variations: bool = False
    identifier: str | None = None
    output_tokens: Mapping[str, Mapping[Size, int]] = field(
        default_factory=dict[str, Mapping[Size, int]]
    )
    picture_micros: Mapping[tuple[str, Size], int] = field(
        default_factory=dict[tuple[str, Size], int]
    )
    priced_as: str | None = None
    ends: date | None = None
    successor: str | None = None

    @property
    def name(self) -> str:
        """The model's name as the server knows it."""
        return self.can.model

    def previews_of(self, request: PictureRequest) -> int:
        """Return how many pictures in the making the call for *request* asks for."""
        if request.count != 1 or request.output_format == GIF:
            return 0
        return min(request.previews, self.can.previews)

    def live(self, today: date) -> bool:
        """Whether the vendor's own API still serves it on *today*."""
        return self.ends is None or today < self.ends


GIF = "gif"

ALL = frozenset(Operation)
GENERATE_ONLY = frozenset({Operation.GENERATE})

SQUARE = Size(1024, 1024)
TALL, WIDE = Size(1024, 1536), Size(1536, 1024)
FIXED_SIZES = Sizes(
    shapes={
        Shape.SQUARE: SQUARE,
        Shape.PORTRAIT: TALL,
        Shape.LANDSCAPE: WIDE,
        Shape.TALL: TALL,
        Shape.WIDE: WIDE,
    }
)
FREE_SIZES = Sizes(
    shapes={**FIXED_SIZES.shapes, Shape.TALL: Size(864, 1536), Shape.WIDE: Size(1536, 864)},
    free=FreeSizes(),
)
DALLE_2_SIZES = Sizes(shapes={Shape.SQUARE: SQUARE}, exact=(Size(256, 256), Size(512, 512)))
_DALLE_TALL, _DALLE_WIDE = Size(1024, 1792), Size(1792, 1024)
DALLE_3_SIZES = Sizes(
    shapes={
        Shape.SQUARE: SQUARE,
        Shape.PORTRAIT: _DALLE_TALL,
        Shape.LANDSCAPE: _DALLE_WIDE,
        Shape.TALL: _DALLE_TALL,
        Shape.WIDE: _DALLE_WIDE,
    }
)

_THREE = ("low", "medium", "high")
_FIVE = (*_THREE, "xhigh", "max")
_BACKGROUNDS = ("auto", "opaque", "transparent")
_FORMATS = ("png", "jpeg", "webp")

LEFT_OUT: Mapping[str, Mapping[str, str]] = {
    "quality": {"auto": "its price could not be said before the call"},
    "size": {"auto": "neither its price nor its place in the posting could be said before"},
    "output_format": {"svg": "Discord shows no SVG; it needs access and an author model besides"},
    "response_format": {"url": "addresses die after an hour"},
    "input_fidelity": {
        "high": "thousands of input tokens a picture, on one model that ends on 2026-12-01",
        "low": "the default of the models that have the option",
    },
    "complexity": dict.fromkeys(
        ("low", "medium", "high"), "only gpt-image-2.6, and nobody documents what it costs"
    ),
}
"""What the SDK knows and no model of ours offers, by field and value, and why."""

LEFT_OUT_FIELDS: Mapping[str, str] = {
    "input_fidelity": "see LEFT_OUT",
    "complexity": "see LEFT_OUT",
    "frame_count": "the vendor's default of 9; every further frame costs",
    "frame_duration_ms": "the vendor's default of 200",
    "svg": "see LEFT_OUT",
}
"""Fields of the SDK that are never sent, and why."""

_TOKEN_SIZES = (SQUARE, Size(1024, 1536), Size(1920, 1080), Size(2560, 1440), Size(3840, 2160))
_TOKENS_2_5 = {
    "low": (196, 158, 147, 205, 371),
    "medium": (439, 343, 343, 478, 865),
    "high": (1756, 1372, 1320, 1843, 3336),
    "xhigh": (3122, 2459, 2347, 3276, 5930),
    "max": (7024, 5488, 5280, 7370, 13342),
}
_TOKENS_1 = {"low": (272, 408), "medium": (1056, 1584), "high": (4160, 6240)}


def _tokens(
    rows: Mapping[str, tuple[int, ...]], *, factor: float = 1
) -> Mapping[str, Mapping[Size, int]]:
    return {
        quality: {
            size: round(count * factor) for size, count in zip(_TOKEN_SIZES, counts, strict=False)
        }
        for quality, counts in rows.items()
    }


_UP_TO_HIGH = _tokens(_TOKENS_1)
# "about equal" in the vendor's words: a tenth more keeps the estimate an upper bound
_GPT_2 = _tokens(
    {"low": _TOKENS_2_5["low"], "medium": _TOKENS_2_5["high"], "high": _TOKENS_2_5["max"]},
    factor=1.1,
)
_GPT_2_5 = _tokens(_TOKENS_2_5)
# measured by users at three to four times 2.5 for low and medium, equal above
_GPT_2_6 = {**_GPT_2_5, **_tokens({key: _TOKENS_2_5[key] for key in ("low", "medium")}, factor=4)}

_CAN = Capabilities(
    model="",
    operations=ALL,
    sizes=FIXED_SIZES,
    qualities=_THREE,
    default_quality="medium",
    backgrounds=_BACKGROUNDS,
    pictures=16,
    input_sides=(256, 512, 1024, 2048),
    input_types=(PNG, "image/webp", "image/jpeg"),
    input_bytes=50_000_000,
    own_shape=True,
    formats=_FORMATS,
    compressed=("jpeg", "webp"),
    transparent=("png", "webp"),
    previews=3,
    strictness=True,
)
_CAN_2 = replace(_CAN, sizes=FREE_SIZES)
_CAN_2_5 = replace(_CAN_2, qualities=_FIVE, markup=True)
_CAN_2_6 = replace(_CAN_2_5, formats=(*_FORMATS, GIF))

_GPT = Model(dialect=Dialect.GPT_IMAGE, can=_CAN, identifier="safety_identifier")
_GPT_OLD = replace(
    _GPT, output_tokens=_UP_TO_HIGH, ends=date(2026, 12, 1), successor="gpt-image-2.5-flare"
)

_DALLE = Model(
    dialect=Dialect.DALLE,
    can=Capabilities(model="", operations=ALL, sizes=DALLE_2_SIZES),
    ends=date(2026, 5, 12),
    successor="gpt-image-2.5-flare",
)

DEFAULT_MODEL = "gpt-image-2.5-flare"


def named(model: Model, name: str) -> Model:
    """Return *model* under another name."""
    return replace(model, can=replace(model.can, model=name))


_ENTRIES = (
    replace(
        _GPT,
        can=replace(_CAN_2_5, model=DEFAULT_MODEL),
        snapshots=("gpt-image-2.5-flare-2026-09-08",),
        output_tokens=_GPT_2_5,
        priced_as="gpt-image-2.5-flare",
    ),
    replace(
        _GPT,
        can=replace(_CAN_2_5, model="gpt-image-2.5-sunburst"),
        snapshots=("gpt-image-2.5-sunburst-2026-09-08",),
        output_tokens=_GPT_2_5,
        priced_as="gpt-image-2.5-sunburst",
    ),
    replace(
        _GPT,
        can=replace(_CAN_2_6, model="gpt-image-2.6-flare"),
        output_tokens=_GPT_2_6,
        priced_as="gpt-image-2.5-flare",  # same prices on the vendor's page; not listed by itself
    ),
    replace(
        _GPT,
        can=replace(_CAN_2_6, model="gpt-image-2.6-sunburst"),
        output_tokens=_GPT_2_6,
        priced_as="gpt-image-2.5-sunburst",  # as above
    ),
    replace(
        _GPT,
        can=replace(_CAN_2, model="gpt-image-2"),
        snapshots=("gpt-image-2-2026-04-21",),
        output_tokens=_GPT_2,
        priced_as="gpt-image-2",
    ),
    replace(named(_GPT_OLD, "gpt-image-1.5"), priced_as="gpt-image-1.5"),
    replace(named(_GPT_OLD, "chatgpt-image-latest"), priced_as="chatgpt-image-latest"),
    replace(named(_GPT_OLD, "gpt-image-1-mini"), priced_as="gpt-image-1-mini"),
    replace(named(_GPT_OLD, "gpt-image-1"), priced_as="gpt-image-1", ends=date(2026, 10, 23)),
    replace(
        _DALLE,
        can=replace(_DALLE.can, model="dall-e-2", max_prompt=1_000, needs_mask=True),
        variations=True,
        identifier="user",
        # the vendor's price page before the model was retired
        picture_micros={
            ("standard", Size(256, 256)): 16_000,
            ("standard", Size(512, 512)): 18_000,
            ("standard", SQUARE): 20_000,
        },
    ),
    replace(
        _DALLE,
        can=Capabilities(
            model="dall-e-3",
            operations=GENERATE_ONLY,
            sizes=DALLE_3_SIZES,
            qualities=("standard", "hd"),
            default_quality="standard",
            styles=("vivid", "natural"),
            max_prompt=4_000,
            masks=False,
            pictures=0,
            verbatim=True,
        ),
        per_call=1,
        identifier="user",
        # the vendor's price page before the model was retired
        picture_micros={
            ("standard", SQUARE): 40_000,
            ("standard", _DALLE_TALL): 80_000,
            ("standard", _DALLE_WIDE): 80_000,
            ("hd", SQUARE): 80_000,
            ("hd", _DALLE_TALL): 120_000,
            ("hd", _DALLE_WIDE): 120_000,
        },
    ),
)

MODELS: Mapping[str, Model] = MappingProxyType({model.name: model for model in _ENTRIES})
"""The table, by name; the default first."""

_SNAPSHOTS = {dated: model for model in _ENTRIES for dated in model.snapshots}

_SNAPSHOT_END = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|latest)$", re.ASCII)

# What may be said of a model that nobody has told us about.
GENERIC = {
    Dialect.GPT_IMAGE: _GPT,
    Dialect.DALLE: replace(
        _DALLE,
        can=replace(_DALLE.can, max_prompt=4_000),
        per_call=1,
        identifier=None,
        ends=None,
        successor=None,
    ),
}


def find(name: str, dialect: DialectName = "auto", *, vendor: bool = True) -> Model:
    """Return what is known of the model *name*, or an honest generic entry.

    A proxy's prefix (``openai/gpt-image-2``) does not hide a model that the table has.
    *dialect* is the operator's choice and wins over the table: a server that speaks another
    dialect than the name suggests gets the generic entry of that dialect. *vendor* is whether
    the server is the vendor's own, where a day or "latest" at a name's end is another snapshot of
    that model, and an unknown name is a new GPT image model.
    """
    bare = name.rpartition("/")[2]
    known = MODELS.get(bare) or _SNAPSHOTS.get(bare)
    if known is None and vendor:
        known = MODELS.get(_SNAPSHOT_END.sub("", bare))
    if known is not None and dialect in ("auto", known.dialect):
        return named(known, name)
    if dialect == "auto":
        spoken = Dialect.GPT_IMAGE if vendor or _sounds_like_gpt(bare) else Dialect.DALLE
    else:
        spoken = Dialect(dialect)
    return named(GENERIC[spoken], name)


def live_models(dialect: Dialect, today: date) -> tuple[Model, ...]:
    """Return the models of *dialect* that the vendor's own API serves on *today*."""
    return tuple(m for m in _ENTRIES if m.dialect is dialect and m.live(today))


def _sounds_like_gpt(name: str) -> bool:
    return name.startswith(("gpt-image", "chatgpt-image"))
