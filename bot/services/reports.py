"""Reports of what members and servers used, from what was recorded; right at any moment.

A server's report reads the daily roll-up alone, so it stays quick however long the ledger is. A
member's windows start at any hour, so they are added up from the member's own ledger lines.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, Final, TypeVar

from bot.domain.clock import Clock
from bot.domain.usage import (
    Counts,
    Dimension,
    MemberUsage,
    ServerUsage,
    Share,
    Span,
    Stretch,
    Tally,
    Waits,
)
from bot.domain.waits import quantile
from bot.domain.windows import Clocks, Window, span, zone
from bot.services.budget import LOOK_BACK, forecast, month_budget
from bot.services.quota import Quotas
from bot.storage import daily, reports
from bot.storage.database import Connection, Database
from bot.storage.reports import Part

K = TypeVar("K", int, str)

MOST_DAYS: Final = 366
BARS: Final = 14
"""At most so many stretches of days in a trend."""

_DAY: Final = timedelta(days=1)
_WINDOWS: Final = (Window.DAY, Window.WEEK, Window.MONTH)


class Reports:
    """Adds up what was recorded."""

    def __init__(self, database: Database, quotas: Quotas, clock: Clock) -> None:
        self._database = database
        self._quotas = quotas
        self._clock = clock

    async def mine(self, guild_id: int, user_id: int, clocks: Clocks) -> MemberUsage:
        """Return what one member used of a server, in the windows of its *clocks*."""
        now, part = self._clock.now(), Part(guild_id=guild_id, user_id=user_id)
        spans = {window: span(window, now, clocks) for window in _WINDOWS}
        today = now.astimezone(zone(clocks.timezone)).date()
        return await self._database.read(lambda c: _mine(c, part, spans, today))

    async def server(self, guild_id: int, clocks: Clocks, days: int) -> ServerUsage:
        """Return what a server used in the last *days* days of its calendar, today included."""
        now = self._clock.now()
        today = now.astimezone(zone(clocks.timezone)).date()
        first = today - (days - 1) * _DAY
        since = _midnight(first, clocks.timezone)
        usage = await self._database.read(partial(_server, guild_id, since, first, today))
        budget = await month_budget(self._quotas, guild_id, clocks)
        if budget is None:
            return usage
        spent, known = await self._database.read(partial(_latest, guild_id, today))
        return replace(usage, forecast=forecast(budget, now, today, spent, known))


def _mine(
    connection: Connection,
    part: Part,
    spans: Mapping[Window, tuple[datetime, datetime]],
    today: date,
) -> MemberUsage:
    month, _ = spans[Window.MONTH]
    first = today - (BARS - 1) * _DAY
    who = (part.guild_id, Dimension.MEMBER, str(part.user_id))
    return MemberUsage(
        spans=tuple(
            Span(
                window=window,
                starts_at=starts,
                resets_at=ends,
                tally=reports.tally(connection, replace(part, since=starts)),
            )
            for window, (starts, ends) in spans.items()
        ),
        ever=reports.tally(connection, part),
        outcomes=reports.outcomes(connection, replace(part, since=month)),
        trend=trend(daily.by_day(connection, *who, first, today), first, today),
    )


def _server(
    guild_id: int, since: datetime, first: date, today: date, connection: Connection
) -> ServerUsage:
    by = partial(daily.by_name, connection, guild_id, since=first, until=today)
    everything = (guild_id, Dimension.ALL, "")
    own = daily.by_day(connection, *everything, first, today)
    total = sum(own.values(), start=Counts())
    running = reports.running(connection, guild_id)
    return ServerUsage(
        since=since,
        first=first,
        days=(today - first).days + 1,
        total=total.tally,
        outcomes=replace(total.outcomes, running=running),
        before=_before(connection, guild_id, first, today),
        trend=trend(own, first, today),
        by_member=_shares(_ids(daily.by_member(connection, guild_id, first, today))),
        by_role=_shares(_ids(by(Dimension.ROLE))),
        by_channel=_shares(_ids(by(Dimension.CHANNEL))),
        by_command=_shares(by(Dimension.COMMAND)),
        by_model=_shares(by(Dimension.MODEL)),
        categories=_times(by(Dimension.CATEGORY)),
        causes=_times(by(Dimension.CAUSE)),
        waits=_waits(by(Dimension.WAIT)),
    )


def trend(by_day: Mapping[date, Counts], first: date, last: date) -> tuple[Stretch, ...]:
    """Return the days from *first* to *last* in at most `BARS` stretches of one length.

    The oldest may be shorter, so that the last one is whole.
    """
    days = (last - first).days + 1
    length = -(-days // BARS)
    stretches: list[Stretch] = []
    end = last
    while end >= first:
        begin = max(first, end - (length - 1) * _DAY)
        inside = [begin + number * _DAY for number in range((end - begin).days + 1)]
        tally = sum((by_day.get(day, Counts()).tally for day in inside), start=Tally())
        stretches.append(Stretch(first=begin, days=len(inside), tally=tally))
        end = begin - _DAY
    return tuple(reversed(stretches))


def _before(connection: Connection, guild_id: int, first: date, today: date) -> Counts | None:
    earlier = first - ((today - first).days + 1) * _DAY
    known = daily.first_day(connection, guild_id)
    if known is None or known > earlier:
        return None
    found = daily.by_name(connection, guild_id, Dimension.ALL, earlier, first - _DAY)
    return found.get("", Counts())


def _latest(
    guild_id: int, today: date, connection: Connection
) -> tuple[dict[date, Counts], date | None]:
    days = (today - LOOK_BACK * _DAY, today - _DAY)
    spent = daily.by_day(connection, guild_id, Dimension.ALL, "", *days)
    return spent, daily.first_day(connection, guild_id)


def _ids(named: Mapping[str, Counts]) -> dict[int, Counts]:
    return {int(name): counts for name, counts in named.items()}


def _shares(named: Mapping[K, Counts]) -> tuple[Share[K], ...]:
    """Return the parts of a whole, most spent first."""
    shares = (Share(of=of, tally=c.tally, outcomes=c.outcomes) for of, c in named.items())
    return tuple(sorted(shares, key=_rank))


def _rank(share: Share[Any]) -> tuple[int, int, int, Any]:
    tally = share.tally
    return -tally.micros, -tally.pictures, -tally.requests, share.of


def _times(named: Mapping[str, Counts]) -> tuple[tuple[str, int], ...]:
    """Return how often each name stands for something that was not made, most often first."""
    times = {name: counts.outcomes.ended - counts.outcomes.done for name, counts in named.items()}
    return tuple(sorted(times.items(), key=lambda item: (-item[1], item[0])))


def _waits(named: Mapping[str, Counts]) -> Waits | None:
    classes: Iterable[tuple[str, Counts]] = named.items()
    waits = {int(name): counts.outcomes.done for name, counts in classes}
    median, slow = quantile(waits, 0.5), quantile(waits, 0.95)
    return None if median is None or slow is None else Waits(median=median, slow=slow)


def _midnight(day: date, timezone: str) -> datetime:
    """Return when *day* began by the calendar, whatever the reset hour."""
    noon = datetime.combine(day, time(12), zone(timezone))
    return span(Window.DAY, noon, Clocks(timezone))[0]
