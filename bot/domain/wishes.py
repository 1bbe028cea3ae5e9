"""A member's wish for more than a limit allows, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.quota import Scope, Unit


class WishState(StrEnum):
    """Open until somebody who runs the server answers, or time does."""

    OPEN = "open"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    UNPOSTED = "unposted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a member asked the people who run a server for.

    Attributes:
        scope: whose limit was full, the member's or the server's.
        unit, window: what it counts, and when it begins anew.
        amount: pictures or micro-dollars that the request needs.
        channel_id: where it was asked.
        locale: the member's language.
        command, pictures, quality, micros: what the member wanted, and its price at most.
        card_channel_id, card_message_id: the card that managers see; None until it is posted.
        granted: what was approved, pictures or micro-dollars.
        grant_until: when that ends.
        reason: why it was denied.
    """

    id: int
    guild_id: int
    channel_id: int
    user_id: int
    locale: str
    scope: Scope
    unit: Unit
    window: str
    amount: int
    command: str
    pictures: int
    quality: str | None
    micros: int
    state: WishState
    card_channel_id: int | None
    card_message_id: int | None
    created_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    answered_by: int | None
    granted: int | None
    grant_until: datetime | None
    reason: str
    is_told: bool
