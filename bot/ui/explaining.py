"""How it is explained which rule decides."""

from collections.abc import Iterable, Sequence
from typing import Any

from discord.ui import Item, LayoutView

from bot.domain.messages import N_
from bot.domain.quota import Rule, Scope, Standing
from bot.services.quota import Explanation
from bot.ui.panels import lines, panel, small
from bot.ui.quota import rule_line, standing_line
from bot.ui.words import say


def explanation_panel(
    locale: str,
    found: Explanation,
    member: int | None,
    *,
    menus: Iterable[Item[Any]] = (),
    buttons: Sequence[Item[Any]] = (),
) -> LayoutView:
    """Return which rule decides about requests here; *member* is whose, None for the reader's.

    *menus* and *buttons* lead on from there.
    """
    own = say(locale, "For <@{member}>, here", member=member) if member else None
    sections = [
        lines(own or say(locale, "For you, here"), [_verdict(locale, found)]),
        lines(say(locale, "What else holds"), _others(locale, found)),
        lines(say(locale, "What does not count"), _overruled(locale, found)),
        small([say(locale, "Every one of them must allow a request; what denies beats all.")]),
    ]
    return panel(say(locale, "Which rule decides"), sections, buttons, menus=menus)


def _verdict(locale: str, found: Explanation) -> str:
    first = found.tightest
    if found.ruling.denied is not None:
        text = N_("No pictures can be made. What decides: {rule}.")
        return say(locale, text, rule=_named(locale, found.ruling.denied))
    if first is None:
        return say(locale, "No limit holds.")
    full = N_("Nothing is left. What decides: {rule}.")
    next_one = N_("Pictures can be made. The limit that is reached first: {rule}.")
    text = full if not first.left + first.granted else next_one
    return f"{say(locale, text, rule=_named(locale, first.rule))}\n{standing_line(locale, first)}"


def _others(locale: str, found: Explanation) -> list[str]:
    lifted = [_named(locale, rule) for rule in found.ruling.unlimited]
    return lifted + [standing_line(locale, each) for each in _rest(found)]


def _rest(found: Explanation) -> Sequence[Standing]:
    """Return the other limits; the bot's own only where it is used up: it is not the server's."""
    shown = None if found.ruling.denied else found.tightest
    return [
        each
        for each in found.standings
        if each is not shown and (each.scope is not Scope.BOT or not each.left)
    ]


def _overruled(locale: str, found: Explanation) -> Iterable[str]:
    for rule, first in found.ruling.overruled:
        values = {"rule": _named(locale, rule), "first": _named(locale, first)}
        yield say(locale, "{rule}: {first} goes before it.", **values)


def _named(locale: str, rule: Rule) -> str:
    line = rule_line(locale, rule)
    return say(locale, "{rule} (the bot's default)", rule=line) if rule.is_default else line
