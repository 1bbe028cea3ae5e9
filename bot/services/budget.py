"""A server's money: what its limits leave, and how long that lasts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from bot.domain.quota import Scope, Standing, Unit
from bot.domain.usage import Counts, Forecast
from bot.domain.windows import Clocks, Window
from bot.services.quota import Quotas

LOOK_BACK: Final = 14
"""Whole days that a forecast goes by, where a server has so many."""

ENOUGH: Final = 5
"""Whole days without which there is no forecast."""

NOBODY: Final = 0
"""In place of a member's id, where only the server's own limits matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One limit of a server in micro-dollars; grants count as part of it."""

    window: Window
    limit: int
    used: int
    in_flight: int
    resets_at: datetime

    @property
    def left(self) -> int:
        """What can still be spent."""
        return max(0, self.limit - self.used - self.in_flight)

    @property
    def percent(self) -> int:
        """How much of it is used or in flight, in whole percent; 100 where it is nothing."""
        return (self.used + self.in_flight) * 100 // self.limit if self.limit else 100


async def budgets(quotas: Quotas, guild_id: int, clocks: Clocks) -> tuple[Budget, ...]:
    """Return the money limits of a server that begin anew."""
    standings = await quotas.standing(guild_id, NOBODY, frozenset(), clocks)
    return tuple(filter(None, map(_budget, standings)))


async def month_budget(quotas: Quotas, guild_id: int, clocks: Clocks) -> Budget | None:
    """Return what a server may spend in a month, if it is limited."""
    found = await budgets(quotas, guild_id, clocks)
    return next((each for each in found if each.window is Window.MONTH), None)


def forecast(
    budget: Budget, now: datetime, today: date, spent: Mapping[date, Counts], first: date | None
) -> Forecast | None:
    """Say when *budget* is used up at the pace of the latest whole days.

    *spent* has what those days cost; *first* is the first day of all that is known of.
    """
    if first is None:
        return None
    days = min(LOOK_BACK, (today - first).days)
    latest = [spent.get(today - timedelta(days=ago), Counts()) for ago in range(1, days + 1)]
    pace = sum(counts.tally.micros for counts in latest)
    if days < ENOUGH or not pace:
        return None
    lasts = timedelta(days=min(budget.left * days / pace, 10_000))
    ends_at = now + lasts if now + lasts < budget.resets_at else None
    return Forecast(ends_at=ends_at, resets_at=budget.resets_at)


def _budget(standing: Standing) -> Budget | None:
    window = standing.window
    if standing.scope is not Scope.SERVER or standing.unit is not Unit.DOLLARS:
        return None
    if not isinstance(window, Window) or standing.resets_at is None:
        return None
    return Budget(
        window=window,
        limit=standing.limit + standing.granted,
        used=standing.used,
        in_flight=standing.in_flight,
        resets_at=standing.resets_at,
    )
