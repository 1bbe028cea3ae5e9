"""How long the picture service usually takes, by what was measured here and nothing else."""

from collections import OrderedDict, deque
from collections.abc import Generator
from contextlib import contextmanager, suppress
from statistics import quantiles
from typing import Final

from bot.domain.clock import Clock
from bot.domain.errors import StorageBusy
from bot.domain.queue import Usual
from bot.services.admission import Ticket
from bot.storage import jobs
from bot.storage.database import Database

Kind = tuple[str, str, str | None]
"""What takes about the same time: command, model and quality."""

REMEMBERED: Final = 50
"""How many of the last calls of a kind count."""

ENOUGH: Final = 5
"""Fewer say nothing."""

WORTH_TELLING: Final = 5.0
"""Seconds: where half of the calls take no longer, the picture is there before it is read."""

_LOOKED_AT = 1_000  # of the latest requests, when Easel starts
_KINDS = 64  # how many kinds are remembered, the latest ones


class UsualTimes:
    """Remembers how long calls took, from one start to the next by the jobs in the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._measured: OrderedDict[Kind, deque[float]] = OrderedDict()

    async def load(self) -> None:
        """Take in what earlier processes measured; a busy database leaves it unknown."""
        with suppress(StorageBusy):
            for call in await self._database.read(lambda c: jobs.latest_calls(c, _LOOKED_AT)):
                self._note((call.command, call.model, call.quality), call.seconds)

    def of(self, ticket: Ticket) -> Usual | None:
        """Return what requests such as *ticket* usually take, where that is known and long."""
        measured = self._measured.get(_kind(ticket), ())
        if len(measured) < ENOUGH:
            return None
        least, middle, most = quantiles(measured, n=4, method="inclusive")
        if middle <= WORTH_TELLING:
            return None
        return Usual(least=round(least), most=round(most))

    @contextmanager
    def measured(self, ticket: Ticket) -> Generator[None]:
        """Remember how long the body takes, unless it fails."""
        began = self._clock.now()
        yield
        self._note(_kind(ticket), (self._clock.now() - began).total_seconds())

    def _note(self, kind: Kind, seconds: float) -> None:
        self._measured.setdefault(kind, deque(maxlen=REMEMBERED)).append(max(0.0, seconds))
        self._measured.move_to_end(kind)
        if len(self._measured) > _KINDS:
            self._measured.popitem(last=False)


def _kind(ticket: Ticket) -> Kind:
    return ticket.ask.command.value, ticket.request.model, ticket.request.quality
