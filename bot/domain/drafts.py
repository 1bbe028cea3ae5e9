"""Pictures that somebody chose, before it is said what shall become of them."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.asks import Command, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a form, or the private message before it, is about.

    Attributes:
        command: what shall be done with one of the pictures.
        found_in: ``channel/message`` of where they were found; None: nobody else sees that.
        private: whether what comes of it is private unless said otherwise.
        parent: the code of the request that made them, where it was one of ours.
    """

    code: str
    guild_id: int
    user_id: int
    command: Command
    sources: tuple[Source, ...] = field(repr=False)
    found_in: str | None
    private: bool
    parent: str | None
    expires_at: datetime
