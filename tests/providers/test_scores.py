"""What the moderation endpoint's answers mean, and when a server minds."""

import json
import math
from typing import Any, get_args

import pytest
from openai.types.moderation import Categories, CategoryAppliedInputTypes, CategoryScores
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.domain.errors import NonsenseAnswer
from bot.providers.scores import (
    CATEGORIES,
    CLEAN,
    NEVER,
    PICTURE_CATEGORIES,
    YOUNGER_CATEGORIES,
    Scores,
    exceeded,
    highest,
    scores_in,
    threshold_of,
)

# --- the table is not older than the SDK ----------------------------------------------------------


def named(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The SDK's fields by the vendor's names."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


@pytest.mark.parametrize("model", [Categories, CategoryScores, CategoryAppliedInputTypes])
def test_the_table_knows_what_the_sdk_knows(model: type[BaseModel]) -> None:
    assert set(CATEGORIES) == set(named(model))


def test_the_categories_of_pictures_are_those_of_the_sdk() -> None:
    kinds = {
        name: get_args(get_args(info.annotation)[0])
        for name, info in named(CategoryAppliedInputTypes).items()
    }
    assert {name for name in kinds if "image" in kinds[name]} == PICTURE_CATEGORIES


def test_what_the_sdk_calls_optional_may_be_missing() -> None:
    fields = named(Categories)
    optional = {name for name, info in fields.items() if type(None) in get_args(info.annotation)}
    assert optional == YOUNGER_CATEGORIES


# --- answers --------------------------------------------------------------------------------------


def answer(*results: Any) -> bytes:
    return json.dumps({"id": "modr-1", "model": "m", "results": list(results)}).encode()


def result(flags: Any = None, **shares: Any) -> dict[str, Any]:
    flags = flags or {}
    return {
        "flagged": any(flag is True for flag in flags.values()),
        "categories": {**dict.fromkeys(CATEGORIES, False), **flags},
        "category_scores": {**dict.fromkeys(CATEGORIES, 0.0), **shares},
    }


def test_scores_and_flags_are_read() -> None:
    told = scores_in(answer(result({"violence": True}, violence=0.9, hate=1)))
    assert set(told.categories) == set(CATEGORIES)
    assert (told.categories["violence"], told.categories["hate"]) == (0.9, 1.0)
    assert told.flagged == {"violence"}


def test_several_results_count_by_the_highest_score() -> None:
    told = scores_in(answer(result({"hate": True}, hate=0.6), result(hate=0.2, violence=0.4)))
    assert (told.categories["hate"], told.categories["violence"]) == (0.6, 0.4)
    assert told.flagged == {"hate"}


def test_an_older_model_knows_fewer_categories() -> None:
    told = result({"illicit": None}, illicit=None)
    del told["category_scores"]["illicit/violent"], told["categories"]["illicit/violent"]
    assert scores_in(answer(told)) == CLEAN


def test_a_category_that_is_newer_than_the_table_counts_where_it_is_flagged() -> None:
    told = scores_in(answer(result({"fraud": True, "spam": False}, fraud=0.8, spam=0.1)))
    assert told.flagged == {"fraud"}
    assert exceeded(told, {}) == {"fraud": 0.8}
    assert "spam" not in told.categories


def missing(part: str, name: str) -> dict[str, Any]:
    told = result()
    del told[part][name]
    return told


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'"text"',
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"results": "none"}',
        answer(),
        answer("x"),
        answer(None),
        answer({"flagged": False}),
        answer(missing("category_scores", "sexual/minors")),
        answer(result(violence="0.9")),
        answer(result(violence=True)),
        answer(result(violence=math.nan)),
        answer(result(violence=math.inf)),
        answer(result(violence=1.0001)),
        answer(result(violence=-0.1)),
        answer(result({"violence": "yes"})),
        answer({**result(), "flagged": True}),
        answer(result({"@everyone": True})),
        answer(result({"fraud": True})),
        answer(result(), result(violence=2)),
    ],
)
def test_an_answer_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(NonsenseAnswer) as caught:
        scores_in(body)
    assert caught.value.operator
    assert "everyone" not in caught.value.operator


# --- thresholds -----------------------------------------------------------------------------------

SOME = Scores(
    categories={**CLEAN.categories, "violence": 0.4, "sexual": 0.7, "hate": 1.0},
    flagged=frozenset({"sexual", "hate"}),
)


@pytest.mark.parametrize(
    ("thresholds", "default", "minded"),
    [
        ({}, None, {"hate", "sexual"}),  # the vendor's own flags
        ({"violence": 0.4}, None, {"hate", "sexual", "violence"}),  # at the threshold
        ({"violence": 0.41}, None, {"hate", "sexual"}),
        ({"sexual": 0.71}, None, {"hate"}),  # flagged, and allowed here
        ({"hate": NEVER}, None, {"sexual"}),
        ({}, NEVER, set[str]()),
        ({"hate": None}, NEVER, {"hate"}),
        ({}, 0.5, {"hate", "sexual"}),
        ({"hate": 1.0}, NEVER, {"hate"}),
        ({}, 0.0, set(CATEGORIES)),
        ({"no such category": 0.0}, NEVER, set[str]()),
    ],
)
def test_what_a_server_minds(
    thresholds: dict[str, float | None], default: float | None, minded: set[str]
) -> None:
    told = exceeded(SOME, thresholds, default=default)
    assert told == {name: SOME.categories[name] for name in minded}


@pytest.mark.parametrize(
    ("text", "threshold"),
    [
        ("0.4", 0.4),
        (" 40% ", 0.4),
        ("0", 0),
        ("1", 1),
        ("100%", 1),
        ("Off", NEVER),
        ("vendor", None),
    ],
)
def test_a_threshold_as_people_write_it(text: str, threshold: float | None) -> None:
    assert threshold_of(text) == threshold


@pytest.mark.parametrize("text", ["", "never", "1.5", "-0.1", "nan", "inf", "101%", "%"])
def test_what_is_no_threshold(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        threshold_of(text)


def test_the_highest_of_several() -> None:
    told = highest((SOME, Scores(categories={**CLEAN.categories, "violence": 0.9})))
    assert told.categories["violence"] == 0.9
    assert told.categories["sexual"] == 0.7
    assert told.flagged == SOME.flagged
