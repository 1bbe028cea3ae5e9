"""A server's word list: which words it does not want in prompts, found without any expression.

An entry is one word or a few in a row. A ``*`` in a word stands for any letters, also none:
``kitten*`` finds *kittens*, ``*cat*`` finds *tomcats*. Looking takes time in proportion to the
prompt and the entries, whatever they are: nothing here can be made to hang.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 60
"""Characters of an entry."""

MOST: Final = 200
"""Entries of a server."""

ANY: Final = "*"
_WORD: Final = re.compile(r"(?:[^\W_]|\*)+")
_UNSEEN: Final = {"Cf", "Mn", "Me"}  # zero-width characters and accents
_LEAST_LETTERS: Final = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, ready to be looked for: of each word the parts around its stars."""

    text: str
    words: tuple[tuple[str, ...], ...]


def entry_of(text: str) -> Entry:
    """Return *text* as an entry.

    Raises:
        ValueError: it has no word, a word of fewer than two letters, or it is too long.
    """
    words = tuple(_words(text))
    if not words or len(" ".join(words)) > LONGEST:
        raise ValueError(text)
    if any(len(word.replace(ANY, "")) < _LEAST_LETTERS for word in words):
        raise ValueError(text)
    return Entry(" ".join(words), tuple(tuple(word.split(ANY)) for word in words))


def find(entries: Sequence[Entry], prompt: str) -> str | None:
    """Return the text of the first of *entries* that *prompt* has."""
    if not entries:  # of most servers, for every request
        return None
    spoken = tuple(_words(prompt.replace(ANY, " ")))
    everything = " ".join(spoken)
    return next((each.text for each in entries if _has(spoken, everything, each.words)), None)


def _words(text: str) -> Iterator[str]:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    seen = "".join(each for each in plain if unicodedata.category(each) not in _UNSEEN)
    return (found[0] for found in _WORD.finditer(seen))


def _has(spoken: Sequence[str], everything: str, words: Sequence[Sequence[str]]) -> bool:
    if any(part not in everything for word in words for part in word):
        return False
    starts = range(len(spoken) - len(words) + 1)
    return any(all(map(_is, spoken[start : start + len(words)], words)) for start in starts)


def _is(spoken: str, word: Sequence[str]) -> bool:
    """Whether *spoken* is such a *word*; of each part the first place is as good as any."""
    first, *rest = word
    if not rest:
        return spoken == first
    *middle, last = rest
    if len(spoken) < len(first) + len(last):
        return False
    if not (spoken.startswith(first) and spoken.endswith(last)):
        return False
    at, end = len(first), len(spoken) - len(last)
    for part in middle:
        found = spoken.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
