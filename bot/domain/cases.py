"""What members ask the people who moderate a server to look at."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class CaseKind(StrEnum):
    """A picture that somebody reports, or a refusal that its asker thinks a mistake."""

    REPORT = "report"
    APPEAL = "appeal"


class Outcome(StrEnum):
    """How a case was closed."""

    DELETED = "deleted"
    BLOCKED = "blocked"
    ANSWERED = "answered"
    DISMISSED = "dismissed"
    UNPOSTED = "unposted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One of them.

    Attributes:
        user_id: who asks.
        about_id: whose picture or request it is about.
        job_code: the request's.
        message_id: the picture's message, in *channel_id*; 0 where there is none.
        text: what the member wrote.
        locale: the member's.
        state: open or closed.
    """

    id: int
    guild_id: int
    kind: CaseKind
    user_id: int
    about_id: int
    job_code: str
    channel_id: int
    message_id: int
    text: str = field(repr=False)
    locale: str
    state: str
    card_channel_id: int | None
    card_message_id: int | None
    opened_at: datetime
    closed_at: datetime | None
    closed_by: int | None
    outcome: Outcome | None
