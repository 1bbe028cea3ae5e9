"""The words that people read: English in the code, other languages in `bot/locales`.

A message is a sentence with ``{named}`` places. `say` finds it in the catalogue of the reader's
locale and fills the places; what people or models wrote goes through `bot.ui.text.shown` first.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

from bot.domain.errors import Cost, UserError
from bot.domain.messages import N_

_LOCALES = Path(__file__).parent.parent / "locales"

_COSTS: Mapping[Cost, str] = {
    Cost.NOT_ASKED: "",
    Cost.NOTHING: N_("Nothing was charged."),
    Cost.UNKNOWN: N_("The picture service may have charged the server's budget for it."),
    Cost.CHARGED: N_("This server's budget paid for it; your allowance was given back."),
}


@cache
def _catalogue(locale: str) -> NullTranslations:
    wanted = [locale.replace("-", "_"), locale.partition("-")[0]]
    return translation("easel", _LOCALES, languages=wanted, fallback=True)


def say(locale: str, message: str, /, **values: object) -> str:
    """Return *message* in the language of *locale* with its places filled.

    Instants among *values* become Discord timestamps, which every reader sees in their own time.
    """
    shown = {name: _value(value) for name, value in values.items()}
    return _catalogue(locale).gettext(message).format_map(shown)


def say_many(locale: str, one: str, many: str, count: int, /, **values: object) -> str:
    """Return *one* or *many*, as *count* and the language want, with its places filled."""
    shown = {name: _value(value) for name, value in values.items()}
    return _catalogue(locale).ngettext(one, many, count).format_map({"count": count, **shown})


def refusal(locale: str, error: UserError) -> str:
    """Return what happened, what it cost and what to do next, in short sentences."""
    parts = (
        say(locale, error.message, **error.values),
        _COSTS[error.cost] and say(locale, _COSTS[error.cost]),
        say(locale, error.tip, **error.values),
    )
    return " ".join(part for part in parts if part)


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return f"<t:{int(value.timestamp())}:R>"
    return value
