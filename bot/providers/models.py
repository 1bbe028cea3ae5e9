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
from bot.providers.base import Capabilities, DialectName, Operation


class Dialect(StrEnum):
    """Which fields a server understands."""

    GPT_IMAGE = "gpt-image"
    DALLE = "dalle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model.

    Attributes:
        dialect: the fields it understands.
        sizes, qualities, default_quality, styles, backgrounds, max_prompt: as in `Capabilities`.
        operations: what its endpoints do, or what we emulate with its edits endpoint.
        snapshots: dated names of the same model.
        per_call: the most pictures that one call makes; more are parallel calls.
        masks: whether its edits take a mask.
        needs_mask: whether its edits refuse an opaque picture that comes without one.
        variations: whether it has the variations endpoint.
        identifier: the field that carries the asker's hash; None sends none.
        strictness: whether generations take a moderation level.
        rewrites: whether it rewrites prompts.
        output_tokens: an upper bound of output tokens by quality and size; empty if not by token.
        picture_micros: micro-dollars a picture by quality and size; empty if not by picture.
        priced_as: the name that `genai-prices` knows it by; None if it does not.
        ends: the day on which the vendor's own API shuts (or shut) it down.
        successor: what to use instead.
    """

    name: str
    dialect: Dialect
    operations: frozenset[Operation]
    sizes: Mapping[Shape, Size]
    snapshots: tuple[str, ...] = ()
    qualities: tuple[str, ...] = ()
    default_quality: str | None = None
    styles: tuple[str, ...] = ()
    backgrounds: tuple[str, ...] = ()
    max_prompt: int = 32_000
    per_call: int = 10
    masks: bool = True
    needs_mask: bool = False
    variations: bool = False
    identifier: str | None = None
    strictness: bool = False
    rewrites: bool = False
    output_tokens: Mapping[str, Mapping[Size, int]] = field(
        default_factory=dict[str, Mapping[Size, int]]
    )
    picture_micros: Mapping[tuple[str, Size], int] = field(
        default_factory=dict[tuple[str, Size], int]
    )
    priced_as: str | None = None
    ends: date | None = None
    successor: str | None = None

    def live(self, today: date) -> bool:
        """Whether the vendor's own API still serves it on *today*."""
        return self.ends is None or today < self.ends

    def capabilities(self) -> Capabilities:
        """Return what commands, validation and prices may know of it."""
        return Capabilities(
            model=self.name,
            operations=self.operations,
            sizes=dict(self.sizes),
            qualities=self.qualities,
            default_quality=self.default_quality,
            styles=self.styles,
            backgrounds=self.backgrounds,
            max_prompt=self.max_prompt,
            masks=self.masks,
            needs_mask=self.needs_mask,
            verbatim=self.rewrites,
        )


ALL = frozenset(Operation)
GENERATE_ONLY = frozenset({Operation.GENERATE})

SQUARE = Size(1024, 1024)
GPT_SIZES = {
    Shape.SQUARE: SQUARE,
    Shape.PORTRAIT: Size(1024, 1536),
    Shape.LANDSCAPE: Size(1536, 1024),
}
DALLE_3_SIZES = {
    Shape.SQUARE: SQUARE,
    Shape.PORTRAIT: Size(1024, 1792),
    Shape.LANDSCAPE: Size(1792, 1024),
}

_THREE = ("low", "medium", "high")
_FIVE = (*_THREE, "xhigh", "max")
_BACKGROUNDS = ("auto", "opaque", "transparent")

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

_GPT = Model(
    name="",
    dialect=Dialect.GPT_IMAGE,
    operations=ALL,
    sizes=GPT_SIZES,
    qualities=_THREE,
    default_quality="medium",
    backgrounds=_BACKGROUNDS,
    identifier="safety_identifier",
    strictness=True,
)
_GPT_OLD = replace(
    _GPT, output_tokens=_UP_TO_HIGH, ends=date(2026, 12, 1), successor="gpt-image-2.5-flare"
)

