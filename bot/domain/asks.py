"""What a member asked for: frozen, complete, free of Discord."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from bot.domain.pictures import Fit, Shape


class Command(StrEnum):
    """The three ways to make a picture."""

    IMAGINE = "imagine"
    EDIT = "edit"
    VARY = "vary"


class Strength(StrEnum):
    """How far a variation may go from its picture."""

    SUBTLE = "subtle"
    MEDIUM = "medium"
    STRONG = "strong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks. *moderates* is Discord's Manage Messages, as the interaction carried it."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file on Discord's servers. Nothing here is trusted: *size* and *name* are claims."""

    url: str
    name: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The interaction that carries the ask; *token* is a secret and lives 15 minutes."""

    interaction_id: int
    application_id: int
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request for pictures, with the server's defaults not yet applied (None)."""

    command: Command
    origin: Origin
    asker: Asker
    place: Place
    prompt: str = field(default="", repr=False)
    source: Source | None = None
    mask: Source | None = None
    region: str | None = None
    fit: Fit = Fit.PAD
    shape: Shape | None = None
    quality: str | None = None
    count: int = 1
    model: str | None = None
    style: str | None = None
    background: str | None = None
    verbatim: bool = False
    private: bool = False
    strength: Strength = Strength.MEDIUM
    parent: str | None = None


_REMEMBERED = (
    "region", "fit", "shape", "quality", "count", "model", "style", "background", "verbatim",
    "private", "strength", "source", "mask",
)  # fmt: skip
_READ: Mapping[str, Callable[[Any], Any]] = {
    "fit": Fit,
    "shape": Shape,
    "strength": Strength,
    "source": lambda values: Source(**values),
    "mask": lambda values: Source(**values),
}


def remember(ask: Ask) -> dict[str, Any]:
    """Return the options of *ask* as plain JSON values, without prompt, people and token."""
    everything = asdict(ask)
    return {name: everything[name] for name in _REMEMBERED if everything[name] is not None}


def recall(
    options: Mapping[str, Any],
    *,
    command: Command,
    prompt: str,
    origin: Origin,
    asker: Asker,
    place: Place,
    parent: str,
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
