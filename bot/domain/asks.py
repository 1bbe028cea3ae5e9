"""What a member asked for: frozen, complete, free of Discord."""

from dataclasses import dataclass, field
from enum import StrEnum

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
    """Who asks. *manages* is Discord's Manage Server permission, as the interaction carried it."""

    user_id: int
    role_ids: frozenset[int] = frozenset()
    manages: bool = False
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
