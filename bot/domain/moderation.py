"""What was refused for its content."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

STAGES: Final = ("input", "output", "unknown")
"""Where a refusal happened: on the words and pictures given, on the picture made, or not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModerationEvent:
    """One request that was refused for its content; neither its words nor its pictures are kept.

    Attributes:
        source: who refused: vendor or server.
        stage: one of `STAGES`.
        categories: as the one who refused named them.
        scores: by category how sure the server's own check was, 0 to 1; a vendor does not tell.
        request_id: the vendor's, for questions to it.
        fingerprint: keyed, of the prompt: the same words give the same fingerprint.
    """

    guild_id: int
    channel_id: int
    user_id: int
    job_code: str | None
    command: str
    model: str
    source: str
    stage: str
    categories: tuple[str, ...]
    request_id: str | None
    fingerprint: str
    at: datetime
    scores: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """Which of a server's events are meant; None is any.

    Attributes:
        before_id: the newest of those before this one are meant.
        after_id: the oldest of those after this one are meant, and *before_id* is not.
        size: how many at most.
    """

    guild_id: int
    member: int | None = None
    category: str | None = None
    stage: str | None = None
    before_id: int | None = None
    after_id: int | None = None
    size: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """Some events, newest first.

    Attributes:
        total: how many events there are on all pages.
        skipped: how many of them are on newer pages.
        older: the *before_id* of the next page; None where this is the last.
        newer: the *after_id* of the page before; None where this is the first.
        repeats: by fingerprint how often the same words were declined on the whole server; only
            those that were so more than once.
    """

    events: tuple[ModerationEvent, ...]
    total: int
    skipped: int = 0
    older: int | None = None
    newer: int | None = None
    repeats: Mapping[str, int] = field(default_factory=dict[str, int])
