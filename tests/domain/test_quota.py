from datetime import UTC, datetime

import pytest

from bot.domain.quota import (
    Grant,
    QuotaDefaults,
    Rule,
    Scope,
    Standing,
    Unit,
    deciding,
    shown,
    with_defaults,
)
from bot.domain.windows import Window

ANN, BOB, ARTIST, PATRON = 1, 2, 10, 11
DEFAULTS = QuotaDefaults(
    member_pictures_per_day=20,
    server_micros_per_month=10_000_000,
    member_jobs_at_once=2,
    bot_micros_per_month=50_000_000,
)


def rule(
    scope: Scope,
    amount: int,
    scope_id: int = 0,
    unit: Unit = Unit.PICTURES,
    window: Window = Window.DAY,
) -> Rule:
    return Rule(scope=scope, scope_id=scope_id, unit=unit, window=window, amount=amount)


EVERYONE = rule(Scope.EVERYONE, 5)
ARTISTS = rule(Scope.ROLE, 30, ARTIST)
PATRONS = rule(Scope.ROLE, 40, PATRON)
ANNS = rule(Scope.MEMBER, 3, ANN)
BOBS = rule(Scope.MEMBER, 99, BOB)


@pytest.mark.parametrize(
    ("rules", "roles", "decides"),
    [
        ([], set[int](), 20),  # nobody set anything: the operator's default
        ([EVERYONE], set[int](), 5),
        ([EVERYONE, ARTISTS], set[int](), 5),  # a role that she has not
        ([EVERYONE, ARTISTS], {ARTIST}, 30),
        ([ARTISTS], {ARTIST}, 30),  # a role's rule beats the default
        ([rule(Scope.ROLE, 1, ARTIST)], {ARTIST}, 1),  # also when it is lower
        ([EVERYONE, ARTISTS, PATRONS], {ARTIST, PATRON}, 40),  # the most generous role
        ([PATRONS, ARTISTS], {ARTIST, PATRON}, 40),  # in any order
        ([EVERYONE, ARTISTS, PATRONS, ANNS], {ARTIST, PATRON}, 3),  # her own beats roles
        ([ANNS, PATRONS], {PATRON}, 3),
        ([rule(Scope.MEMBER, 0, ANN), PATRONS], {PATRON}, 0),  # nothing at all, for her
        ([BOBS], set[int](), 20),  # someone else's
    ],
)
def test_the_most_specific_rule_decides(rules: list[Rule], roles: set[int], decides: int) -> None:
    found = deciding(with_defaults(rules, DEFAULTS), ANN, frozenset(roles))
    pictures = [each.amount for each in found if each.unit is Unit.PICTURES]

    assert pictures == [decides]


def test_each_unit_and_window_is_decided_by_itself() -> None:
    weekly = rule(Scope.ROLE, 100, ARTIST, window=Window.WEEK)
    money = rule(Scope.MEMBER, 1_000_000, ANN, Unit.DOLLARS, Window.DAY)
    found = deciding(with_defaults([weekly, money, EVERYONE], DEFAULTS), ANN, frozenset({ARTIST}))

    assert {(each.holder, each.unit, each.window, each.amount) for each in found} == {
        (Scope.MEMBER, Unit.JOBS, None, 2),
        (Scope.MEMBER, Unit.PICTURES, Window.DAY, 5),
        (Scope.MEMBER, Unit.PICTURES, Window.WEEK, 100),
        (Scope.MEMBER, Unit.DOLLARS, Window.DAY, 1_000_000),
        (Scope.SERVER, Unit.DOLLARS, Window.MONTH, 10_000_000),
        (Scope.BOT, Unit.DOLLARS, Window.MONTH, 50_000_000),
    }


def test_a_servers_own_limit_replaces_the_default_but_not_the_operators() -> None:
    generous = rule(Scope.SERVER, 900_000_000, unit=Unit.DOLLARS, window=Window.WEEK)
    found = with_defaults([generous], DEFAULTS)
    money = [(each.scope, each.window, each.amount) for each in found if each.unit is Unit.DOLLARS]

    assert money == [
        (Scope.SERVER, Window.WEEK, 900_000_000),
        (Scope.BOT, Window.MONTH, 50_000_000),
    ]


def test_a_rule_for_pictures_leaves_the_default_for_money() -> None:
    found = with_defaults([rule(Scope.SERVER, 500)], DEFAULTS)

    assert (
        Rule(
            scope=Scope.SERVER,
            unit=Unit.DOLLARS,
            window=Window.MONTH,
            amount=10_000_000,
            is_default=True,
        )
        in found
    )


def test_without_a_budget_the_whole_bot_has_no_limit() -> None:
    unlimited = QuotaDefaults(
        member_pictures_per_day=1,
        server_micros_per_month=1,
        member_jobs_at_once=1,
        bot_micros_per_month=None,
    )

    assert Scope.BOT not in {each.scope for each in with_defaults([], unlimited)}


@pytest.mark.parametrize(
    ("unit", "amount", "text"),
    [
        (Unit.PICTURES, 1, "1 picture"),
        (Unit.PICTURES, 20_000, "20,000 pictures"),
        (Unit.JOBS, 2, "2 requests"),
        (Unit.DOLLARS, 1_500_000, "$1.50"),
    ],
)
def test_amounts_read_well(unit: Unit, amount: int, text: str) -> None:
    assert shown(unit, amount) == text


def test_a_standing_tells_used_in_flight_and_left_apart() -> None:
    standing = Standing(rule=ARTISTS, used=20, in_flight=4, resets_at=None)

    assert (standing.scope, standing.whose, standing.source) == (Scope.MEMBER, "Your", "rule")
    assert (standing.unit, standing.window, standing.limit) == (Unit.PICTURES, Window.DAY, 30)
    assert (standing.used, standing.in_flight, standing.left) == (20, 4, 6)


def test_nothing_is_left_of_what_is_overdrawn() -> None:
    default = with_defaults([], DEFAULTS)[0]
    overdrawn = Standing(rule=default, used=5, in_flight=0, resets_at=None)
    grant = Grant(
        id=1,
        scope=Scope.MEMBER,
        scope_id=ANN,
        unit=Unit.PICTURES,
        amount=3,
        used=3,
        in_flight=1,
        expires_at=None,
        reason="",
        granted_at=datetime(2026, 1, 1, tzinfo=UTC),
        granted_by=BOB,
    )

    assert (overdrawn.left, overdrawn.source, grant.left) == (0, "default", 0)
