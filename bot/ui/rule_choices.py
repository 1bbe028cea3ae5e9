"""A rule as it is put together step by step: for whom, what, in which window, and how much.

What was chosen so far stands in ids, so that a restart loses nothing of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from bot.domain.errors import BadOption
from bot.domain.messages import N_, Phrase
from bot.domain.quota import Effect, Rule, Scope, Unit
from bot.domain.windows import MOST_ROLLING_HOURS, Period, Rolling, Window
from bot.services.quota_changes import NAMED
from bot.ui.options import amount_in

HOURS: Final = "hours"
"""The window of so many hours that the form asks for."""

LIFTED: Final = frozenset({Scope.EVERYONE, Scope.ROLE, Scope.MEMBER})
"""Whose limits can be lifted."""

WINDOWS: Final[Mapping[str, Period]] = {
    "hour": Window.HOUR,
    "day": Window.DAY,
    "week": Window.WEEK,
    "month": Window.MONTH,
    "lifetime": Window.LIFETIME,
    "r24": Rolling(24),
    "r168": Rolling(24 * 7),
}


@dataclass(frozen=True, slots=True)
class What:
    """What a rule may do, and how that is offered."""

    effect: Effect
    unit: Unit | None
    label: str


WHATS: Final[Mapping[str, What]] = {
    "pictures": What(Effect.LIMIT, Unit.PICTURES, N_("Limit pictures")),
    "dollars": What(Effect.LIMIT, Unit.DOLLARS, N_("Limit dollars")),
    "requests": What(Effect.LIMIT, Unit.REQUESTS, N_("Limit requests")),
    "jobs": What(Effect.LIMIT, Unit.JOBS, N_("Limit requests at once")),
    "free": What(Effect.UNLIMITED, None, N_("No limits")),
    "free-pictures": What(Effect.UNLIMITED, Unit.PICTURES, N_("No limit of pictures")),
    "free-requests": What(Effect.UNLIMITED, Unit.REQUESTS, N_("No limit of requests")),
    "free-dollars": What(Effect.UNLIMITED, Unit.DOLLARS, N_("No limit of dollars")),
    "deny": What(Effect.DENY, None, N_("No pictures")),
}


@dataclass(frozen=True, slots=True)
class Composed:
    """What was chosen so far; an empty part was not chosen yet.

    Attributes:
        scope_id: 0 where the scope needs none, or it was not chosen yet.
        what: a key of the table of what rules may do.
        window: a key of the table of windows, ``r6`` for any six hours, or `HOURS`.
    """

    scope: Scope | None = None
    scope_id: int = 0
    what: str = ""
    window: str = ""

    def __str__(self) -> str:
        """Return how an id says it."""
        return f"{self.scope or ''}/{self.scope_id}/{self.what}/{self.window}"

    @classmethod
    def read(cls, text: str) -> "Composed":
        """Return what `__str__` gave. Raises BadOption: it is none."""
        try:
            scope, scope_id, what, window = text.split("/")
            return cls(Scope(scope) if scope else None, int(scope_id), what, window)
        except ValueError:
            raise BadOption(option="rule", problem=Phrase("there is no such rule")) from None

    @classmethod
    def of(cls, rule: Rule) -> "Composed":
        """Return the choices that lead to *rule*."""
        kinds = {(each.effect, each.unit): what for what, each in WHATS.items()}
        match rule.window:
            case None:
                window = ""
            case Rolling(hours):
                window = f"r{hours}"
            case named:
                window = named.value
        return cls(rule.scope, rule.scope_id, kinds[rule.effect, rule.unit], window)

    def choosing(self, step: str, value: str) -> "Composed":
        """Return this with *value* chosen for *step*; what does not go with it is dropped."""
        if step == "who":
            scope = Scope(value)
            kept = self.what if scope in LIFTED or not self._lifts else ""
            return replace(self, scope=scope, scope_id=0, what=kept)
        if step == "which":
            return replace(self, scope_id=int(value))
        chosen = replace(self, **{step: value})
        return chosen if chosen.counts_in_windows else replace(chosen, window="")

    @property
    def _lifts(self) -> bool:
        return self.what in WHATS and WHATS[self.what].effect is Effect.UNLIMITED

    @property
    def counts_in_windows(self) -> bool:
        """Whether a window has to be chosen."""
        what = WHATS.get(self.what)
        return what is None or (what.effect is Effect.LIMIT and what.unit is not Unit.JOBS)

    @property
    def unit(self) -> Unit | None:
        """What is counted, as far as that was chosen."""
        what = WHATS.get(self.what)
        return what.unit if what is not None and what.effect is Effect.LIMIT else None

    @property
    def is_whole(self) -> bool:
        """Whether only the amount is missing."""
        named = self.scope is not None and (self.scope_id > 0 or self.scope not in NAMED)
        return named and self.what in WHATS and bool(self.window or not self.counts_in_windows)

    def period(self, hours: str = "") -> Period:
        """Return the window; *hours* is what was written of it. Raises BadOption: none."""
        if not self.window:
            return None
        if self.window in WINDOWS:
            return WINDOWS[self.window]
        text = hours.strip() if self.window == HOURS else self.window[1:]
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_ROLLING_HOURS):
            problem = Phrase(
                "write a whole number from {least} to {most}", least=1, most=MOST_ROLLING_HOURS
            )
            raise BadOption(option="hours", problem=problem)
        return Rolling(int(text))

    def rule(self, amount: str = "", hours: str = "") -> Rule:
        """Return the rule, with what was written into the form. Raises BadOption: it is none."""
        if self.scope is None or not self.is_whole:
            raise BadOption(
                option="rule", problem=Phrase("choose for whom, what and in which window")
            )
        what = WHATS[self.what]
        window = self.period(hours) if what.effect is Effect.LIMIT else None
        much = amount_in(what.unit or Unit.PICTURES, amount) if self.unit else 0
        return Rule(
            scope=self.scope,
            scope_id=self.scope_id,
            unit=what.unit,
            window=window,
            amount=much,
            effect=what.effect,
        )


@dataclass(frozen=True, slots=True)
class Written:
    """What was written into the form, and what is wrong with it; nothing of it is lost."""

    amount: str = ""
    hours: str = ""
    problem: Phrase | None = None

    def __str__(self) -> str:
        """Return how an id says it, but for the problem."""
        return f"{self.hours.replace('/', ' ')}/{self.amount}"

    @classmethod
    def read(cls, text: str) -> "Written":
        """Return what `__str__` gave."""
        hours, _, amount = text.partition("/")
        return cls(amount, hours)
