"""A picture maker that cannot answer is left alone, tried once in a while, and asked again."""

import asyncio
import contextlib
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.domain.errors import (
    Billed,
    ContentRefused,
    Cost,
    MaybeBilled,
    ModelGone,
    NonsenseAnswer,
    NotSetUp,
    OperationMissing,
    OutOfBudget,
    ParameterRejected,
    PictureRejected,
    ProviderBusy,
    ProviderError,
    ProviderFailed,
    ProviderPaused,
    ProviderUnreachable,
)
from bot.providers.base import Stop
from bot.providers.breaker import RULES, Breaker

HARMLESS = (
    ContentRefused(stage="input"),
    PictureRejected(),
    ParameterRejected(),
    OperationMissing(operation="edit"),
    ProviderBusy(retry_after=3),
)
FAILURES = (ProviderFailed(), ProviderUnreachable(), MaybeBilled(), NonsenseAnswer())


@dataclass
class World:
    """A breaker, its clock, and what the operator was told."""

    now: float = 1000.0
    told: list[tuple[Stop, bool]] = field(default_factory=list[tuple[Stop, bool]])
    breaker: Breaker = field(init=False)

    def __post_init__(self) -> None:
        self.breaker = Breaker(
            lambda: self.now, on_change=lambda stop, is_open: self.told.append((stop, is_open))
        )

    def call(self, error: BaseException | None = None, model: str = "a") -> bool:
        """Make one call that ends in *error*; return whether anybody was asked."""
        call = self.breaker.watching(model)
        try:
            call.__enter__()
        except ProviderError:
            return False
        assert not call.__exit__(type(error) if error else None, error, None)
        return True

    def open_for(self, model: str = "a") -> bool:
        """Whether a request would be let through."""
        try:
            self.breaker.check(model)
        except ProviderError:
            return False
        return True

    @property
    def causes(self) -> list[str]:
        return [stop.cause for stop in self.breaker.stops]

    @property
    def news(self) -> list[tuple[str, bool]]:
        return [(stop.cause, is_open) for stop, is_open in self.told]


@pytest.fixture
def world() -> World:
    return World()


STOPPERS = [
    (OutOfBudget(request_id="r1", operator="No money."), "money", None, 600),
    (NotSetUp(request_id="r1", operator="Wrong key."), "access", None, 600),
    (ModelGone(request_id="r1", model="a", operator="Gone."), "model", "a", 3600),
]


@pytest.mark.parametrize(("error", "cause", "model", "pause"), STOPPERS)
def test_one_such_answer_stops_everybody_until_one_try_works(
    world: World, error: ProviderError, cause: str, model: str | None, pause: float
) -> None:
    assert world.breaker.stops == ()
    assert world.call(error)

    world.now += pause - 1
    assert not world.call()
    assert world.breaker.stops == (
        Stop(cause=cause, model=model, operator=error.operator, since=pause - 1),
    )

    world.now += 1
    assert world.call()
    assert world.breaker.stops == ()
    assert world.news == [(cause, True), (cause, False)]


@pytest.mark.parametrize(("error", "cause", "model", "pause"), STOPPERS)
def test_who_is_refused_reads_the_same_reason_in_a_new_error(
    world: World, error: ProviderError, cause: str, model: str | None, pause: float
) -> None:
    del cause, model, pause
    world.call(error)

    refusals: list[ProviderError] = []
    for _ in range(2):
        with pytest.raises(type(error)) as raised:
            world.breaker.check("a")
        refusals.append(raised.value)

    assert len({id(each) for each in [error, *refusals]}) == 3
    for refusal in refusals:
        assert refusal.values == error.values
        assert refusal.operator == error.operator
        assert refusal.request_id is None
        assert refusal.cost is Cost.NOTHING
        assert refusal.billed is Billed.NO


def test_a_model_that_is_gone_stops_no_other_model(world: World) -> None:
    world.call(ModelGone(model="a"), "a")

    assert not world.call(model="a")
    assert world.call(model="b")
    assert world.causes == ["model"]


