"""Text that people wrote is shown harmlessly."""

import pytest

from bot.ui.text import shown
from tests.hostile_texts import HOSTILE, assert_harmless


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:30])
def test_hostile_text_loses_its_power(text: str) -> None:
    line = shown(text)

    assert_harmless(line)
    assert len(line) <= 2 * 200


def test_no_naughty_string_has_power(naughty_strings: list[str]) -> None:
    assert len(naughty_strings) > 400
    for text in naughty_strings:
        assert_harmless(shown(text))


@pytest.mark.parametrize(
    "text",
    [
        "a red kite over the sea",
        "Ein Käfer, größer als ein Haus!",
        "猫が好き",
        "👩‍👩‍👧 ok",
        "5 > 3",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert shown(text) == text


def test_long_text_ends_in_an_ellipsis() -> None:
    assert shown("word " * 100, 20) == "word word word word…"
