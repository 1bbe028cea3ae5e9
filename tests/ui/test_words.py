"""Sentences are filled, translated where there is a catalogue, and say what it cost."""

import inspect
import re
from datetime import UTC, datetime

import pytest

from bot.domain import errors
from bot.domain.errors import Cost, UserError
from bot.ui.words import refusal, say, say_many

USER_ERRORS = [
    each
    for each in vars(errors).values()
    if inspect.isclass(each) and issubclass(each, UserError) and each is not UserError
]


def test_places_are_filled() -> None:
    assert say("en-US", "{before} → {after}", before=1, after=2) == "1 → 2"


def test_an_unknown_language_falls_back_to_english() -> None:
    assert say("xx-XX", "Nothing was charged.") == "Nothing was charged."


def test_instants_are_in_the_readers_own_time() -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)

    assert (
        say("en-US", "It resets {resets}.", resets=at) == f"It resets <t:{int(at.timestamp())}:R>."
    )


def test_one_and_many() -> None:
    assert say_many("en-US", "{count} picture", "{count} pictures", 1) == "1 picture"
    assert say_many("en-US", "{count} picture", "{count} pictures", 2) == "2 pictures"


def test_braces_in_values_stay_as_they_are() -> None:
    assert say("en-US", "{left} left", left="{0.__class__} %n") == "{0.__class__} %n left"


@pytest.mark.parametrize("error", USER_ERRORS, ids=lambda error: error.__name__)
def test_every_refusal_says_what_it_cost_and_what_to_do(error: type[UserError]) -> None:
    places = re.findall(r"{(\w+)}", error.message + error.tip)
    refused = error.__new__(error)
    UserError.__init__(refused, **dict.fromkeys(places, "something"))

    text = refusal("en-US", refused)

    assert error.cost is Cost.NOT_ASKED or "charged" in text or "paid" in text
    assert text.startswith(error.message[0].replace("{", "something"))
    assert len(re.findall(r"[.!?](?:\s|$)", text)) >= 2 + (error.cost is not Cost.NOT_ASKED)


@pytest.mark.parametrize(("limit", "text"), [(1, "1 request running"), (2, "2 requests running")])
def test_what_runs_is_counted_in_words(limit: int, text: str) -> None:
    assert text in refusal("en-US", errors.TooManyAtOnce(limit=limit))
