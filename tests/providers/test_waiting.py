"""How long to wait, in every form in which servers say it."""

import pytest

from bot.domain.errors import ProviderBusy, ProviderFailed, ProviderUnreachable
from bot.providers.waiting import Budget, Patience, duration, retry_after
from tests.providers.conftest import Naps


@pytest.mark.parametrize(
    ("headers", "message", "seconds"),
    [
        ({}, "", None),
        ({}, "Please slow down.", None),
        ({"retry-after": "12"}, "", 12),
        ({"retry-after": "0.5"}, "", 0.5),
        ({"retry-after": "-3"}, "", 0),
        ({"retry-after": "nan"}, "", None),
        ({"retry-after-ms": "250", "retry-after": "9"}, "", 0.25),
        ({"retry-after": "soon"}, "", None),
        (
            {
                "date": "Sun, 22 Nov 2026 12:00:00 GMT",
                "retry-after": "Sun, 22 Nov 2026 12:00:30 GMT",
            },
            "",
            30,
        ),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, "", None),
        ({"x-ratelimit-remaining-images": "0", "x-ratelimit-reset-images": "6m0s"}, "", 360),
        ({"x-ratelimit-remaining-images": "0", "x-ratelimit-reset-images": "20ms"}, "", 0.02),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "17"}, "", 17),
        ({"x-ratelimit-remaining-images": "4", "x-ratelimit-reset-images": "6m0s"}, "", None),
        ({}, "Rate limit reached. Please try again after 51.84 seconds.", 51.84),
        ({}, "Please try again in 12s. Contact us", 12),
        ({}, "Please try again in 6m0s.", 360),
        ({}, "try again in 1 minute", 60),
        ({}, "Please retry after 20 seconds", 20),
        ({}, "try again in a while", None),
    ],
)
def test_the_wait_that_a_server_asks_for(
    headers: dict[str, str], message: str, seconds: float | None
) -> None:
    assert retry_after(headers, message) == (
        pytest.approx(seconds) if seconds is not None else None
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1.5s", 1.5), ("1h2m3s", 3723), ("250 milliseconds", 0.25), ("2 days", 172800), ("x", None)],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert duration(text) == seconds


async def test_patience_ends_by_count_and_by_time() -> None:
    naps = Naps()
    patience = Patience(sleep=naps, jitter=lambda: 1.0)
    faults = [ProviderUnreachable(), ProviderUnreachable(), ProviderFailed(), ProviderFailed()]

    async def ask() -> None:
        raise faults.pop(0)

    with pytest.raises(ProviderFailed):
        await patience.call(ask)
    assert naps.taken == [1, 2, 1]

    faults = [ProviderBusy(retry_after=70), ProviderBusy(retry_after=70)]
    with pytest.raises(ProviderBusy):
        await patience.call(ask)
    assert naps.taken[3:] == [70]


async def test_several_waits_draw_on_one_budget_and_are_told_before() -> None:
    naps, told = Naps(), Naps()
    patience = Patience(sleep=naps, jitter=lambda: 1.0)
    budget = Budget(100)
    faults = [ProviderBusy(retry_after=70), ProviderBusy(retry_after=70)]

    async def ask() -> None:
        budget.spend(5)
        raise faults.pop(0)

    with pytest.raises(ProviderBusy):
        await patience.call(ask, budget, told)
    assert naps.taken == told.taken == [70]
    assert budget.left == 20


def test_waits_are_spread_a_little() -> None:
    jitter = Patience(sleep=Naps()).jitter
    drawn = {jitter() for _ in range(20)}
    assert all(1 <= factor <= 1.25 for factor in drawn)
    assert len(drawn) > 1
