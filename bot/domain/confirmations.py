"""A request whose price its asker has not agreed to yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.domain.asks import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What a price card stands for, as it is stored.

    Attributes:
        options: the request, as `bot.domain.asks.remember` returns it, its model named.
        cheaper: the same of the cheaper version; None where there is none.
        micros, cheaper_micros: what each may cost at most, in micro-dollars.
        token: the interaction's that showed the card; a secret that lives 15 minutes.
    """

    code: str
    interaction_id: int
    application_id: int
    token: str = field(repr=False)
    guild_id: int
    channel_id: int
    user_id: int
    command: Command
    options: Mapping[str, Any] = field(repr=False)
    cheaper: Mapping[str, Any] | None = field(repr=False)
    place: Mapping[str, Any]
    prompt: str = field(repr=False)
    parent: str | None
    micros: int
    cheaper_micros: int | None
    expires_at: datetime

    @property
    def locale(self) -> str:
        """The asker's language."""
        return str(self.place["locale"])
