"""What managers changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One change: *user_id* did *action* to *target*; *before* and *after* are JSON values."""

    id: int
    guild_id: int
    user_id: int
    action: str
    target: str
    before: Any
    after: Any
    at: datetime
