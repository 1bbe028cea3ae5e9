"""Stops asking a picture maker that cannot answer, and finds out when it can again.

A stop opens at the first answer that says "no money", "no access" or "no such model", or when
calls fail several times in a row. While it is open, nobody is asked. When its pause is over, one
request goes through and tries: its success closes the stop, its failure begins the next pause.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from bot.domain.errors import (
    MaybeBilled,
    ModelGone,
    NonsenseAnswer,
    NotSetUp,
    OutOfBudget,
    ProviderError,
    ProviderFailed,
    ProviderPaused,
    ProviderUnreachable,
)
from bot.providers.base import Stop

OnChange = Callable[[Stop, bool], None]
"""Told of a stop and whether it is open now: once when it opens, once when it closes."""

Key = tuple[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a stop opens and how long it lasts.

    Attributes:
        cause: what `Stop.cause` says.
        kinds: the errors that open it; every other error says nothing about it.
        pauses: seconds until the next try, one after the other; the last one repeats.
        in_a_row: how many such errors, without a success in between, open it.
        one_model: whether it is about the model that was asked for, not about all of them.
        refusal: the error that is raised while it is open; None is the one that opened it.
    """

    cause: str
    kinds: tuple[type[ProviderError], ...]
    pauses: tuple[float, ...]
    in_a_row: int = 1
    one_model: bool = False
    refusal: type[ProviderError] | None = None

    def key(self, model: str) -> Key:
        """Return under which name its stop is kept when it is *model* that was asked for."""
        return self.cause, model if self.one_model else None

    def hint(self, error: ProviderError) -> str:
        """Return what the operator should read about *error*."""
        if self.in_a_row == 1:
            return error.operator
        last = error.operator or f"{type(error).__name__}."
        return f"{self.in_a_row} calls in a row failed; the last one: {last}"


RULES: tuple[Rule, ...] = (
    Rule(cause="money", kinds=(OutOfBudget,), pauses=(600,)),
    Rule(cause="access", kinds=(NotSetUp,), pauses=(600,)),
    Rule(cause="model", kinds=(ModelGone,), pauses=(3600,), one_model=True),
    Rule(
        cause="failure",
        kinds=(ProviderFailed, ProviderUnreachable, MaybeBilled, NonsenseAnswer),
        pauses=(30, 60, 120, 240, 480, 600),
        in_a_row=5,
        refusal=ProviderPaused,
    ),
)
"""The most telling first: where several are open, the first one is raised."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Call:
    """One watched call; *number* counts them in the order in which they began."""

    model: str
    number: int


class _Open:
    """A stop that is open."""

    def __init__(self, rule: Rule, model: str | None, error: ProviderError, now: float) -> None:
        self.rule = rule
        self.model = model
        self.began = now
        self.probe: _Call | None = None
        self._tries = 0
        self.renew(error, now)

    def renew(self, error: ProviderError, now: float) -> None:
        """Begin the next pause, for what *error* says."""
        pauses = self.rule.pauses
        self.due = now + pauses[min(self._tries, len(pauses) - 1)]
        self._tries += 1
        self._kind = self.rule.refusal or type(error)
        self._values: Mapping[str, object] = {} if self.rule.refusal else dict(error.values)
        self._operator = self.rule.hint(error)

    def blocks(self, now: float) -> bool:
        """Whether a request is refused: the pause is not over, or another one is trying."""
        return now < self.due or self.probe is not None

    def refusal(self) -> ProviderError:
        """Return a new error that says why; nobody was asked, so it never says "charged"."""
        return self._kind(request_id=None, operator=self._operator, **self._values)

    def told(self, now: float) -> Stop:
        """Return what health and doctor show."""
        return Stop(
            cause=self.rule.cause,
            model=self.model,
            operator=self._operator,
            since=max(0.0, now - self.began),
        )


class Breaker:
    """The stops of one backend; all of it runs on the event loop and nothing of it waits.

    *clock* gives monotonic seconds. *on_change* must not raise.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        on_change: OnChange = lambda _stop, _is_open: None,
        rules: tuple[Rule, ...] = RULES,
    ) -> None:
        self._clock = clock
        self._on_change = on_change
        self._rules = rules
        self._open: dict[Key, _Open] = {}
        self._in_a_row: dict[Key, int] = {}
        self._closed: dict[Key, int] = {}
        self._calls = 0

    @property
    def stops(self) -> tuple[Stop, ...]:
        """Return what is open, the first opened first; a stop that is being tried counts."""
        now = self._clock()
        return tuple(stop.told(now) for stop in self._open.values())

    def retry(self) -> int:
        """End every pause now, so that the next request tries; return how many there were."""
        for stop in self._open.values():
            stop.due = self._clock()
        return len(self._open)

    def check(self, model: str) -> None:
        """Raise the ProviderError for which *model* is not asked just now, if there is one.

        The error is a new one that cost nothing. Nothing changes: who passes here may still be
        refused by `watching`, when someone else is the one who tries.
        """
        now = self._clock()
        for stop in self._about(model):
            if stop.blocks(now):
                raise stop.refusal()

    @contextmanager
    def watching(self, model: str) -> Generator[None]:
        """Judge the call for *model* that is made within, from its first try to its pictures.

        Raises:
            ProviderError: see `check`; nobody was asked.
        """
        self.check(model)
        call = self._begin(model)
        try:
            yield
        except ProviderError as error:
            self._failed(call, error)
            raise
        else:
            self._worked(call)
        finally:
            for stop in self._tried_by(call):
                stop.probe = None

    def _about(self, model: str) -> Iterator[_Open]:
        for rule in self._rules:
            stop = self._open.get(rule.key(model))
            if stop is not None:
                yield stop

    def _tried_by(self, call: _Call) -> list[_Open]:
        return [stop for stop in self._open.values() if stop.probe is call]

    def _begin(self, model: str) -> _Call:
        self._calls += 1
        call = _Call(model=model, number=self._calls)
        for stop in self._about(model):
            stop.probe = call
        return call

    def _failed(self, call: _Call, error: ProviderError) -> None:
        rule = next((rule for rule in self._rules if isinstance(error, rule.kinds)), None)
        if rule is None:
            return
        key = rule.key(call.model)
        stop = self._open.get(key)
        if stop is None:
            self._count(call, key, rule, error)
        elif stop.probe is call:
            stop.renew(error, self._clock())

    def _count(self, call: _Call, key: Key, rule: Rule, error: ProviderError) -> None:
        if call.number <= self._closed.get(key, 0):
            return  # it began before a later call showed that all is well again
        self._in_a_row[key] = self._in_a_row.get(key, 0) + 1
        if self._in_a_row[key] >= rule.in_a_row:
            del self._in_a_row[key]
            self._open[key] = stop = _Open(rule, key[1], error, self._clock())
            self._tell(stop, is_open=True)

    def _worked(self, call: _Call) -> None:
        for rule in self._rules:
            self._in_a_row.pop(rule.key(call.model), None)
        closing = self._tried_by(call)
        for stop in closing:
            key = (stop.rule.cause, stop.model)
            del self._open[key]
            self._closed[key] = self._calls
        for stop in closing:
            self._tell(stop, is_open=False)

    def _tell(self, stop: _Open, *, is_open: bool) -> None:
        self._on_change(stop.told(self._clock()), is_open)
