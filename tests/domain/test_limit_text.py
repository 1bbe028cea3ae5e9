"""What operators write of limits for the whole bot."""

import pytest

from bot.domain.limit_text import EXAMPLE, limits_in
from bot.domain.quota import Rule, Scope, Unit
from bot.domain.windows import Period, Rolling, Window


def _rule(unit: Unit, window: Period, amount: int) -> Rule:
    return Rule(scope=Scope.BOT, unit=unit, window=window, amount=amount)


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("", []),
        (" , ", []),
        ("1 picture an hour", [_rule(Unit.PICTURES, Window.HOUR, 1)]),
        ("500 Pictures  a Day,", [_rule(Unit.PICTURES, Window.DAY, 500)]),
        ("0 pictures a month", [_rule(Unit.PICTURES, Window.MONTH, 0)]),
        ("2.50 dollars a week", [_rule(Unit.DOLLARS, Window.WEEK, 2_500_000)]),
        ("$20 in all", [_rule(Unit.DOLLARS, Window.LIFETIME, 20_000_000)]),
        ("9 requests in any 6 hours", [_rule(Unit.REQUESTS, Rolling(6), 9)]),
        ("9 requests in any hour", [_rule(Unit.REQUESTS, Rolling(1), 9)]),
        ("4 requests at once", [_rule(Unit.JOBS, None, 4)]),
        (
            EXAMPLE,
            [
                _rule(Unit.PICTURES, Window.DAY, 500),
                _rule(Unit.DOLLARS, Window.WEEK, 20_000_000),
                _rule(Unit.REQUESTS, Rolling(6), 100),
            ],
        ),
    ],
)
def test_limits_are_read(text: str, rules: list[Rule]) -> None:
    assert list(limits_in(text)) == rules


@pytest.mark.parametrize(
    "text",
    [
        "500",
        "500 pictures",
        "pictures a day",
        "many pictures a day",
        "2.5 pictures a day",
        "-1 pictures a day",
        "1,000 pictures a day",
        "1000001 pictures a day",
        "1000001 dollars a day",
        "5 euros a day",
        "5 pictures a fortnight",
        "5 pictures in any 0 hours",
        "5 pictures in any 745 hours",
        "5 pictures at once",
        "5 dollars at once",
        "0 requests at once",
        "$5 pictures a day",
        "5 pictures a day; 6 dollars a week",
        "5 pictures a day, 6 pictures a day",
        "\u0665 pictures a day",
    ],
)
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the setting says what it takes
        limits_in(text)
