"""What those who run the bot or a server should know of the picture service, each thing once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import structlog

from bot.domain.clock import Clock
from bot.domain.errors import OperationMissing, ProviderError, StorageBusy
from bot.domain.guild import GuildChoices
from bot.domain.shards import Ownership
from bot.providers.base import Ending, ImageProvider, Stop
from bot.storage import guilds, notices
from bot.storage.database import Database
from bot.storage.notices import OPERATOR, Notice

log = structlog.get_logger(__name__)

SOON: Final = timedelta(days=60)
"""How long before a model's end people are told."""

LOOK_EVERY: Final = timedelta(days=1)
"""How often the picture service is asked which of its models end."""

_STILL: Final = timedelta(hours=1)  # for so long one process speaks of a stop for all of them
_AGAIN_AFTER: Final = timedelta(hours=1)  # where it could not say


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEnds:
    """A model's end, for those who run the bot.

    Attributes:
        over: whether its day has come.
        default: whether it is the model of those who choose none.
        servers: how many servers chose it.
    """

    ending: Ending
    over: bool
    default: bool
    servers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerModelEnds:
    """The end of the model that a server chose, for its log channel.

    *successor* is None where none can be chosen in its place by name.
    """

    guild_id: int
    channel_id: int
    ending: Ending
    over: bool
    successor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endings:
    """What has not been told yet of models that end."""

    operator: tuple[ModelEnds, ...] = ()
    servers: tuple[ServerModelEnds, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StopChange:
    """A stop that began at *since* and is open still, or is closed again."""

    stop: Stop
    since: datetime
    is_open: bool


class Alerts:
    """Finds what is new; whoever asks tells it.

    An ending is told at most once for a model and its day: it is written down before it is sent,
    because a restart in between should rather lose a message than repeat it at every start, in
    every server. What was lost stands in the log, which has it at every look, and in the doctor's
    report. A stop is remembered by this process alone, so a restart tells of it again. Of several
    processes that meet the same stop, the first one tells that it opened, and that it closed.
    """

    def __init__(
        self,
        database: Database,
        provider: ImageProvider,
        clock: Clock,
        *,
        ownership: Ownership,
        operator_channel: int | None = None,
    ) -> None:
        self._ownership = ownership
        self._spoken: set[tuple[str, str | None]] = set()
        self.operator_channel = operator_channel
        self._database = database
        self._provider = provider
        self._clock = clock
        self._next_look: datetime | None = None
        self._stops: dict[tuple[str, str | None], StopChange] = {}

    def stop_changes(self) -> tuple[StopChange, ...]:
        """Return which stops opened or closed since the latest question."""
        now = self._clock.now()
        found = {(stop.cause, stop.model): stop for stop in self._provider.stops}
        closed = [change for key, change in self._stops.items() if key not in found]
        opened = {
            key: StopChange(stop=stop, since=now - timedelta(seconds=stop.since), is_open=True)
            for key, stop in found.items()
            if key not in self._stops
        }
        held = {key: change for key, change in self._stops.items() if key in found}
        self._stops = held | opened
        over = (StopChange(stop=each.stop, since=each.since, is_open=False) for each in closed)
        return (*over, *opened.values())

    async def new_stops(self) -> tuple[StopChange, ...]:
        """Return which stops opened or closed that no other process tells of."""
        changes = self.stop_changes()
        if self._ownership.shards.are_all:
            return changes
        return tuple([change for change in changes if await self._speaks_of(change)])

    async def _speaks_of(self, change: StopChange) -> bool:
        """Whether this process tells of *change*; where the database is busy, rather twice."""
        stop, now = change.stop, self._clock.now()
        key, notice = (stop.cause, stop.model), (f"stop:{stop.cause}:{stop.model}", OPERATOR)
        try:
            if change.is_open:
                before = now - _STILL
                mine = await self._database.write(lambda c: notices.renew(c, notice, now, before))
            elif mine := key in self._spoken:
                await self._database.write(lambda c: notices.forget(c, notice))
        except StorageBusy:
            mine = True
        (self._spoken.add if mine and change.is_open else self._spoken.discard)(key)
        return mine

    async def endings(self) -> Endings:
        """Return which models end and nobody has been told; once a day, else nothing.

        Raises:
            StorageBusy: nothing counts as told; the next question looks again.
        """
        now = self._clock.now()
        if self._next_look is not None and now < self._next_look:
            return Endings()
        self._next_look = now + _AGAIN_AFTER  # also where asking fails as nobody foresaw
        try:
            found = await self._provider.endings()
        except ProviderError as error:
            if isinstance(error, OperationMissing):
                self._next_look = now + LOOK_EVERY
            log.info("endings_unknown", reason=type(error).__name__, hint=error.operator)
            return Endings()
        self._next_look = now
        untold = await self._untold([each for each in found if is_near(each, now.date())], now)
        self._next_look = now + LOOK_EVERY
        return untold

    async def _untold(self, near: list[Ending], now: datetime) -> Endings:
        if not near:
            return Endings()
        names = {ending.model for ending in near}
        chosen = await self._database.read(lambda c: guilds.choosing(c, names))
        operator = [self._for_operator(ending, chosen, now.date()) for ending in near]
        servers = [each for end in near for each in self._for_servers(end, chosen, now.date())]
        for each in operator:
            _log(each)
        addressed = operator if self.operator_channel is not None else []
        wanted = [(_key(each.ending), OPERATOR) for each in addressed]
        wanted += [(_key(each.ending), each.guild_id) for each in servers]
        new = await self._claim(wanted, now)
        return Endings(
            operator=tuple(each for each in addressed if (_key(each.ending), OPERATOR) in new),
            servers=tuple(each for each in servers if (_key(each.ending), each.guild_id) in new),
        )

    async def _claim(self, wanted: list[Notice], now: datetime) -> frozenset[Notice]:
        if not wanted:
            return frozenset()
        return await self._database.write(lambda c: notices.claim(c, wanted, now))

    def _for_operator(
        self, ending: Ending, chosen: dict[int, GuildChoices], today: date
    ) -> ModelEnds:
        return ModelEnds(
            ending=ending,
            over=is_over(ending, today),
            default=ending.model == next(iter(self._provider.models), None),
            servers=sum(choices.model == ending.model for choices in chosen.values()),
        )

    def _for_servers(
        self, ending: Ending, chosen: dict[int, GuildChoices], today: date
    ) -> Iterable[ServerModelEnds]:
        offered = ending.successor if ending.successor in self._provider.models else None
        for guild_id, choices in chosen.items():
            chose = choices.model == ending.model and self._ownership.owns(guild_id)
            if chose and choices.log_channel is not None:
                yield ServerModelEnds(
                    guild_id=guild_id,
                    channel_id=choices.log_channel,
                    ending=ending,
                    over=is_over(ending, today),
                    successor=offered,
                )


def is_near(ending: Ending, today: date) -> bool:
    """Tell whether *ending* is so near, or past, that people should know."""
    return ending.day is None or ending.day - today <= SOON


def is_over(ending: Ending, today: date) -> bool:
    """Tell whether the day of *ending* has come."""
    return ending.day is None or ending.day <= today


def _key(ending: Ending) -> str:
    return f"ending:{ending.model}:{ending.day.isoformat() if ending.day else 'gone'}"


def _log(ends: ModelEnds) -> None:
    ending = ends.ending
    other = ending.successor or "another model"
    log.warning(
        "model_ends",
        model=ending.model,
        day=ending.day.isoformat() if ending.day else "withdrawn",
        servers=ends.servers,
        cure=f"Set OPENAI_MODEL to {other}." if ends.default else f"Who chose it needs {other}.",
    )
