"""Money as people write and read it."""

import pytest

from bot.domain.money import dollars, parse_dollars


@pytest.mark.parametrize(
    ("text", "micros"),
    [("5", 5_000_000), ("$2.50", 2_500_000), ("0,75 $", 750_000), (" 0.000001 ", 1), ("0", 0)],
)
def test_amounts_are_read(text: str, micros: int) -> None:
    assert parse_dollars(text) == micros


@pytest.mark.parametrize("text", ["", "five", "-1", "1e9", "NaN", "Infinity", "1.2.3", "€5"])
def test_nonsense_is_not_an_amount(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_dollars(text)


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "$0.00"),
        (13_000, "$0.0130"),
        (99_999, "$0.1000"),
        (2_500_000, "$2.50"),
        (1_234_567_890_000, "$1,234,567.89"),
        (-500_000, "-$0.50"),
    ],
)
def test_amounts_are_written(micros: int, text: str) -> None:
    assert dollars(micros) == text
