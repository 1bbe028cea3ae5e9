"""Who declined a request, at which step, and for what, in words for those who moderate."""

from collections.abc import Mapping, Sequence
from typing import Final

from bot.domain.messages import N_
from bot.ui.text import shown
from bot.ui.words import say, say_many

_MOST = 4  # reasons by name; of more, those that weigh most
_NAME = 64  # characters of what a vendor named
_WHOLE_FROM = 0.095  # a smaller score shows a tenth of a percent, too

_DECLINED: Final[Mapping[tuple[str, str], str]] = {
    ("server", "input"): N_("declined here, before the picture service was asked"),
    ("words", "input"): N_("declined by this server's word list"),
    ("vendor", "input"): N_("declined by the picture service for what was asked"),
    ("vendor", "output"): N_("declined by the picture service for what was made"),
    ("vendor", "unknown"): N_("declined by the picture service, which did not say at which step"),
}


_WORDS: Final[Mapping[str, str]] = {
    "sexual": N_("sexual content"),
    "sexual/minors": N_("sexual content with minors"),
    "violence": N_("violence"),
    "violence/graphic": N_("graphic violence"),
    "hate": N_("hate"),
    "hate/threatening": N_("hate and threats"),
    "harassment": N_("harassment"),
    "harassment/threatening": N_("harassment and threats"),
    "self-harm": N_("self-harm"),
    "self-harm/intent": N_("self-harm"),
    "self-harm/instructions": N_("self-harm"),
    "illicit": N_("illegal acts"),
    "illicit/violent": N_("illegal and violent acts"),
    "public_figure": N_("a public figure"),
    "ip": N_("somebody else's work or brand"),
}


def plain_reasons(locale: str, categories: Sequence[str]) -> str:
    """Return what it was declined for as plain words, each once."""
    named = (
        say(locale, _WORDS[each]) if each in _WORDS else shown(each, _NAME) for each in categories
    )
    return ", ".join(list(dict.fromkeys(named))[:_MOST])


def declined(locale: str, source: str, stage: str) -> str:
    """Return by whom and at which step, in words that go on after the reasons."""
    return say(locale, _DECLINED.get((source, stage), N_("declined")))


def reasons(locale: str, categories: Sequence[str], scores: Mapping[str, float]) -> str:
    """Return what it was declined for, with how sure the check was where that is known."""
    weighed = sorted(categories, key=lambda category: -scores.get(category, 0.0))
    named = [_reason(locale, category, scores.get(category)) for category in weighed[:_MOST]]
    if more := len(weighed) - len(named):
        named.append(say_many(locale, "{count} more", "{count} more", more))
    return ", ".join(named) or say(locale, "no reason given")


def _reason(locale: str, category: str, score: float | None) -> str:
    name = shown(category, _NAME)
    if score is None:
        return name
    percent = f"{score * 100:.{0 if score >= _WHOLE_FROM else 1}f}"
    return say(locale, "{reason} {percent} %", reason=name, percent=percent)
