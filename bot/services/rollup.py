"""Rolling up what ends, by day: written in the unit of work that ends it, so it is never behind."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from bot.domain.asks import Ask
from bot.domain.errors import (
    Blocked,
    ChannelClosed,
    QuotaDenied,
    QuotaFull,
    RoleMissing,
    TooManyAtOnce,
    TooManyAtOnceHere,
    UserError,
)
from bot.domain.jobs import JobState
from bot.domain.quota import Scope, Unit
from bot.domain.usage import Counts, Dimension, Outcomes
from bot.domain.waits import wait_class
from bot.domain.windows import zone
from bot.storage import daily, ledger
from bot.storage.database import Connection

TURNED_AWAY: tuple[type[UserError], ...] = (
    Blocked,
    QuotaFull,
    QuotaDenied,
    TooManyAtOnce,
    TooManyAtOnceHere,
    ChannelClosed,
    RoleMissing,
)
"""Refusals for a limit or a rule of the server; others are about what was asked for."""

BUDGET_FULL: Final = "BudgetFull"
"""The cause of what was turned away because the server's money does not suffice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A request that has come to its end.

    Attributes:
        code: its number in the ledger.
        day: what the server's clocks showed when it was asked.
        cause: the name of the error that ended it; None: it was shown.
        declined: the categories of each time that its content was declined.
        seconds: from the ask until it was shown; None: it was not.
        micros: what was booked for it, in micro-dollars.
    """

    code: str
    ask: Ask
    model: str
    day: date
    state: JobState
    cause: str | None = None
    declined: tuple[tuple[str, ...], ...] = ()
    seconds: float | None = None
    micros: int = 0


def day_of(at: datetime, timezone: str) -> date:
    """Return the date that the clocks of *timezone* show."""
    return at.astimezone(zone(timezone)).date()


def ended(connection: Connection, end: Ended) -> None:
    """Count *end*, whose line is in the ledger; to be called once for each request."""
    counts = Counts(
        tally=ledger.tally_of(connection, end.code), outcomes=Outcomes(**{end.state.value: 1})
    )
    entries = dict.fromkeys((*_whose(end.ask), (Dimension.MODEL, end.model)), counts)
    if end.cause is not None:
        entries[Dimension.CAUSE, end.cause] = counts
    if end.seconds is not None:
        once = Counts(outcomes=Outcomes(done=1))
        entries[Dimension.WAIT, f"{wait_class(end.seconds):02}"] = once
    for name, times in _categories(end.declined).items():
        entries[Dimension.CATEGORY, name] = Counts(outcomes=Outcomes(refused=times))
    daily.add(connection, end.ask.place.guild_id, end.day, entries)


def turned_away(connection: Connection, ask: Ask, error: UserError, day: date) -> None:
    """Count an ask that was refused for a limit or a rule before anything was booked."""
    once = Counts(outcomes=Outcomes(turned_away=1))
    cause = BUDGET_FULL if is_out_of_money(error) else type(error).__name__
    names = (*_whose(ask), (Dimension.CAUSE, cause))
    daily.add(connection, ask.place.guild_id, day, dict.fromkeys(names, once))


def is_out_of_money(error: UserError) -> bool:
    """Whether *error* says that the server's money does not suffice."""
    whose = (error.values.get("scope"), error.values.get("unit"))
    return isinstance(error, QuotaFull) and whose == (Scope.SERVER.value, Unit.DOLLARS.value)


def _whose(ask: Ask) -> Iterable[tuple[Dimension, str]]:
    place = ask.place
    yield Dimension.ALL, ""
    yield Dimension.MEMBER, str(ask.asker.user_id)
    yield Dimension.CHANNEL, str(place.parent_id or place.channel_id)
    yield Dimension.COMMAND, ask.command.value
    for role in ask.asker.role_ids:
        yield Dimension.ROLE, str(role)


def _categories(declined: Iterable[tuple[str, ...]]) -> dict[str, int]:
    times: dict[str, int] = {}
    for named in declined:
        for category in set(named):
            times[category] = times.get(category, 0) + 1
    return times
