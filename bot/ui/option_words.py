"""What can be chosen for a picture, in the reader's language where it is a word that we know."""

from collections.abc import Iterable
from typing import Final

from discord.app_commands import Choice

from bot.domain.messages import N_
from bot.ui.options import fitting
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


def offered_words(locale: str, values: Iterable[str], typed: str) -> list[Choice[str]]:
    """Offer those of *values* that hold what was typed so far, in the reader's words."""
    names = ((say(locale, each) if each in _KNOWN else each, each) for each in values)
    return fitting((Choice(name=name, value=value) for name, value in names), typed)
