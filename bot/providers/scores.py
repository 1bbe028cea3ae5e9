"""What the moderation endpoint says of words or a picture, and whether a server minds."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.domain.errors import NonsenseAnswer
from bot.providers.untyped import field_of, items_of, mapping_of

CATEGORIES: tuple[str, ...] = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
"""Every category that is scored, as the vendor names it."""

PICTURE_CATEGORIES = frozenset(
    {
        "self-harm",
        "self-harm/instructions",
        "self-harm/intent",
        "sexual",
        "violence",
        "violence/graphic",
    }
)
"""Those that are scored for pictures, too; a picture has 0.0 in the others."""

YOUNGER_CATEGORIES = frozenset({"illicit", "illicit/violent"})
"""Those that older models do not score; an answer without one has 0.0 there."""

MAX_PICTURE = 20_000_000
"""The largest picture that the vendor looks at, in bytes."""

NEVER = 1.01
"""A threshold that no score reaches."""

_NAME = re.compile(r"[a-z][a-z0-9_/-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """How likely each category is, 0.0 to 1.0, and which of them the vendor itself flags.

    *categories* holds all of `CATEGORIES`, and one that is newer than this table where the vendor
    flags it.
    """

    categories: Mapping[str, float]
    flagged: frozenset[str] = frozenset()


CLEAN = Scores(categories=dict.fromkeys(CATEGORIES, 0.0))


class Moderator(Protocol):
    """Scores what a member sends.

    Raises only `ModerationUnavailable`, with a hint for the operator, where there is no score.
    """

    async def words(self, text: str) -> Scores:
        """Return the scores of *text*; blank words are clean without a question."""
        ...

    async def picture(self, data: bytes, media_type: str) -> Scores:
        """Return the scores of one PNG, JPEG, WebP or GIF.

        Raises PictureTooLarge, before anything is sent, for one of more than `MAX_PICTURE`.
        """
        ...


def exceeded(
    scores: Scores, thresholds: Mapping[str, float | None], *, default: float | None = None
) -> dict[str, float]:
    """Return the score of each category that is too much here, in the order of the table.

    *thresholds* are by category, and *default* holds for those that it does not name. A score at or
    over its threshold is too much: 0.0 refuses all, `NEVER` (anything over 1) nothing; with None
    the vendor's own flag decides.
    """
    return {
        name: score
        for name, score in scores.categories.items()
        if _is_over(score, thresholds.get(name, default), flagged=name in scores.flagged)
    }


def _is_over(score: float, threshold: float | None, *, flagged: bool) -> bool:
    return flagged if threshold is None else score >= threshold


def threshold_of(text: str) -> float | None:
    """Return the threshold in ``0.4``, ``40%``, ``off`` (`NEVER`) or ``vendor`` (None).

    Raises ValueError for anything else, and for a share that is not between 0 and 1.
    """
    word = text.strip().lower()
    if word in _WORDS:
        return _WORDS[word]
    value = float(word.removesuffix("%")) / (100 if word.endswith("%") else 1)
    if not 0 <= value <= 1:  # NaN, too
        raise ValueError(text)
    return value


_WORDS: Mapping[str, float | None] = {"off": NEVER, "vendor": None}


def highest(several: tuple[Scores, ...]) -> Scores:
    """Return the highest score of each category, and all that is flagged."""
    names = dict.fromkeys(name for scores in several for name in scores.categories)
    return Scores(
        categories={
            name: max(scores.categories.get(name, 0.0) for scores in several) for name in names
        },
        flagged=frozenset[str]().union(*(scores.flagged for scores in several)),
    )


def scores_in(body: bytes) -> Scores:
    """Read the endpoint's answer to one question. Raises NonsenseAnswer where it is none."""
    try:
        answer: object = json.loads(body)
    except (ValueError, RecursionError):
        raise NonsenseAnswer(operator="The answer is not JSON.") from None
    results = items_of(field_of(answer, "results"))
    if not results:
        raise NonsenseAnswer(operator="The answer holds no results.")
    return highest(tuple(map(_scores, results)))


def _scores(result: object) -> Scores:
    flags = mapping_of(field_of(result, "categories"))
    shares = mapping_of(field_of(result, "category_scores"))
    flagged = frozenset(name for name, flag in flags.items() if _flag(name, flag))
    if field_of(result, "flagged") is True and not flagged:
        raise NonsenseAnswer(operator="The answer flags something and does not say what.")
    names = (*CATEGORIES, *sorted(flagged - set(CATEGORIES)))
    return Scores(categories={name: _score(name, shares) for name in names}, flagged=flagged)


def _flag(name: str, flag: object) -> bool:
    """Whether *name* is flagged; older models answer null for what they do not know."""
    if flag is not None and not isinstance(flag, bool):
        raise NonsenseAnswer(operator="A flag in the answer is neither true nor false.")
    return flag is True and _NAME.fullmatch(name) is not None


def _score(name: str, shares: Mapping[str, object]) -> float:
    value = shares.get(name)
    if value is None and name in YOUNGER_CATEGORIES:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NonsenseAnswer(operator=f"The answer has no score for {name}.")
    if not (math.isfinite(value) and 0 <= value <= 1):
        raise NonsenseAnswer(operator=f"The score for {name} is not between 0 and 1.")
    return float(value)
