"""Telling a server that its money goes: once for each share of it, in each window."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from bot.domain.clock import Clock
from bot.domain.guild import GuildChoices
from bot.domain.shards import Ownership
from bot.domain.usage import Dimension
from bot.domain.windows import Window, zone
from bot.services.budget import Budget, budgets
from bot.services.guilds import Guilds
from bot.services.quota import Quotas
from bot.services.rollup import BUDGET_FULL
from bot.storage import daily, guilds, ledger, notices
from bot.storage.database import Connection, Database

SHARES: Final = (50, 80, 100)
"""Percent of a budget that are told of."""

_WINDOWS: Final = (Window.MONTH, Window.WEEK, Window.DAY)  # an hour's would be noise
_FEW: Final = 50  # percent used, from which a refusal means that a budget is as good as used up


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetAlert:
    """That *percent* of a server's *budget* is used, for its log channel."""

    guild_id: int
    channel_id: int
    percent: int
    budget: Budget


class BudgetAlerts:
    """Finds what is new; whoever asks tells it.

    Each is written down before it is sent: a restart in between should rather lose a message than
    repeat it. What is in flight does not count, as it may be given back.
    """

    def __init__(
        self,
        database: Database,
        quotas: Quotas,
        servers: Guilds,
        clock: Clock,
        *,
        ownership: Ownership,
        out_of_money: set[int],
    ) -> None:
        """Look at a server also when it is in *out_of_money*, which is emptied."""
        self._ownership = ownership
        self._database = database
        self._quotas = quotas
        self._guilds = servers
        self._clock = clock
        self._out_of_money = out_of_money
        self._seen: tuple[int, date] | None = None

    async def new(self) -> tuple[BudgetAlert, ...]:
        """Return what servers with a log channel have not been told; looks where money moved.

        Raises:
            StorageBusy: the next question looks again; what was written down is not repeated.
        """
        seen, today = self._seen, self._clock.now().date()
        last, moved = await self._database.read(lambda c: _moved(c, seen, today))
        found: list[BudgetAlert] = []
        refused = frozenset(self._out_of_money)
        for guild_id in filter(self._ownership.owns, sorted({*moved, *refused})):
            choices = await self._guilds.choices(guild_id)
            if choices.log_channel is not None:
                found += await self._of_guild(guild_id, choices.log_channel, choices)
        self._seen = last, today
        self._out_of_money -= refused
        return tuple(found)

    async def _of_guild(
        self, guild_id: int, channel_id: int, choices: GuildChoices
    ) -> list[BudgetAlert]:
        found: list[BudgetAlert] = []
        for budget in await budgets(self._quotas, guild_id, choices.clocks):
            if budget.window not in _WINDOWS or not budget.limit:
                continue
            percent = await self._new_share(guild_id, budget, choices.timezone)
            if percent is not None:
                alert = BudgetAlert(
                    guild_id=guild_id, channel_id=channel_id, percent=percent, budget=budget
                )
                found.append(alert)
        return found

    async def _new_share(self, guild_id: int, budget: Budget, timezone: str) -> int | None:
        """Claim the shares that are reached; return the highest where nobody was told of it."""
        used = budget.used * 100 // budget.limit
        if used < SHARES[0]:
            return None
        ends = budget.resets_at.astimezone(zone(timezone)).date()
        if used >= _FEW and await self._was_refused(guild_id, _first_day(budget.window, ends)):
            used = max(used, SHARES[-1])
        reached = [share for share in SHARES if used >= share]
        keys = {f"budget:{budget.window}:{ends.isoformat()}:{share}": share for share in reached}
        now, wanted = self._clock.now(), [(key, guild_id) for key in keys]
        told = await self._database.read(lambda c: notices.told(c, wanted))
        if len(told) == len(wanted):
            return None
        new = await self._database.write(lambda c: notices.claim(c, wanted, now))
        return reached[-1] if reached[-1] in {keys[key] for key, _ in new} else None

    async def _was_refused(self, guild_id: int, since: date) -> bool:
        """Whether a request was refused in the window for the server's money."""
        place = (guild_id, Dimension.CAUSE, BUDGET_FULL)
        until = since + timedelta(days=366)
        return bool(await self._database.read(lambda c: daily.by_day(c, *place, since, until)))


def _moved(
    connection: Connection, seen: tuple[int, date] | None, today: date
) -> tuple[int, Iterable[int]]:
    """Return the ledger's last line, and the servers whose money moved since the one *seen*.

    A limit or the log channel may be new, so everyone is looked at after a start and once a day.
    """
    last = ledger.last_id(connection)
    if seen is None or seen[1] != today:
        return last, guilds.with_log_channel(connection)
    return last, ledger.guilds_since(connection, seen[0])


def _first_day(window: Window, ends: date) -> date:
    """Return the day on which the window began that *ends* on a day."""
    if window is Window.MONTH:
        return (ends - timedelta(days=1)).replace(day=ends.day)
    return ends - timedelta(days=7 if window is Window.WEEK else 1)
