"""What the people who run a server have chosen; anything not chosen is the default here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.retention import PROMPT_HOURS, USUAL_DAYS, Chosen
from bot.domain.windows import Clocks, Weekday


class Strictness(StrEnum):
    """How strictly the vendor's safety system looks at requests; low is for adult channels only."""

    AUTO = "auto"
    LOW = "low"


class Fidelity(StrEnum):
    """How members' pictures are sent: as squares, or in their own shape where a model takes it."""

    SQUARE = "square"
    OWN = "own"


class Unchecked(StrEnum):
    """What becomes of a request that the pre-check could not look at."""

    ALLOW = "allow"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildChoices:
    """One server's settings.

    Attributes:
        model, quality: defaults for requests that name none; None follows the operator's.
        channels, roles: where and by whom pictures may be made; empty means everywhere, everyone.
        strictness: the vendor's moderation level.
        timezone: an IANA name; quota windows follow this zone's clocks.
        week_start: the weekday on which the windows of weeks start.
        reset_hour: 0 to 23: the hour at which the windows of days, weeks and months start.
        gifts: whether members may give a part of their own grants to one another.
        log_channel: where moderation and quota notices go.
        prompt_hours: how long a prompt is kept after its request ended.
        fidelity: how members' pictures are sent.
        previews: whether pictures are shown while they are made; each preview costs.
        precheck: whether words and pictures are looked at before the picture service is asked,
            where the operator has set that up.
        thresholds: by category the score, 0 to 1, from which a request is declined, in place of
            the moderation service's own judgement; above 1 never.
        economy: the percent of the month's budget beyond which defaults become cheaper; None: off.
        digest: the weekday on which the log channel gets a digest; None: never.
        digest_hour: 0 to 23: the hour of the server's clocks for it.
        unchecked: what happens where the pre-check gives no answer.
        strikes: so many declined requests of a member within a day are followed by a block; None:
            never.
        block_hours: how long such a block lasts.
        history_days: how many days requests stay in members' histories.
        log_days: how many days the records of moderators and managers are kept: what was declined,
            reports, wishes, ended blocks, and what was changed.
        ask_above: micro-dollars; a request that may cost more is asked about first. None: never.
    """

    model: str | None = None
    quality: str | None = None
    channels: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()
    strictness: Strictness = Strictness.AUTO
    timezone: str = "UTC"
    log_channel: int | None = None
    prompt_hours: int = PROMPT_HOURS
    fidelity: Fidelity = Fidelity.SQUARE
    previews: bool = False
    precheck: bool = True
    thresholds: Mapping[str, float] = field(default_factory=dict[str, float])
    unchecked: Unchecked = Unchecked.ALLOW
    week_start: Weekday = Weekday.MONDAY
    reset_hour: int = 0
    gifts: bool = False
    economy: int | None = None
    ask_above: int | None = None
    digest: Weekday | None = None
    digest_hour: int = 9
    strikes: int | None = None
    block_hours: int = 24
    history_days: int = USUAL_DAYS[Chosen.HISTORY]
    log_days: int = USUAL_DAYS[Chosen.LOGS]

    @property
    def clocks(self) -> Clocks:
        """When this server's days, weeks and months start."""
        return Clocks(self.timezone, self.week_start, self.reset_hour)
