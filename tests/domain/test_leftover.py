"""What is left of the limit that is nearest to its end."""

import pytest

from bot.domain.leftover import Left, nearest
from bot.domain.quota import Rule, Scope, Standing, Unit
from bot.domain.windows import Window

DOLLAR = 1_000_000


def _standing(scope: Scope, unit: Unit, amount: int, used: int, **more: int) -> Standing:
    window = None if unit is Unit.JOBS else Window.DAY
    rule = Rule(scope=scope, unit=unit, window=window, amount=amount)
    usual = {"in_flight": 0, "granted": 0} | more
    return Standing(rule=rule, used=used, resets_at=None, **usual)


MINE = _standing(Scope.EVERYONE, Unit.PICTURES, 20, 15)
SERVERS = _standing(Scope.SERVER, Unit.DOLLARS, 10 * DOLLAR, 9 * DOLLAR)


def test_the_smallest_share_is_told_whatever_is_counted() -> None:
    assert nearest([MINE], {}) == Left(Scope.MEMBER, Unit.PICTURES, Window.DAY, 5)
    assert nearest([MINE, SERVERS], {}) == Left(Scope.SERVER, Unit.DOLLARS, Window.DAY, DOLLAR)


def test_what_comes_back_and_what_was_granted_counts() -> None:
    flying = _standing(Scope.EVERYONE, Unit.PICTURES, 20, 15, in_flight=4, granted=3)

    left = nearest([flying], {Unit.PICTURES: 2})

    assert left is not None
    assert left.amount == 20 - 15 - 4 + 3 + 2


def test_more_than_all_can_be_spent_and_then_nothing_is_left() -> None:
    left = nearest([SERVERS], {Unit.DOLLARS: -2 * DOLLAR})

    assert left is not None
    assert left.amount == 0


@pytest.mark.parametrize(
    "standing",
    [
        _standing(Scope.BOT, Unit.DOLLARS, DOLLAR, DOLLAR),
        _standing(Scope.EVERYONE, Unit.JOBS, 1, 1),
    ],
)
def test_the_operators_budget_and_requests_at_once_are_not_told(standing: Standing) -> None:
    assert nearest([standing], {}) is None
