"""The words that people read: English in the code, other languages in `bot/locales`.

A message is a sentence with ``{named}`` places. `say` finds it in the catalogue of the reader's
locale and fills the places; what people or models wrote goes through `bot.ui.text.shown` first.
A message that is no literal where it is said is marked where it stands: `bot.domain.messages`.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

from bot.domain.errors import Cost, UserError
from bot.domain.messages import COMMAND, N_, Counted, Name, Phrase, Slash, Written
from bot.ui.text import shown

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


def is_spoken(locale: str) -> bool:
    """Whether there is a catalogue for *locale*; English needs none."""
    return bool(_catalogue(locale).info())


def languages() -> list[str]:
    """Return English and every language that there is a catalogue of."""
    return ["en", *sorted(each.name for each in _LOCALES.iterdir() if each.is_dir())]


def say(locale: str, message: str, /, **values: object) -> str:
    """Return *message* in the language of *locale* with its places filled.

    Phrases among *values* are translated, too. Instants become Discord timestamps, which every
    reader sees in their own time.
    """
    return _filled(locale, _catalogue(locale).gettext(message), values)


def say_many(locale: str, one: str, many: str, count: int, /, **values: object) -> str:
    """Return *one* or *many*, as *count* and the language want, with its places filled."""
    message = _catalogue(locale).ngettext(one, many, count)
    return _filled(locale, message, {"count": count, **values})


def name_in(locale: str, context: str, text: str) -> str:
    """Return a name as Discord shows it in *locale*; *context* is `COMMAND` or alike."""
    return _catalogue(locale).pgettext(context, text)


def refusal(locale: str, error: UserError) -> str:
    """Return what happened, what it cost and what to do next, in short sentences."""
    parts = (
        say(locale, error.message, **error.said),
        cost_of(locale, error),
        say(locale, error.tip, **error.said),
    )
    return " ".join(part for part in parts if part)


def cost_of(locale: str, error: UserError) -> str:
    """Return what *error* cost, in a sentence; empty where nothing could."""
    return _COSTS[error.cost] and say(locale, _COSTS[error.cost])


def _filled(locale: str, message: str, values: Mapping[str, object]) -> str:
    return message.format_map({name: _value(locale, value) for name, value in values.items()})


def _value(locale: str, value: object) -> object:
    match value:
        case datetime():
            return f"<t:{int(value.timestamp())}:R>"
        case Written():
            return shown(value)
        case Phrase():
            return _phrase(locale, value)
        case _:
            return value


def _phrase(locale: str, value: Phrase) -> str:
    match value:
        case Name():
            return name_in(locale, value.context, value.message)
        case Slash():
            return "/" + " ".join(name_in(locale, COMMAND, part) for part in value.message.split())
        case Counted():
            return say_many(locale, value.one, value.message, value.number, **value.values)
        case _:
            return say(locale, value.message, **value.values)
