"""What was made and what it cost, added up. Money is in micro-dollars."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, TypeVar

from bot.domain.windows import Window

K = TypeVar("K")


class Dimension(StrEnum):
    """What the daily roll-up adds up by; the name of an entry is given for each.

    A request counts once in the first six, once for every role that its asker had when they
    asked, and once for every category that it was declined for.
    """

    ALL = "all"  # no name
    MEMBER = "member"  # an id
    MEMBER_MONTH = "member-month"  # the same by calendar months: members are many
    CHANNEL = "channel"  # an id; a thread counts for its channel
    COMMAND = "command"
    MODEL = "model"
    ROLE = "role"  # an id
    CATEGORY = "category"  # why content was declined, as the vendor names it
    CAUSE = "cause"  # why nothing was made: the name of the error class
    WAIT = "wait"  # how long a request that was shown took: see bot.domain.waits


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
        turned_away: refused before they began, for a limit or a rule of the server; free.
        running: have not ended yet.
    """

    done: int = 0
    refused: int = 0
    failed: int = 0
    unknown: int = 0
    turned_away: int = 0
    running: int = 0

    def __add__(self, other: "Outcomes") -> "Outcomes":
        """Return both together."""
        return Outcomes(
            done=self.done + other.done,
            refused=self.refused + other.refused,
            failed=self.failed + other.failed,
            unknown=self.unknown + other.unknown,
            turned_away=self.turned_away + other.turned_away,
            running=self.running + other.running,
        )

    @property
    def ended(self) -> int:
        """How many came to an end, those turned away included."""
        return self.done + self.refused + self.failed + self.unknown + self.turned_away


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What was used and how it ended: one line of the daily roll-up."""

    tally: Tally = Tally()
    outcomes: Outcomes = Outcomes()

    def __add__(self, other: "Counts") -> "Counts":
        """Return both together."""
        return Counts(tally=self.tally + other.tally, outcomes=self.outcomes + other.outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(Generic[K]):
    """The part of a whole that one member, role, channel, command or model has."""

    of: K
    tally: Tally
    outcomes: Outcomes = Outcomes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A window that has begun, and what was used in it until now."""

    window: Window
    starts_at: datetime
    resets_at: datetime
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Some days of a server's calendar, and what was used in them."""

    first: date
    days: int
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberUsage:
    """One member's use of one server: in the windows of this moment, lately, and in all."""

    spans: tuple[Span, ...]
    ever: Tally
    outcomes: Outcomes
    trend: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How many seconds people waited for what they were shown; *slow* is what 19 of 20 had by."""

    median: float
    slow: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """How long the budget lasts at the pace of the latest days; None: until it begins anew."""

    ends_at: datetime | None
    resets_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUsage:
    """One server's use in the days of its calendar that began at the midnight *since*.

    Attributes:
        first: the first of those days.
        days: how many, today included.
        before: the same for as many days before; None where nothing is known of all of them.
        trend: the days one by one, or several together, oldest first.
        by_member, by_role, by_channel, by_command, by_model: most spent first. A request counts
            for every role that its asker had, so roles add up to more than the total.
        categories: how often requests declined for their content named each category.
        causes: how many requests were not made, by the name of the error class.
        forecast: None where there is no budget, or too little to tell by.
    """

    since: datetime
    first: date
    days: int
    total: Tally
    outcomes: Outcomes
    before: Counts | None
    trend: tuple[Stretch, ...]
    by_member: tuple[Share[int], ...]
    by_role: tuple[Share[int], ...]
    by_channel: tuple[Share[int], ...]
    by_command: tuple[Share[str], ...]
    by_model: tuple[Share[str], ...]
    categories: tuple[tuple[str, int], ...]
    causes: tuple[tuple[str, int], ...]
    waits: Waits | None
    forecast: Forecast | None = None
