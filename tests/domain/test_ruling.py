"""Which rule decides: every kind of holder must allow, the most specific wins, denial beats all."""

import pytest

from bot.domain.quota import Effect, QuotaDefaults, Rule, Scope, Unit
from bot.domain.ruling import Ruling, Whom, deciding, with_defaults
from bot.domain.windows import Period, Rolling, Window

ANN, BOB, ARTIST, PATRON, ROOM = 1, 2, 10, 11, 20
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
    window: Period = Window.DAY,
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
    found = deciding(with_defaults(rules, DEFAULTS), Whom(ANN, frozenset(roles))).limits
    pictures = [each.amount for each in found if each.unit is Unit.PICTURES]

    assert pictures == [decides]


def test_each_unit_and_window_is_decided_by_itself() -> None:
    weekly = rule(Scope.ROLE, 100, ARTIST, window=Window.WEEK)
    money = rule(Scope.MEMBER, 1_000_000, ANN, Unit.DOLLARS, Window.DAY)
    whom = Whom(ANN, frozenset({ARTIST}))
    found = deciding(with_defaults([weekly, money, EVERYONE], DEFAULTS), whom).limits

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


def lift(scope: Scope, scope_id: int = 0, unit: Unit | None = None) -> Rule:
    return Rule(scope=scope, scope_id=scope_id, unit=unit, effect=Effect.UNLIMITED)


def deny(scope: Scope, scope_id: int = 0) -> Rule:
    return Rule(scope=scope, scope_id=scope_id, unit=None, effect=Effect.DENY)


def ruling(*rules: Rule, roles: tuple[int, ...] = (), channel: int = ROOM) -> Ruling:
    return deciding(with_defaults(rules, DEFAULTS), Whom(ANN, frozenset(roles), channel))


def own_pictures(found: Ruling) -> list[int]:
    """Return the member's own limits of pictures."""
    limits = (each for each in found.limits if each.holder is Scope.MEMBER)
    return [each.amount for each in limits if each.unit is Unit.PICTURES]


@pytest.mark.parametrize(
    ("rules", "roles", "limits"),
    [
        ([lift(Scope.MEMBER, ANN)], (), []),
        ([lift(Scope.MEMBER, ANN, Unit.PICTURES)], (), []),
        ([lift(Scope.MEMBER, ANN, Unit.DOLLARS)], (), [20]),  # of something else
        ([lift(Scope.MEMBER, BOB)], (), [20]),  # of someone else
        ([lift(Scope.MEMBER, ANN), ARTISTS, EVERYONE], (ARTIST,), []),
        ([lift(Scope.ROLE, ARTIST), EVERYONE], (ARTIST,), []),
        ([lift(Scope.ROLE, ARTIST), EVERYONE], (), [5]),
        ([lift(Scope.ROLE, ARTIST), PATRONS], (ARTIST, PATRON), []),  # the most generous role
        ([lift(Scope.ROLE, ARTIST), ANNS], (ARTIST,), [3]),  # her own rule is more specific
        ([lift(Scope.EVERYONE)], (), []),  # lifts the operator's default, which is for everyone
        ([lift(Scope.EVERYONE), ARTISTS], (ARTIST,), [30]),
    ],
)
def test_unlimited_is_the_most_generous_of_its_rank(
    rules: list[Rule], roles: tuple[int, ...], limits: list[int]
) -> None:
    assert own_pictures(ruling(*rules, roles=roles)) == limits


def test_unlimited_never_lifts_money_of_the_server_nor_what_runs_at_once() -> None:
    room = rule(Scope.CHANNEL, 7, ROOM)
    found = ruling(lift(Scope.MEMBER, ANN), room)

    assert {(each.scope, each.unit) for each in found.limits} == {
        (Scope.EVERYONE, Unit.JOBS),
        (Scope.CHANNEL, Unit.PICTURES),
        (Scope.SERVER, Unit.DOLLARS),
        (Scope.BOT, Unit.DOLLARS),
    }
    assert found.unlimited == (lift(Scope.MEMBER, ANN),)


@pytest.mark.parametrize(
    "denial",
    [
        deny(Scope.SERVER),
        deny(Scope.EVERYONE),
        deny(Scope.CHANNEL, ROOM),
        deny(Scope.ROLE, ARTIST),
        deny(Scope.MEMBER, ANN),
    ],
)
def test_deny_beats_everything(denial: Rule) -> None:
    generous = (lift(Scope.MEMBER, ANN), lift(Scope.ROLE, PATRON), rule(Scope.MEMBER, 99, ANN))

    assert ruling(*generous, denial, roles=(ARTIST, PATRON)).denied == denial
    assert ruling(denial, *generous, roles=(ARTIST, PATRON)).denied == denial


@pytest.mark.parametrize(
    "denial", [deny(Scope.CHANNEL, ROOM + 1), deny(Scope.ROLE, PATRON), deny(Scope.MEMBER, BOB)]
)
def test_what_is_denied_to_others_is_not_denied(denial: Rule) -> None:
    assert ruling(denial, roles=(ARTIST,)).denied is None


def test_of_several_denials_the_one_about_the_member_is_named() -> None:
    denials = [deny(Scope.SERVER), deny(Scope.ROLE, ARTIST), deny(Scope.MEMBER, ANN)]

    assert ruling(*denials, roles=(ARTIST,)).denied == deny(Scope.MEMBER, ANN)


def test_a_channels_rule_holds_there_beside_all_others() -> None:
    here, elsewhere = rule(Scope.CHANNEL, 1, ROOM), rule(Scope.CHANNEL, 0, ROOM + 1)
    found = ruling(here, elsewhere, EVERYONE)

    assert here in found.limits
    assert EVERYONE in found.limits
    assert elsewhere not in found.limits


def test_rolling_windows_of_other_lengths_are_other_limits() -> None:
    six, twelve = Rolling(6), Rolling(12)
    rules = [
        rule(Scope.EVERYONE, 1, window=six),
        rule(Scope.EVERYONE, 2, window=twelve),
        rule(Scope.MEMBER, 3, ANN, window=twelve),
    ]

    assert sorted(own_pictures(ruling(*rules))) == [1, 3]


def test_a_rule_for_what_runs_at_once_replaces_the_operators() -> None:
    at_once = rule(Scope.ROLE, 5, ARTIST, Unit.JOBS, None)
    found = ruling(at_once, roles=(ARTIST,))

    assert [each.amount for each in found.limits if each.unit is Unit.JOBS] == [5]
    assert [(low.amount, high.amount) for low, high in found.overruled] == [(2, 5)]


def test_what_is_overruled_is_told_with_what_goes_before_it() -> None:
    found = ruling(EVERYONE, ARTISTS, PATRONS, ANNS, roles=(ARTIST, PATRON))

    assert set(found.overruled) == {(EVERYONE, ANNS), (ARTISTS, ANNS), (PATRONS, ANNS)}
    lifted = ruling(EVERYONE, lift(Scope.ROLE, ARTIST), roles=(ARTIST,))
    assert lifted.overruled == ((EVERYONE, lift(Scope.ROLE, ARTIST)),)
