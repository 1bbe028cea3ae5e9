"""A server's word list: what it finds, what it leaves alone, and that nothing makes it hang."""

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.wordlist import LONGEST, entry_of, find


@pytest.mark.parametrize(
    ("entry", "prompt"),
    [
        ("gore", "some Gore, please"),
        ("gore", "some g\u200bore"),
        ("cliché", "a CLICHE"),
        ("cliche", "a clichés? no, a cliché"),
        ("ﬁlm", "a film"),
        ("straße", "die STRASSE"),
        ("kitten*", "two kittens"),
        ("kitten*", "one kitten"),
        ("*cat*", "tomcats"),
        ("b*d*g", "a birdsong"),
        ("red kite", "the red-kite!"),
        ("kitten", "_kitten_"),
        ("red kite", "red_kite"),
        ("hello", "\U0001d407\U0001d404\U0001d40b\U0001d40b\U0001d40e"),
        ("кот", "чёрный кот"),
    ],
)
def test_what_is_found(entry: str, prompt: str) -> None:
    assert find([entry_of(entry)], prompt) is not None


@pytest.mark.parametrize(
    ("entry", "prompt"),
    [
        ("cat", "concatenate"),
        ("cat", "cats"),
        ("red kite", "a kite, red"),
        ("red kite", "red"),
        ("ab*ba", "aba"),
        ("kitten*", ""),
        ("gore", "g o r e"),
        ("gore", "go*re"),
    ],
)
def test_what_is_left_alone(entry: str, prompt: str) -> None:
    assert find([entry_of(entry)], prompt) is None


@pytest.mark.parametrize(
    "text", ["", "*", "a", "*a*", "—", "x" * (LONGEST + 1), "red a", "강" * 26]
)
def test_what_cannot_be_an_entry(text: str) -> None:
    with pytest.raises(ValueError, match=r"^"):
        entry_of(text)


@given(st.text(alphabet="ab* ", max_size=30), st.text(alphabet="ab ", max_size=60))
def test_an_entry_finds_what_it_says(entry: str, before: str) -> None:
    try:
        ready = entry_of(entry)
    except ValueError:
        return
    said = entry.replace("*", "")
    assert find([ready], f"{before} {said} {before}") == ready.text


def test_nothing_makes_it_hang() -> None:
    """What makes a backtracking expression run for hours takes no longer than other words."""
    entries = [entry_of(f"*{'a*' * 20}b{'c' * (number % 9)}") for number in range(200)]
    began = perf_counter()

    found = find(entries, "a" * 6000)

    assert found is None
    assert perf_counter() - began < 5  # seconds; it takes a few milliseconds
