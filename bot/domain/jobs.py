"""The life of a request, from booked to a final state."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.domain.asks import Command


class JobState(StrEnum):
    """Where a job stands; each step is committed before the next begins."""

    BOOKED = "booked"
    CALLING = "calling"
    MADE = "made"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to the job."""
        return self in _FINAL


_FINAL = {JobState.DONE, JobState.REFUSED, JobState.FAILED, JobState.UNKNOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One request as it is remembered.

    Attributes:
        code: what people see, as in ``#k3f9q2w``.
        token: the interaction's, a secret; None once the job is finished.
        options: the ask without its prompt, token and pictures.
        place: what answering needs: locale, upload_limit in bytes, parent_id, age_restricted.
        prompt: None once retention has erased it.
        roles: the asker's when they asked; none once the job is finished.
        made: how many pictures came.
        estimate_micros, cost_micros: micro-dollars; the cost is None until it is settled.
        message_channel_id, message_id: where the answer stands, or the reply that announced it.
        calling_at, made_at, delivered_at: when the provider was asked, answered, and its answer
            was shown; None for what did not come to that.
        keep_until: until when pictures that could not be shown are kept.
    """

    id: int
    code: str
    interaction_id: int
    application_id: int
    token: str | None = field(repr=False)
    guild_id: int
    channel_id: int
    user_id: int
    command: Command
    state: JobState
    options: dict[str, Any]
    place: dict[str, Any]
    prompt: str | None = field(repr=False)
    revised_prompt: str | None = field(repr=False)
    model: str
    count: int
    made: int
    private: bool
    roles: frozenset[int]
    parent: str | None
    estimate_micros: int
    cost_micros: int | None
    message_channel_id: int | None
    message_id: int | None
    created_at: datetime
    calling_at: datetime | None
    made_at: datetime | None
    delivered_at: datetime | None
    finished_at: datetime | None
    keep_until: datetime | None
