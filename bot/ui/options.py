"""What people type into options, read and checked; and what is offered while they type."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import discord
from discord.app_commands import Choice

from bot.domain.errors import BadOption
from bot.domain.messages import CHOICE, Name, Phrase
from bot.domain.money import parse_dollars
from bot.domain.quota import Effect, Rule, Scope, Unit
from bot.domain.text import storable
from bot.domain.windows import Period, Rolling, Window, zone
from bot.services import zones
from bot.services.prechecks import NEVER_DECLINED
from bot.ui.words import say

Person = discord.User | discord.Member
"""Somebody chosen in an option: a member, or a user who has left."""

ROLLING = "rolling"
AT_ONCE = "at once"
"""The windows that are no fixed ones."""

_MOST_CHOICES = 25
_LONGEST = 100  # characters of a choice
_MOST_PICTURES = 1_000_000
_WHOLE = re.compile(r"\d{1,7}|\d{1,3}(,\d{3}){1,2}", re.ASCII)
_THOUSANDS = re.compile(r",\d{3}")
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)\s*%?", re.ASCII)
_ALL = 100
_VENDOR, _NEVER = "vendor", "never"
_SHARES = {_VENDOR: None, _NEVER: NEVER_DECLINED}
_PROBLEMS = {
    Unit.PICTURES: Phrase("write a whole number of pictures, at most {most}", most=_MOST_PICTURES),
    Unit.REQUESTS: Phrase("write a whole number of requests, at most {most}", most=_MOST_PICTURES),
    Unit.JOBS: Phrase("write a whole number of requests"),
    Unit.DOLLARS: Phrase("write an amount of dollars such as 2.50 (no thousands separators)"),
}
_WHICH = {
    Scope.CHANNEL: Phrase("say which channel it is for"),
    Scope.ROLE: Phrase("say which role it is for"),
    Scope.MEMBER: Phrase("say which member it is for"),
}


def clean_options(interaction: discord.Interaction[discord.Client]) -> None:
    """Let every text of a command, at the door, be one that can be kept."""
    _clean((interaction.data or {}).get("options") or ())


def _clean(options: Iterable[Any]) -> None:
    for option in options:
        if isinstance(option.get("value"), str):
            option["value"] = storable(option["value"])
        _clean(option.get("options") or ())


@dataclass(frozen=True, slots=True)
class Targets:
    """What the options for a channel, a role and a member named; None where they did not."""

    role: discord.Role | None = None
    member: Person | None = None
    channel: discord.abc.Snowflake | None = None

    def of(self, scope: Scope) -> int:
        """Return the id that *scope* needs; 0 for the server and for everyone.

        Raises:
            BadOption: the one it needs is missing, or another is given in vain.
        """
        given = {Scope.CHANNEL: self.channel, Scope.ROLE: self.role, Scope.MEMBER: self.member}
        for kind, value in given.items():
            if kind is scope and value is None:
                raise BadOption(option=kind.value, problem=_WHICH[kind])
            if kind is not scope and value is not None:
                named = Name(CHOICE, scope)
                problem = Phrase("leave it out where the scope is {scope}", scope=named)
                raise BadOption(option=kind.value, problem=problem)
        chosen = given.get(scope)
        return chosen.id if chosen else 0


def amount_in(unit: Unit, text: str) -> int:
    """Return how many of *unit*, or micro-dollars, *text* says. Raises BadOption: none."""
    try:
        return _micros(text) if unit is Unit.DOLLARS else _number(text)
    except ValueError:
        raise BadOption(option="amount", problem=_PROBLEMS[unit]) from None


def dollars_in(option: str, text: str) -> int:
    """Return the micro-dollars that *text* says for *option*. Raises BadOption: none."""
    try:
        return _micros(text)
    except ValueError:
        raise BadOption(option=option, problem=_PROBLEMS[Unit.DOLLARS]) from None


def limit_rule(scope: str, unit: str, window: str, hours: int | None, named: Targets) -> Rule:
    """Return the limit that options name, of amount 0. Raises BadOption where there can be none."""
    period = _period(window, hours)
    counted = Unit.JOBS if period is None and unit == Unit.REQUESTS else Unit(unit)
    return Rule(scope=Scope(scope), scope_id=named.of(Scope(scope)), unit=counted, window=period)


def effect_rule(effect: Effect, scope: str, unit: str | None, named: Targets) -> Rule:
    """Return the rule that options name, which is no limit. Raises BadOption likewise."""
    return Rule(
        scope=Scope(scope),
        scope_id=named.of(Scope(scope)),
        unit=Unit(unit) if unit else None,
        effect=effect,
    )


def _period(window: str, hours: int | None) -> Period:
    if window == ROLLING:
        if hours is None:
            raise BadOption(option="hours", problem=Phrase("say how many hours the window is long"))
        return Rolling(hours)
    if hours is not None:
        problem = Phrase("leave it out where the window is {window}", window=Name(CHOICE, window))
        raise BadOption(option="hours", problem=problem)
    return None if window == AT_ONCE else Window(window)


def roles_of(person: Person) -> frozenset[int]:
    """Return the roles of *person*; none where they have left the server."""
    roles = person.roles if isinstance(person, discord.Member) else []
    return frozenset(role.id for role in roles)


def offered(values: Iterable[str], typed: str) -> list[Choice[str]]:
    """Offer those of *values* that hold what was typed so far and that Discord takes."""
    return fitting((Choice(name=value, value=value) for value in values), typed)


def fitting(choices: Iterable[Choice[str]], typed: str) -> list[Choice[str]]:
    """Return those of *choices* that hold what was typed so far and that Discord takes."""
    typed = typed.strip().casefold()
    found = [each for each in choices if _takes(each) and typed in each.name.casefold()]
    return found[:_MOST_CHOICES]


def offered_zones(typed: str, now: datetime) -> list[Choice[str]]:
    """Offer time zones for what was typed so far, each with its present time."""
    return [
        Choice(name=f"{name} ({now.astimezone(zone(name)):%H:%M})", value=name)
        for name in zones.matching(typed, _MOST_CHOICES)
    ]


def offered_shares(locale: str, typed: str) -> list[Choice[str]]:
    """Offer what a threshold can be: what was typed, never, or the moderation service's own."""
    words = [
        Choice(name=say(locale, "as the moderation service judges"), value=_VENDOR),
        Choice(name=say(locale, "never"), value=_NEVER),
    ]
    if not typed.strip():
        return words
    try:
        share = share_of(typed)
    except BadOption:
        return fitting(words, typed)
    if share is None or share == NEVER_DECLINED:
        return fitting(words, typed)
    return [Choice(name=say(locale, "from {percent} %", percent=percent(share)), value=typed)]


