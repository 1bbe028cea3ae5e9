"""What is told of requests that wait for their turn or have it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Whose request it is, and what is said of it; no picture is held while it waits.

    Attributes:
        kind: what takes about the same time, as model and quality.
        kept: its pictures are made and paid for, so that it is not cancelled any more.
    """

    code: str
    guild_id: int
    user_id: int
    command: str
    pictures: int = 1
    kind: tuple[str, str | None] = ("", None)
    kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How many requests wait, and how many have their turn."""

    waiting: int
    running: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a waiting request stands if nobody else asks.

    Attributes:
        ahead: how many requests begin before it.
        starts_in: seconds until it begins, by what was measured; None where nothing was.
    """

    ahead: int
    starts_in: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One request in the queue; *standing* is None once it has begun."""

    turn: Turn
    since: datetime
    standing: Standing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a waiting request is told: *place* 1 is next; *starts_at* as far as it is known."""

    place: int
    starts_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What half of the calls of a kind took, in whole seconds: a quarter less, a quarter more."""

    least: int
    most: int
