"""Reports of what members and servers used, from what was recorded; right at any moment."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any, Final, TypeVar

from bot.domain.clock import Clock
from bot.domain.usage import MemberUsage, ServerUsage, Share, Span, Tally
from bot.domain.windows import Clocks, Window, span, zone
from bot.storage import reports
from bot.storage.database import Connection, Database
from bot.storage.reports import Part

K = TypeVar("K", int, str)

MOST_DAYS: Final = 366
_NAMED: Final = 10  # members by name; the rest is added up
_WINDOWS: Final = (Window.DAY, Window.WEEK, Window.MONTH)


class Reports:
    """Adds up the ledger, the jobs and the moderation events."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def mine(self, guild_id: int, user_id: int, clocks: Clocks) -> MemberUsage:
        """Return what one member used of a server, in the windows of its *clocks*."""
        now, part = self._clock.now(), Part(guild_id=guild_id, user_id=user_id)
        spans = {window: span(window, now, clocks) for window in _WINDOWS}
        return await self._database.read(lambda c: _mine(c, part, spans))

    async def server(self, guild_id: int, clocks: Clocks, days: int) -> ServerUsage:
        """Return what a server used in the last *days* days of its calendar, today included."""
        since = _start_of_day(self._clock.now(), clocks, days - 1)
        part = Part(guild_id=guild_id, since=since)
        return await self._database.read(lambda c: _server(c, part, since, days))


def _mine(
    connection: Connection, part: Part, spans: Mapping[Window, tuple[datetime, datetime]]
) -> MemberUsage:
    month, _ = spans[Window.MONTH]
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
    )


def _server(connection: Connection, part: Part, since: datetime, days: int) -> ServerUsage:
    parts = reports.parts(connection, part)
    members = _shares((member, tally) for member, _, _, tally in parts)
    return ServerUsage(
        since=since,
        days=days,
        total=_sum(tally for *_, tally in parts),
        outcomes=reports.outcomes(connection, part),
        by_member=members[:_NAMED],
        others=_sum(member.tally for member in members[_NAMED:]),
        by_command=_shares((command, tally) for _, command, _, tally in parts),
        by_model=_shares((model, tally) for _, _, model, tally in parts),
        refusals=reports.refusals(connection, part),
    )


def _shares(parts: Iterable[tuple[K, Tally]]) -> tuple[Share[K], ...]:
    """Add up by the first of each pair, most spent first."""
    sums: dict[K, Tally] = {}
    for of, tally in parts:
        sums[of] = sums.get(of, Tally()) + tally
    shares = (Share(of=of, tally=tally) for of, tally in sums.items())
    return tuple(sorted(shares, key=_rank))


def _rank(share: Share[Any]) -> tuple[int, int, int, Any]:
    tally = share.tally
    return -tally.micros, -tally.pictures, -tally.requests, share.of


def _sum(tallies: Iterable[Tally]) -> Tally:
    return sum(tallies, start=Tally())


def _start_of_day(now: datetime, clocks: Clocks, days_ago: int) -> datetime:
    """Return when the day began that was *days_ago* days before today."""
    tz = zone(clocks.timezone)
    today = span(Window.DAY, now, clocks)[0].astimezone(tz).date()
    last = time(hour=23)  # of that date, whatever the reset hour
    return span(Window.DAY, datetime.combine(today - timedelta(days=days_ago), last, tz), clocks)[0]
