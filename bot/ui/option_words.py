"""What can be chosen for a picture, in the reader's language where it is a word that we know."""

from typing import Final

from bot.domain.messages import N_
from bot.ui.text import shown
from bot.ui.words import say

_LONGEST: Final = 64  # characters of what a vendor named
_KNOWN: Final = frozenset(
    {
        N_("low"),
        N_("medium"),
        N_("high"),
        N_("xhigh"),
        N_("max"),
        N_("standard"),
        N_("hd"),
        N_("auto"),
        N_("opaque"),
        N_("transparent"),
        N_("vivid"),
        N_("natural"),
        N_("subtle"),
        N_("strong"),
        N_("square"),
        N_("portrait"),
        N_("landscape"),
        N_("wide"),
        N_("tall"),
    }
)


def in_words(locale: str, value: str) -> str:
    """Return a quality, a shape, a style ... as the reader says it; another name stays."""
    return say(locale, value) if value in _KNOWN else shown(value, _LONGEST)