def test_money_stops_every_model(world: World) -> None:
    world.call(OutOfBudget(), "a")

    assert not world.call(model="b")


@pytest.mark.parametrize("last", FAILURES)
def test_five_failures_in_a_row_stop_it_and_no_refusal_claims_a_charge(
    world: World, last: ProviderError
) -> None:
    for error in (*FAILURES[:4], last):
        assert world.causes == []
        assert world.call(error)

    with pytest.raises(ProviderPaused) as raised:
        world.breaker.check("b")
    assert raised.value.billed is Billed.NO
    assert raised.value.cost is Cost.NOTHING
    assert not raised.value.retry
    assert type(last).__name__ in raised.value.operator
    assert "5 calls in a row" in world.breaker.stops[0].operator


def test_the_last_failures_own_hint_is_kept(world: World) -> None:
    for _ in range(5):
        world.call(ProviderUnreachable(operator="No connection (ConnectError)."))

    assert world.breaker.stops[0].operator.endswith("No connection (ConnectError).")


def test_a_success_in_between_begins_the_count_again(world: World) -> None:
    for _ in range(3):
        for _ in range(4):
            world.call(ProviderFailed())
        assert world.call()

    assert world.causes == []


@pytest.mark.parametrize("error", HARMLESS)
def test_what_is_about_one_request_never_stops_anything(world: World, error: ProviderError) -> None:
    for _ in range(20):
        assert world.call(error)

    assert world.told == []


def test_what_is_about_one_request_is_no_success_either(world: World) -> None:
    for error in (*FAILURES, ContentRefused(stage="input"), ProviderFailed()):
        world.call(error)

    assert world.causes == ["failure"]


def test_the_pauses_of_repeated_failure_double_up_to_ten_minutes(world: World) -> None:
    for _ in range(5):
        world.call(ProviderFailed())

    for pause in (30, 60, 120, 240, 480, 600, 600):
        world.now += pause - 0.5
        assert not world.call()
        world.now += 0.5
        assert world.call(MaybeBilled())
    assert world.news == [("failure", True)]

    world.now += 600
    assert world.call()
    assert world.news == [("failure", True), ("failure", False)]

    for _ in range(5):
        assert world.call(ProviderFailed())
    world.now += 30
    assert world.call()


def test_a_failed_try_brings_the_newest_hint_and_tells_nobody_again(world: World) -> None:
    world.call(NotSetUp(operator="Wrong key."))
    world.now += 600
    world.call(NotSetUp(operator="Verify the organisation."))

    assert [stop.operator for stop in world.breaker.stops] == ["Verify the organisation."]
    assert world.breaker.stops[0].since == 600
    assert not world.call()
    assert world.news == [("access", True)]


def test_only_one_tries_at_a_time(world: World) -> None:
    world.call(OutOfBudget(operator="No money."))
    world.now += 600

    assert world.open_for("a")
    with world.breaker.watching("a"):
        assert not world.open_for("a")
        assert not world.call(model="b")
        assert world.causes == ["money"]
    assert world.open_for("b")


@pytest.mark.parametrize(
    "ending", [asyncio.CancelledError(), KeyError("bug"), *HARMLESS, NotSetUp(), ProviderFailed()]
)
def test_a_try_that_says_nothing_about_the_stop_leaves_it_to_the_next(
    world: World, ending: BaseException
) -> None:
    world.call(ModelGone(model="a"))
    world.now += 3600

    assert world.call(ending)
    assert "model" in world.causes
    world.now += 600

    assert world.call()
    assert world.causes == []


async def test_a_cancelled_try_frees_its_place(world: World) -> None:
    world.call(OutOfBudget())
    world.now += 600
    begun = asyncio.Event()

    async def hang() -> None:
        with world.breaker.watching("a"):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await begun.wait()
    assert not world.call()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert world.call()
    assert world.causes == []


def test_a_success_that_began_before_the_stop_does_not_end_it(world: World) -> None:
    with world.breaker.watching("a"):
        world.call(OutOfBudget())

    assert world.causes == ["money"]
    assert world.news == [("money", True)]


