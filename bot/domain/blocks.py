"""Who may not ask for pictures on a server for a while."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A member who is blocked.

    Attributes:
        until: when it ends; None: when somebody lifts it.
        reason: as the moderator wrote it, for the member to read; may be empty.
        blocked_by: the moderator; None: the server's strikes did it.
    """

    guild_id: int
    user_id: int
    until: datetime | None
    reason: str
    blocked_by: int | None
    blocked_at: datetime

    def holds(self, now: datetime) -> bool:
        """Whether it has not ended."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Strikes:
    """How many requests of a member were declined within a day, since their last block.

    Attributes:
        most: how many are followed by a block.
        block: the one that they led to just now.
    """

    count: int
    most: int
    block: Block | None = None
