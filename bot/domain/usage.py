"""What was made and what it cost, added up. Money is in micro-dollars."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from bot.domain.windows import Window

K = TypeVar("K")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Requests that cost something or made something, added up.

    Attributes:
        micros: everything that counts as spent.
        unsure_micros: the part of it that is our estimate: the model has no known price, or no
            answer came and the call may have been charged for.
    """

    requests: int = 0
    pictures: int = 0
    micros: int = 0
    unsure_micros: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Return both together."""
        return Tally(
            requests=self.requests + other.requests,
            pictures=self.pictures + other.pictures,
            micros=self.micros + other.micros,
            unsure_micros=self.unsure_micros + other.unsure_micros,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """How many requests ended how.

    Attributes:
        refused: declined for their content; they cost nothing.
        failed: for another reason.
        unknown: no answer came; they may have been charged for.
        running: have not ended yet.
    """

    done: int = 0
    refused: int = 0
    failed: int = 0
    unknown: int = 0
    running: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(Generic[K]):
    """The part of a whole that one member, command or model has."""

    of: K
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A window that has begun, and what was used in it until now."""

    window: Window
    starts_at: datetime
    resets_at: datetime
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberUsage:
    """One member's use of one server: in the windows of this moment, and since the beginning."""

    spans: tuple[Span, ...]
    ever: Tally
    outcomes: Outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUsage:
    """One server's use since the midnight *since*.

    Attributes:
        days: how many days of the server's calendar, today included.
        by_member: who used most, most first; *others* is everyone else.
        refusals: how often the requests declined for their content named each category.
    """

    since: datetime
    days: int
    total: Tally
    outcomes: Outcomes
    by_member: tuple[Share[int], ...]
    others: Tally
    by_command: tuple[Share[str], ...]
    by_model: tuple[Share[str], ...]
    refusals: tuple[tuple[str, int], ...]