def test_many_in_flight_tell_once_and_do_not_lengthen_the_pause(world: World) -> None:
    calls = [world.breaker.watching("a") for _ in range(8)]
    for call in calls:
        call.__enter__()
    for call in calls:
        error = NotSetUp(operator="Wrong key.")
        assert not call.__exit__(NotSetUp, error, None)
        world.now += 10

    assert world.news == [("access", True)]
    world.now += 600 - 80
    assert world.call()


def test_old_news_does_not_open_what_a_later_call_closed(world: World) -> None:
    slow = world.breaker.watching("a")
    slow.__enter__()
    world.call(OutOfBudget())
    world.now += 600
    assert world.call()

    assert not slow.__exit__(OutOfBudget, OutOfBudget(), None)
    assert world.causes == []

    world.call(OutOfBudget())
    assert world.causes == ["money"]


def test_several_reasons_are_tried_together_and_the_most_telling_is_said(world: World) -> None:
    calls = [world.breaker.watching("a") for _ in range(2)]
    for call in calls:
        call.__enter__()
    for call, error in zip(calls, (NotSetUp(), OutOfBudget()), strict=True):
        assert not call.__exit__(type(error), error, None)

    assert world.causes == ["access", "money"]
    with pytest.raises(OutOfBudget):
        world.breaker.check("a")

    world.now += 600
    assert world.call()
    assert world.news[2:] == [("access", False), ("money", False)]


def test_the_listener_is_a_choice() -> None:
    breaker = Breaker(lambda: 0.0)
    with pytest.raises(NotSetUp), breaker.watching("a"):
        raise NotSetUp

    assert [stop.cause for stop in breaker.stops] == ["access"]


ERRORS = (OutOfBudget, NotSetUp, ProviderFailed, MaybeBilled, PictureRejected)


class AnyTraffic(RuleBasedStateMachine):
    """Calls begin and end in every order; the promises hold."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.running: list[tuple[contextlib.AbstractContextManager[None], bool]] = []

    @rule(model=st.sampled_from("ab"))
    def begin(self, model: str) -> None:
        tried = bool(self.blocking(model))
        call = self.world.breaker.watching(model)
        if not self.world.open_for(model):
            with pytest.raises(ProviderError) as raised:
                call.__enter__()
            assert raised.value.billed is Billed.NO
            return
        call.__enter__()
        self.running.append((call, tried))

    @rule(data=st.data(), kind=st.sampled_from([None, *ERRORS, ModelGone]))
    def end(self, data: st.DataObject, kind: type[ProviderError] | None) -> None:
        if not self.running:
            return
        at = data.draw(st.integers(0, len(self.running) - 1))
        call, tried = self.running.pop(at)
        before = self.world.causes
        error = kind(model="x") if kind else None
        assert not call.__exit__(kind, error, None)
        if not tried or error:
            assert set(before) <= set(self.world.causes)

    @rule(seconds=st.sampled_from([1, 30, 600, 3600]))
    def wait(self, seconds: float) -> None:
        self.world.now += seconds

    def blocking(self, model: str) -> list[Stop]:
        return [stop for stop in self.world.breaker.stops if stop.model in (None, model)]

    @invariant()
    def at_most_one_tries_for_each_model(self) -> None:
        assert sum(tried for _, tried in self.running) <= 1 + len(self.world.breaker.stops)

    @invariant()
    def openings_and_closings_alternate(self) -> None:
        last: dict[tuple[str, str | None], bool] = {}
        for stop, is_open in self.world.told:
            key = (stop.cause, stop.model)
            assert last.get(key, False) != is_open
            last[key] = is_open
        shown = {(stop.cause, stop.model) for stop in self.world.breaker.stops}
        assert shown == {key for key, is_open in last.items() if is_open}

    @invariant()
    def a_stop_never_stays_for_ever(self) -> None:
        if not self.running:
            later = World(now=self.world.now + max(each.pauses[-1] for each in RULES))
            self.world.now, now = later.now, self.world.now
            assert self.world.open_for("a")
            assert self.world.open_for("b")
            self.world.now = now


AnyTraffic.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAnyTraffic = AnyTraffic.TestCase
