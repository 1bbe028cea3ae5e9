"""How long things are kept: the numbers that sweeps, settings and the privacy policy share."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from bot.domain.messages import Phrase


class Chosen(StrEnum):
    """The server's settings that decide how many days something is kept, by their names."""

    HISTORY = "history_days"
    LOGS = "log_days"


USUAL_DAYS: Final = {Chosen.HISTORY: 365, Chosen.LOGS: 180}
"""What holds where a server chose nothing."""

MOST_DAYS: Final = 1825
"""The longest that a server can choose: five years."""

LEAST_DAYS: Final = 7
"""The shortest: strikes, limits and open questions need some days."""

PROMPT_HOURS: Final = 24
"""How many hours the words of a request stay after its end where a server chose nothing."""

CASE_TEXT: Final = timedelta(days=30)
"""How long what a member wrote in a report or an appeal is kept."""

NOTICES: Final = timedelta(days=400)
"""How long is remembered what was told once: longer than the longest window."""

COUNTERS: Final = timedelta(days=7)
"""How long a limit's counter stays after its window has ended."""

MEMBER_DAYS: Final = timedelta(days=1096)
"""How long the daily roll-up has single members."""

PURGE: Final = timedelta(days=30)
"""How long a server's data stays after it removed Easel."""

STRIKES: Final = timedelta(hours=24)
"""How far back declined requests count as strikes."""

MINUTES: Final = 15
"""How long an answered form, or a price that waits to be agreed to, is kept at most."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long rows are kept, in words for the policy, and by which setting of a server."""

    says: Phrase
    setting: Chosen | None = None


def by_choice(setting: Chosen) -> Retention:
    """Return the retention that a server's setting decides."""
    usual = USUAL_DAYS[setting]
    says = Phrase(
        "{days} days unless the server chose otherwise ({setting})",
        days=usual,
        setting=setting.value,
    )
    return Retention(says, setting)


def days(lasts: timedelta) -> Retention:
    """Return the retention that is the same everywhere."""
    return Retention(Phrase("{days} days", days=lasts.days))


UNTIL_PURGE: Final = Retention(
    Phrase("until {days} days after the server removed Easel", days=PURGE.days)
)
