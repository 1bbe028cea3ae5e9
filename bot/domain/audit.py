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


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Some entries, newest first, and whether there are more around them."""

    entries: tuple[AuditEntry, ...]
    has_newer: bool
    has_older: bool
