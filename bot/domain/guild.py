"""What the people who run a server have chosen; anything not chosen is the default here."""

from dataclasses import dataclass
from enum import StrEnum


class Strictness(StrEnum):
    """How strictly the vendor's safety system looks at requests; low is for adult channels only."""

    AUTO = "auto"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildChoices:
    """One server's settings.

    Attributes:
        model, quality: defaults for requests that name none; None follows the operator's.
        channels, roles: where and by whom pictures may be made; empty means everywhere, everyone.
        strictness: the vendor's moderation level.
        timezone: an IANA name; quota windows start at this zone's midnight.
        log_channel: where moderation and quota notices go.
        prompt_hours: how long a prompt is kept after its request ended.
    """

    model: str | None = None
    quality: str | None = None
    channels: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()
    strictness: Strictness = Strictness.AUTO
    timezone: str = "UTC"
    log_channel: int | None = None
    prompt_hours: int = 24
