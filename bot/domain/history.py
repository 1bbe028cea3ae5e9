"""What a member asked for on a server, page by page."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.domain.asks import Command
from bot.domain.jobs import Job, JobState

LONGEST_SEARCH: Final = 40
"""Characters that a search has, so that a button's id has room for them."""


class Ending(StrEnum):
    """How a request ended, in the words of a filter."""

    MADE = "made"
    DECLINED = "declined"
    FAILED = "failed"
    UNDER_WAY = "under way"


ENDINGS: Final[dict[Ending, frozenset[JobState]]] = {
    Ending.MADE: frozenset({JobState.DONE}),
    Ending.DECLINED: frozenset({JobState.REFUSED}),
    Ending.FAILED: frozenset({JobState.FAILED, JobState.UNKNOWN}),
    Ending.UNDER_WAY: frozenset({JobState.BOOKED, JobState.CALLING, JobState.MADE}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryQuery:
    """Which of a member's requests are meant; None and an empty search are any.

    Attributes:
        search: words that the prompt has, in any capitals.
        before_id: the newest of those before this one are meant.
        after_id: the oldest of those after this one are meant, and *before_id* is not.
    """

    guild_id: int
    user_id: int
    search: str = ""
    command: Command | None = None
    ending: Ending | None = None
    before_id: int | None = None
    after_id: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A request, and those that it was made from, the first one first."""

    job: Job
    before: tuple[Job, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Some requests, newest first, and whether there are more around them."""

    entries: tuple[Entry, ...]
    has_newer: bool
    has_older: bool