def share_of(text: str) -> float | None:
    """Return the threshold that *text* says, 0 to 1 or `NEVER_DECLINED`; None for the service's.

    Raises:
        BadOption: it is neither a percentage nor one of the words.
    """
    word = text.strip().casefold()
    if word in _SHARES:
        return _SHARES[word]
    found = _PERCENT.fullmatch(word)
    if found is None or float(found[1]) > _ALL:
        problem = Phrase(
            "write a percentage from 0 to 100, or {never}, or {vendor}",
            never=_NEVER, vendor=_VENDOR,
        )  # fmt: skip
        raise BadOption(option="from_percent", problem=problem)
    return float(found[1]) / _ALL


def percent(share: float) -> str:
    """Return a share of 0 to 1 in percent, without needless digits."""
    return f"{share * _ALL:.6g}"


def require_writable(option: str, channel: discord.TextChannel | discord.Thread) -> None:
    """Raise BadOption where Easel may not post in *channel*."""
    me = channel.guild.me
    may = channel.permissions_for(me)
    sends = (
        may.send_messages_in_threads if isinstance(channel, discord.Thread) else may.send_messages
    )
    if not (may.view_channel and sends):
        problem = Phrase("Easel may not write there; give it View Channel and Send Messages in it")
        raise BadOption(option=option, problem=problem)


def _takes(choice: Choice[str]) -> bool:
    return max(len(choice.name), len(choice.value)) <= _LONGEST


def _number(text: str) -> int:
    if not _WHOLE.fullmatch(text.strip()):
        raise ValueError(text)
    number = int(text.strip().replace(",", ""))
    if number > _MOST_PICTURES:
        raise ValueError(text)
    return number


def _micros(text: str) -> int:
    if _THOUSANDS.search(text):  # a comma is a decimal point to some and not to others
        raise ValueError(text)
    return parse_dollars(text)
