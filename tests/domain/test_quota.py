from datetime import UTC, datetime

import pytest

from bot.domain.quota import Grant, Rule, Scope, Standing, Unit, shown, spoken
from bot.domain.windows import Period, Rolling, Window

ANN, BOB, ARTIST = 1, 2, 10
ARTISTS = Rule(scope=Scope.ROLE, scope_id=ARTIST, unit=Unit.PICTURES, window=Window.DAY, amount=30)
DEFAULT = Rule(scope=Scope.EVERYONE, unit=Unit.JOBS, window=None, amount=2, is_default=True)


@pytest.mark.parametrize(
    ("unit", "amount", "text"),
    [
        (Unit.PICTURES, 1, "1 picture"),
        (Unit.PICTURES, 20_000, "20,000 pictures"),
        (Unit.JOBS, 2, "2 requests"),
        (Unit.REQUESTS, 1, "1 request"),
        (Unit.DOLLARS, 1_500_000, "$1.50"),
    ],
)
def test_amounts_read_well(unit: Unit, amount: int, text: str) -> None:
    assert shown(unit, amount) == text


def test_a_standing_tells_used_in_flight_and_left_apart() -> None:
    standing = Standing(rule=ARTISTS, used=20, in_flight=4, resets_at=None)

    assert (standing.scope, standing.whose, standing.source) == (Scope.MEMBER, "Your limit", "rule")
    assert (standing.unit, standing.window, standing.limit) == (Unit.PICTURES, Window.DAY, 30)
    assert (standing.used, standing.in_flight, standing.left) == (20, 4, 6)


def test_nothing_is_left_of_what_is_overdrawn() -> None:
    overdrawn = Standing(rule=DEFAULT, used=5, in_flight=0, resets_at=None)
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


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (None, "at once"),
        (Window.HOUR, "an hour"),
        (Window.MONTH, "a month"),
        (Window.LIFETIME, "in all"),
        (Rolling(1), "in any hour"),
        (Rolling(6), "in any 6 hours"),
    ],
)
def test_windows_read_well(window: Period, text: str) -> None:
    assert spoken(window) == text
