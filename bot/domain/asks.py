"""What a member asked for: frozen, complete, free of Discord."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from bot.domain.pictures import Fit, Size
from bot.domain.sizes import Wanted, parse_wanted


class Command(StrEnum):
    """The ways to make a picture."""

    IMAGINE = "imagine"
    EDIT = "edit"
    VARY = "vary"
    BLEND = "blend"


class Strength(StrEnum):
    """How far a variation may go from its picture."""

    SUBTLE = "subtle"
    MEDIUM = "medium"
    STRONG = "strong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks. *moderates* is whether they have Manage Messages or run the server."""

    user_id: int
    role_ids: frozenset[int] = frozenset()
    moderates: bool = False
    locale: str = "en-US"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the ask was made. *upload_limit* is in bytes a file, as the interaction carried it."""

    guild_id: int
    channel_id: int
    parent_id: int | None = None
    age_restricted: bool = False
    upload_limit: int = 10 * 1024 * 1024

    @property
    def home_id(self) -> int:
        """The channel whose limits hold: a thread's is the one that it belongs to."""
        return self.parent_id or self.channel_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file on Discord's servers. Nothing here is trusted: all but the address are claims.

    *size* is in bytes; *pixels* are width and height where Discord knows them.
    """

    url: str
    name: str
    size: int
    pixels: Size | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The interaction that carries the ask; *token* is a secret and lives 15 minutes."""

    interaction_id: int
    application_id: int
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request for pictures, with the server's defaults not yet applied (None).

    Attributes:
        difference: a copy of the source that was painted over; where it differs is what changes.
        region: what changes, by one name or several, as `bot.domain.pictures.regions_in` reads it.
        extend: how much room is painted around the source, by a name of `EXTENSIONS`.
        invert: whether everything else changes instead of what was chosen.
        grow: how far the chosen part grows, in percent of the canvas's longer side; it shrinks
            where this is negative.
        keep: whether what was not chosen stays exactly as it is.
        found_in: ``channel/message`` of where the source was found; None where it was uploaded.
        economy: the options that a saving server chose and not the member.
    """

    command: Command
    origin: Origin
    asker: Asker
    place: Place
    prompt: str = field(default="", repr=False)
    source: Source | None = None
    mask: Source | None = None
    difference: Source | None = None
    markup: Source | None = None
    references: tuple[Source, ...] = ()
    region: str | None = None
    extend: str | None = None
    invert: bool = False
    grow: int = 0
    keep: bool = True
    fit: Fit = Fit.PAD
    shape: Wanted | None = None
    quality: str | None = None
    count: int = 1
    model: str | None = None
    style: str | None = None
    background: str | None = None
    output_format: str | None = None
    verbatim: bool = False
    private: bool = False
    strength: Strength = Strength.MEDIUM
    parent: str | None = None
    found_in: str | None = None
    economy: tuple[str, ...] | None = None

    @property
    def is_masked(self) -> bool:
        """Whether only a part of the source, or of its surroundings, changes."""
        return bool(self.mask or self.difference or self.region or self.extend)


def source_in(values: Mapping[str, Any]) -> Source:
    """Return the source whose plain JSON *values* these are."""
    known: Mapping[str, int] | None = values.get("pixels")
    return Source(**values) if known is None else replace(Source(**values), pixels=Size(**known))


_REMEMBERED = (
    "region", "extend", "invert", "grow", "keep", "fit", "shape", "quality", "count", "model",
    "style", "background", "output_format", "verbatim", "private", "strength", "source", "mask",
    "difference", "markup", "references", "found_in", "economy",
)  # fmt: skip
_READ: Mapping[str, Callable[[Any], Any]] = {
    "fit": Fit,
    "shape": parse_wanted,
    "strength": Strength,
    "source": source_in,
    "mask": source_in,
    "difference": source_in,
    "markup": source_in,
    "economy": tuple,
    "references": lambda values: tuple(source_in(each) for each in values),
}


def remember(ask: Ask) -> dict[str, Any]:
    """Return the options of *ask* as plain JSON values, without prompt, people and token."""
    everything = asdict(ask) | {"shape": str(ask.shape) if ask.shape else None}
    return {name: everything[name] for name in _REMEMBERED if everything[name] is not None}


def recall(
    options: Mapping[str, Any],
    *,
    command: Command,
    prompt: str,
    origin: Origin,
    asker: Asker,
    place: Place,
    parent: str | None,
) -> Ask:
    """Return the ask whose `remember`ed *options* these are, for another interaction."""
    values = {
        name: _READ[name](value) if name in _READ else value for name, value in options.items()
    }
    return Ask(
        command=command,
        prompt=prompt,
        origin=origin,
        asker=asker,
        place=place,
        parent=parent,
        **values,
    )
