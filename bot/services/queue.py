"""Who is next: servers in turn, within a server its members in turn, first come first served.

A server never holds every place: a call that runs cannot be taken back, so a place that is left
free for the next server is worth more than one more request of the same server. Its cap therefore
holds also while nobody else waits.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from heapq import heapify, heappop, heappush
from statistics import median
from typing import Final

from bot.domain.clock import Clock, Park
from bot.domain.errors import (
    AlreadyBegun,
    Cancelled,
    CancelledByManager,
    NotInQueue,
    TooBusy,
    UserError,
)
from bot.domain.queue import Line, Load, Standing, Turn
from bot.services.admission import Ticket
from bot.storage import audit
from bot.storage.database import Connection, Database

REMEMBERED: Final = 50
"""How many of the last requests of a kind an expected start is reckoned from."""

_KINDS = 64  # how many kinds are remembered, the latest ones
_SHOWING = ("", "kept")  # as a kind: what is made takes far less time
_GUESS = 60.0  # seconds, for the order alone, of a kind of which nothing is known


def share(at_once: int) -> int:
    """Return how many of *at_once* places one server may hold: three of four, at least one."""
    return at_once - at_once // 4


def turn_of(ticket: Ticket, *, kept: bool = False) -> Turn:
    """Return what the queue knows of *ticket*; *kept*: its pictures only need to be shown."""
    ask, request = ticket.ask, ticket.request
    return Turn(
        code=ticket.code,
        guild_id=ask.place.guild_id,
        user_id=ask.asker.user_id,
        command=ask.command.value,
        pictures=request.count,
        kind=_SHOWING if kept else (request.model, request.quality),
        kept=kept,
    )


@dataclass(slots=True, eq=False)
class _Waiter:
    turn: Turn
    since: datetime
    future: asyncio.Future[UserError | None]
    task: asyncio.Task[object] | None
    begun: datetime | None = None
    called: bool = False
    error: UserError | None = None


class _Rota:
    """The waiting requests in the order in which they are taken."""

    def __init__(self) -> None:
        self._guilds: OrderedDict[int, OrderedDict[int, deque[_Waiter]]] = OrderedDict()

    def copy(self) -> "_Rota":
        """Return a rota that can be emptied without changing this one."""
        made = _Rota()
        for guild_id, members in self._guilds.items():
            made._guilds[guild_id] = OrderedDict((k, deque(v)) for k, v in members.items())
        return made

    def add(self, waiter: _Waiter) -> None:
        """Put *waiter* behind those of its member, its member and its server behind the others."""
        members = self._guilds.setdefault(waiter.turn.guild_id, OrderedDict())
        members.setdefault(waiter.turn.user_id, deque()).append(waiter)

    def remove(self, waiter: _Waiter) -> None:
        """Take *waiter* out, wherever it stands."""
        guild_id, user_id = waiter.turn.guild_id, waiter.turn.user_id
        members = self._guilds[guild_id]
        members[user_id].remove(waiter)
        if not members[user_id]:
            del members[user_id]
        if not members:
            del self._guilds[guild_id]

    def pop(self, may: Callable[[int], bool]) -> _Waiter | None:
        """Take the next one out of the servers that *may* begin another, or None."""
        guild_id = next((each for each in self._guilds if may(each)), None)
        if guild_id is None:
            return None
        members = self._guilds[guild_id]
        user_id = next(iter(members))
        waiter = members[user_id][0]
        members.move_to_end(user_id)
        self._guilds.move_to_end(guild_id)
        self.remove(waiter)
        return waiter


class FairQueue:
    """The places among the running requests, and who waits for one.

    Args:
        at_once: how many run together.
        per_guild: how many of them one server may have.
        most_waiting: how many may wait before `require_room` refuses.
    """

    def __init__(
        self, at_once: int, *, per_guild: int, most_waiting: int, clock: Clock, park: Park
    ) -> None:
        self._at_once = at_once
        self._per_guild = per_guild
        self._most_waiting = most_waiting
        self._clock = clock
        self._park = park
        self._rota = _Rota()
        self._waiting: dict[str, _Waiter] = {}
        self._running: dict[str, _Waiter] = {}
        self._held: Counter[int] = Counter()
        self._measured: OrderedDict[tuple[str, str | None], deque[float]] = OrderedDict()

    def require_room(self) -> None:
        """Raise TooBusy where as many wait as may; asks that are being booked are not counted."""
        if len(self._waiting) >= self._most_waiting:
            raise TooBusy

    @asynccontextmanager
    async def turn(self, turn: Turn) -> AsyncGenerator[None]:
        """Hold a place for *turn*, whose code is in the queue once.

        Raises:
            Cancelled: somebody cancelled it before it was `called`.
        """
        waiter = self._enter(turn)
        try:
            if waiter.begun is None:
                await self._its_turn(waiter)
            began = self._clock.now()
            yield
            self._measure(turn.kind, (self._clock.now() - began).total_seconds())
        except asyncio.CancelledError:
            if waiter.error is None or waiter.task is None or waiter.task.uncancel():
                raise
            raise waiter.error from None
        finally:
            self._leave(waiter)

    def called(self, code: str) -> None:
        """Let *code*, which has its turn, not be cancelled any more: it may be billed from now."""
        self._running[code].called = True

    def load(self) -> Load:
        """Return how many wait and how many run."""
        return Load(waiting=len(self._waiting), running=len(self._running))

    def lines(self, guild_id: int, user_id: int | None = None) -> list[Line]:
        """Return a server's requests, or one member's: the running ones, then in their order."""

        def asked(turn: Turn) -> bool:
            return turn.guild_id == guild_id and user_id in {None, turn.user_id}

        running = [Line(turn=w.turn, since=w.since) for w in self._running.values()]
        waiting = [
            Line(turn=self._waiting[code].turn, since=self._waiting[code].since, standing=standing)
            for code, standing in self.standings().items()
        ]
        return [line for line in (*running, *waiting) if asked(line.turn)]

    def cancel(self, code: str, error: UserError) -> None:
        """End *code*, which waits or is being prepared, with *error*.

        Raises:
            NotInQueue: it is not there, or cancelled already.
            AlreadyBegun: it may be billed, or is.
        """
        waiter = self._waiting.get(code) or self._running.get(code)
        if waiter is None or waiter.error is not None:
            raise NotInQueue(code=f"#{code}")
        if waiter.called or waiter.turn.kept:
            raise AlreadyBegun(code=f"#{code}")
        waiter.error = error
        if waiter.begun is None:
            self._leave(waiter)
            if not waiter.future.done():
                waiter.future.set_result(error)
        elif waiter.task is not None:
            waiter.task.cancel()

    def _enter(self, turn: Turn) -> _Waiter:
        future = asyncio.get_running_loop().create_future()
        waiter = _Waiter(turn, self._clock.now(), future, asyncio.current_task())
        self._waiting[turn.code] = waiter
        self._rota.add(waiter)
        self._begin()
        return waiter

    async def _its_turn(self, waiter: _Waiter) -> None:
        error = await self._park(waiter.future, "a free place among the running requests")
        if error is not None:
            raise error

    def _leave(self, waiter: _Waiter) -> None:
        code = waiter.turn.code
        if self._running.get(code) is waiter:
            del self._running[code]
            self._held -= Counter([waiter.turn.guild_id])
            self._begin()
        elif self._waiting.get(code) is waiter:
            del self._waiting[code]
            self._rota.remove(waiter)

    def _begin(self) -> None:
        """Give every free place to whoever is next."""
        while len(self._running) < self._at_once:
            waiter = self._rota.pop(lambda each: self._held[each] < self._per_guild)
            if waiter is None:
                return
            del self._waiting[waiter.turn.code]
            self._running[waiter.turn.code] = waiter
            self._held[waiter.turn.guild_id] += 1
            waiter.begun = self._clock.now()
            if not waiter.future.done():
                waiter.future.set_result(None)

    def _measure(self, kind: tuple[str, str | None], seconds: float) -> None:
        self._measured.setdefault(kind, deque(maxlen=REMEMBERED)).append(max(0.0, seconds))
        self._measured.move_to_end(kind)
        if len(self._measured) > _KINDS:
            self._measured.popitem(last=False)

    def _usual(self, waiter: _Waiter) -> float | None:
        measured = self._measured.get(waiter.turn.kind)
        return median(measured) if measured else None

    def standings(self) -> dict[str, Standing]:
        """Return where each waiting request stands, in the order in which they begin.

        The queue is run ahead of time, each request taking what its kind usually takes. A start is
        known as long as everything that ended before it is of a known kind.
        """
        rota, held, now = self._rota.copy(), Counter(self._held), self._clock.now()
        ends: list[tuple[float, int, int, bool]] = []  # when, a number, the server, known
        for number, each in enumerate(self._running.values()):
            usual = self._usual(each)
            since = (now - (each.begun or now)).total_seconds()
            ends.append(
                (max(0.0, (usual or _GUESS) - since), number, each.turn.guild_id, usual is not None)
            )
        heapify(ends)
        found: dict[str, Standing] = {}
        known = True
        while ends:
            at, _, guild_id, sure = heappop(ends)
            held[guild_id] -= 1
            known = known and sure
            while len(ends) < self._at_once:
                waiter = rota.pop(lambda each: held[each] < self._per_guild)
                if waiter is None:
                    break
                found[waiter.turn.code] = Standing(
                    ahead=len(found), starts_in=at if known else None
                )
                held[waiter.turn.guild_id] += 1
                usual, number = self._usual(waiter), len(self._running) + len(found)
                heappush(
                    ends,
                    (at + (usual or _GUESS), number, waiter.turn.guild_id, usual is not None),
                )
        return found


class QueueDesk:
    """What members and managers may do with the queue."""

    def __init__(self, queue: FairQueue, database: Database, clock: Clock) -> None:
        self._queue = queue
        self._database = database
        self._clock = clock

    def lines(self, guild_id: int, user_id: int | None = None) -> list[Line]:
        """Return a server's requests, or one member's."""
        return self._queue.lines(guild_id, user_id)

    def load(self) -> Load:
        """Return how much there is to do."""
        return self._queue.load()

    def cancel_as_operator(self, code: str) -> None:
        """Cancel a request of any server.

        Raises:
            NotInQueue: it is not there.
            AlreadyBegun: it may be billed already.
        """
        self._queue.cancel(code, CancelledByManager(code=f"#{code}"))

    def now(self) -> datetime:
        """Return the instant that expected starts are counted from."""
        return self._clock.now()

    async def cancel(self, guild_id: int, code: str, *, by: int, manages: bool) -> Turn:
        """Cancel a waiting request of this server.

        Raises:
            NotInQueue: it is not there, or *by* may not know of it.
            AlreadyBegun: it may be billed already.
        """
        mine = self._queue.lines(guild_id, None if manages else by)
        turn = next((line.turn for line in mine if line.turn.code == code), None)
        if turn is None:
            raise NotInQueue(code=f"#{code}")
        self._queue.cancel(code, _cancelled(turn, by))
        if turn.user_id != by:
            await self._database.write(lambda c: self._record(c, by, turn))
        return turn

    async def cancel_all(self, guild_id: int, user_id: int, *, by: int) -> list[Turn]:
        """Cancel whatever of a member waits on this server; who calls has checked *by*."""
        lines = self._queue.lines(guild_id, user_id)
        turns = [line.turn for line in lines if line.standing is not None and not line.turn.kept]
        for turn in turns:
            self._queue.cancel(turn.code, _cancelled(turn, by))

        def work(connection: Connection) -> None:
            for turn in turns:
                self._record(connection, by, turn)

        if turns and user_id != by:
            await self._database.write(work)
        return turns

    def _record(self, connection: Connection, by: int, turn: Turn) -> None:
        audit.append(
            connection,
            guild_id=turn.guild_id,
            user_id=by,
            action="request cancelled",
            target=turn.code,
            before=None,
            after=None,
            at=self._clock.now(),
        )


def _cancelled(turn: Turn, by: int) -> UserError:
    return (
        Cancelled(code=f"#{turn.code}")
        if turn.user_id == by
        else CancelledByManager(code=f"#{turn.code}")
    )
