"""The fair queue: nobody starves, nobody jumps ahead, and what is told of places is true."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import park
from bot.domain.errors import AlreadyBegun, Cancelled, NotInQueue, TooBusy
from bot.domain.queue import Standing, Turn
from bot.services.queue import FairQueue, share


class _Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@dataclass
class Hall:
    """A queue, its requests as tasks, and in which order they began."""

    queue: FairQueue
    clock: _Clock
    begun: list[str] = field(default_factory=list[str])
    gates: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])

    async def ask(self, code: str, guild: int = 1, user: int = 1, *, kept: bool = False) -> None:
        gate = self.gates[code] = asyncio.Event()
        turn = Turn(code=code, guild_id=guild, user_id=user, command="imagine", kept=kept)

        async def work() -> None:
            async with self.queue.turn(turn):
                self.begun.append(code)
                await gate.wait()

        self.tasks[code] = asyncio.create_task(work())
        await _settle()

    async def end(self, code: str, after: float = 0) -> None:
        self.clock.at += timedelta(seconds=after)
        self.gates[code].set()
        await self.tasks.pop(code)
        await _settle()

    async def end_all(self) -> None:
        while self.tasks:
            running = [code for code in self.begun if code in self.tasks]
            await self.end(running[0])


async def _settle() -> None:
    for _ in range(4):
        await asyncio.sleep(0)


def hall(at_once: int, per_guild: int | None = None, most: int = 1000) -> Hall:
    clock = _Clock()
    cap = per_guild or share(at_once)
    queue = FairQueue(at_once, per_guild=cap, most_waiting=most, clock=clock, park=park)
    return Hall(queue, clock)


async def test_150_requests_of_a_server_do_not_delay_5_of_another() -> None:
    here = hall(32)
    for number in range(150):
        await here.ask(f"a{number}", guild=1, user=number % 7)
    assert len(here.begun) == 24

    for number in range(5):
        await here.ask(f"b{number}", guild=2)

    assert here.begun[24:] == [f"b{number}" for number in range(5)]
    await here.end_all()


async def test_a_place_goes_to_the_other_server_first_where_all_are_taken() -> None:
    here = hall(4, per_guild=4)
    for number in range(150):
        await here.ask(f"a{number}")
    for number in range(5):
        await here.ask(f"b{number}", guild=2)

    for number in range(10):
        await here.end(here.begun[number])

    assert [code[0] for code in here.begun[4:14]] == list("abababababa"[:10])
    await here.end_all()


async def test_members_take_turns_and_each_is_served_in_order() -> None:
    here = hall(1)
    for code, user in (("x", 9), ("a1", 1), ("a2", 1), ("a3", 1), ("b1", 2), ("b2", 2)):
        await here.ask(code, user=user)

    await here.end_all()

    assert here.begun == ["x", "a1", "b1", "a2", "b2", "a3"]


async def test_places_and_expected_starts_are_what_then_happens() -> None:
    here = hall(1)
    await here.ask("first")
    await here.ask("second")
    assert here.queue.standings()["second"] == Standing(ahead=0, starts_in=None)
    await here.end("first", after=40)

    await here.ask("third")
    await here.ask("fourth", guild=2)
    here.clock.at += timedelta(seconds=10)

    assert here.queue.standings()["fourth"] == Standing(ahead=1, starts_in=70.0)
    assert here.queue.standings()["third"] == Standing(ahead=0, starts_in=30.0)
    await here.end_all()
    assert here.begun == ["first", "second", "third", "fourth"]


async def test_a_cancelled_request_ends_in_words_and_the_next_moves_up() -> None:
    here = hall(1)
    for code in ("now", "gone", "next"):
        await here.ask(code)

    here.queue.cancel("gone", Cancelled(code="#gone"))

    with pytest.raises(Cancelled):
        await here.tasks.pop("gone")
    assert here.queue.standings()["next"].ahead == 0
    assert "gone" not in here.queue.standings()
    with pytest.raises(NotInQueue):
        here.queue.cancel("gone", Cancelled(code="#gone"))
    await here.end_all()
    assert here.begun == ["now", "next"]


async def test_what_has_begun_or_is_paid_for_is_not_cancelled() -> None:
    here = hall(1)
    await here.ask("now")
    here.queue.called("now")
    await here.ask("made", kept=True)

    for code in ("now", "made"):
        with pytest.raises(AlreadyBegun):
            here.queue.cancel(code, Cancelled(code=code))

    await here.end_all()
    assert here.begun == ["now", "made"]


async def test_what_has_its_turn_and_was_not_called_is_still_cancelled() -> None:
    here = hall(1)
    await here.ask("now")
    await here.ask("next")

    here.queue.cancel("now", Cancelled(code="#now"))
    with pytest.raises(NotInQueue):  # pressed twice
        here.queue.cancel("now", Cancelled(code="#now"))

    with pytest.raises(Cancelled):
        await here.tasks.pop("now")
    assert here.begun == ["now", "next"]
    await here.end_all()


async def test_what_is_cancelled_in_the_moment_of_its_turn_ends_in_words() -> None:
    here = hall(1)
    for code in ("now", "gone", "next"):
        await here.ask(code)

    here.gates["now"].set()
    await asyncio.sleep(0)  # it has its turn and does not know it yet
    await asyncio.sleep(0)
    here.queue.cancel("gone", Cancelled(code="#gone"))

    with pytest.raises(Cancelled):
        await here.tasks.pop("gone")
    assert "next" in here.begun
    await here.end_all()


async def test_an_end_from_outside_is_stronger_than_a_cancelled_request() -> None:
    here = hall(1)
    await here.ask("now")

    here.queue.cancel("now", Cancelled(code="#now"))
    here.tasks["now"].cancel()

    with pytest.raises(asyncio.CancelledError):
        await here.tasks.pop("now")


async def test_no_more_are_taken_than_may_wait() -> None:
    here = hall(1, most=2)
    await here.ask("now")
    await here.ask("one")
    here.queue.require_room()
    await here.ask("two")

    with pytest.raises(TooBusy):
        here.queue.require_room()
    await here.end_all()


async def test_a_task_that_ends_in_the_moment_of_its_turn_gives_the_place_on() -> None:
    here = hall(1)
    for code in ("now", "lost", "next"):
        await here.ask(code)

    here.gates["now"].set()
    await asyncio.sleep(0)
    lost = here.tasks.pop("lost")
    lost.cancel()
    with pytest.raises(asyncio.CancelledError):
        await lost

    await _settle()
    assert "next" in here.begun
    await here.end_all()


STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "ask", "end", "cancel", "kill"]), st.integers(0, 11)),
    max_size=60,
)


@given(steps=STEPS, at_once=st.integers(1, 4), cap=st.integers(1, 4))
def test_whatever_happens_places_are_neither_lost_nor_doubled(
    steps: list[tuple[str, int]], at_once: int, cap: int
) -> None:
    asyncio.run(_live_through(steps, at_once, cap))


async def _live_through(steps: list[tuple[str, int]], at_once: int, cap: int) -> None:
    here = hall(at_once, per_guild=cap)
    gone: list[asyncio.Task[None]] = []
    guilds: dict[str, int] = {}
    for number, (what, which) in enumerate(steps):
        code = f"r{number}"
        running = [each for each in here.begun if each in here.tasks]
        waiting = [each for each in here.tasks if each not in here.begun]
        if what == "ask":
            guilds[code] = which % 3
            await here.ask(code, guild=which % 3, user=which)
        elif what == "end" and running:
            await here.end(running[which % len(running)])
        elif what == "cancel" and waiting:
            code = waiting[which % len(waiting)]
            here.queue.cancel(code, Cancelled(code=code))
            gone.append(here.tasks.pop(code))
        elif what == "kill" and here.tasks:
            code = list(here.tasks)[which % len(here.tasks)]
            gone.append(here.tasks.pop(code))
            gone[-1].cancel()
        await _settle()
        now = [guilds[each] for each in here.begun if each in here.tasks]
        left = [guilds[each] for each in here.tasks if each not in here.begun]
        assert len(now) <= at_once
        assert all(now.count(guild) <= cap for guild in now)
        assert len(now) == at_once or all(now.count(guild) == cap for guild in left)
    ended = await asyncio.gather(*gone, return_exceptions=True)
    assert all(isinstance(each, (Cancelled, asyncio.CancelledError)) for each in ended)
    await here.end_all()
    assert len(here.begun) == len(set(here.begun))