_DALLE = Model(
    name="",
    dialect=Dialect.DALLE,
    operations=ALL,
    sizes={Shape.SQUARE: SQUARE},
    ends=date(2026, 5, 12),
    successor="gpt-image-2.5-flare",
)

DEFAULT_MODEL = "gpt-image-2.5-flare"

_ENTRIES = (
    replace(
        _GPT,
        name=DEFAULT_MODEL,
        snapshots=("gpt-image-2.5-flare-2026-09-08",),
        qualities=_FIVE,
        output_tokens=_GPT_2_5,
        priced_as="gpt-image-2.5-flare",
    ),
    replace(
        _GPT,
        name="gpt-image-2.5-sunburst",
        snapshots=("gpt-image-2.5-sunburst-2026-09-08",),
        qualities=_FIVE,
        output_tokens=_GPT_2_5,
        priced_as="gpt-image-2.5-sunburst",
    ),
    replace(
        _GPT,
        name="gpt-image-2.6-flare",
        qualities=_FIVE,
        output_tokens=_GPT_2_6,
        priced_as="gpt-image-2.5-flare",  # same prices on the vendor's page; not listed by itself
    ),
    replace(
        _GPT,
        name="gpt-image-2.6-sunburst",
        qualities=_FIVE,
        output_tokens=_GPT_2_6,
        priced_as="gpt-image-2.5-sunburst",  # as above
    ),
    replace(
        _GPT,
        name="gpt-image-2",
        snapshots=("gpt-image-2-2026-04-21",),
        output_tokens=_GPT_2,
        priced_as="gpt-image-2",
    ),
    replace(_GPT_OLD, name="gpt-image-1.5", priced_as="gpt-image-1.5"),
    replace(_GPT_OLD, name="chatgpt-image-latest", priced_as="chatgpt-image-latest"),
    replace(_GPT_OLD, name="gpt-image-1-mini", priced_as="gpt-image-1-mini"),
    replace(_GPT_OLD, name="gpt-image-1", priced_as="gpt-image-1", ends=date(2026, 10, 23)),
    replace(
        _DALLE,
        name="dall-e-2",
        max_prompt=1_000,
        needs_mask=True,
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
        name="dall-e-3",
        operations=GENERATE_ONLY,
        sizes=DALLE_3_SIZES,
        qualities=("standard", "hd"),
        default_quality="standard",
        styles=("vivid", "natural"),
        max_prompt=4_000,
        per_call=1,
        masks=False,
        identifier="user",
        rewrites=True,
        # the vendor's price page before the model was retired
        picture_micros={
            ("standard", SQUARE): 40_000,
            ("standard", DALLE_3_SIZES[Shape.PORTRAIT]): 80_000,
            ("standard", DALLE_3_SIZES[Shape.LANDSCAPE]): 80_000,
            ("hd", SQUARE): 80_000,
            ("hd", DALLE_3_SIZES[Shape.PORTRAIT]): 120_000,
            ("hd", DALLE_3_SIZES[Shape.LANDSCAPE]): 120_000,
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
        _DALLE, max_prompt=4_000, per_call=1, identifier=None, ends=None, successor=None
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
        return replace(known, name=name)
    if dialect == "auto":
        spoken = Dialect.GPT_IMAGE if vendor or _sounds_like_gpt(bare) else Dialect.DALLE
    else:
        spoken = Dialect(dialect)
    return replace(GENERIC[spoken], name=name)


def live_models(dialect: Dialect, today: date) -> tuple[Model, ...]:
    """Return the models of *dialect* that the vendor's own API serves on *today*."""
    return tuple(m for m in _ENTRIES if m.dialect is dialect and m.live(today))


def _sounds_like_gpt(name: str) -> bool:
    return name.startswith(("gpt-image", "chatgpt-image"))
