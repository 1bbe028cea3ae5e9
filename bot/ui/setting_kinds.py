"""How a setting is chosen: as an option of ``/settings set``, in a select, or in a form."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal, cast

import discord
from discord import ChannelType, Interaction, SelectDefaultValue, SelectOption, app_commands
from discord.ui import ChannelSelect, Item, RoleSelect, Select

from bot.domain.errors import BadOption
from bot.domain.guild import GuildChoices
from bot.domain.messages import N_, Phrase
from bot.services.guild_edits import (
    OPEN_CATEGORIES,
    Changes,
    Edit,
    Models,
    adding,
    changing,
    declining,
    removing,
)
from bot.ui.options import dollars_in, require_writable, share_of
from bot.ui.words import say

MOST_OPTIONS: Final = 25
"""Options that Discord takes in a select."""

ADD, TAKE_OFF = "+", "-"
AGAIN: Final = "~"
"""Ends the ids of further selects of one choice: an id is used once in a message."""

_WHOLE: Final = re.compile(r"\d{1,6}", re.ASCII)
LOG_TYPES: Final = [
    ChannelType.text,
    ChannelType.news,
    ChannelType.public_thread,
    ChannelType.private_thread,
    ChannelType.news_thread,
]
PLACE_TYPES: Final = [
    ChannelType.text,
    ChannelType.news,
    ChannelType.voice,
    ChannelType.stage_voice,
]


@dataclass(frozen=True, slots=True)
class Here:
    """What holds on the server where a setting is chosen, and in which language."""

    locale: str
    guild: discord.Guild | None
    choices: GuildChoices
    models: Models


class Kind:
    """One way to choose; a text is what an id, or a form, says of the value."""

    annotation: Any = None
    """The type of the option of ``/settings set``; None: it has a command of its own."""

    hint = ""
    """An example of what is written into a form; empty: there is none."""

    def stored(self, option: str, value: object) -> object:
        """Return what is kept for the *value* of an option. Raises BadOption: it cannot be."""
        del option
        return value

    def read(self, option: str, text: str) -> object:
        """Return what is kept for *text*. Raises BadOption: it cannot be."""
        return self.stored(option, text)

    def edit(self, name: str, text: str, models: Models) -> Edit:
        """Return the change that *text* means. Raises BadOption: it cannot be."""
        return changing(models, **cast("Changes", {name: self.read(name, text)}))

    def check(self, interaction: Interaction[Any], name: str, text: str) -> None:
        """Raise BadOption where *text* cannot be here."""

    def menus(self, name: str, here: Here) -> list[Item[Any]]:
        """Return the selects to choose a value in."""
        del name, here
        return []


class OneOf(Kind):
    """One of a few values, each in words."""

    def __init__(self, words: Mapping[Any, str]) -> None:
        self._words = words
        self._values: type[StrEnum] = type(next(iter(words)))
        self.annotation = Literal[tuple(str(value) for value in words)]

    def stored(self, option: str, value: object) -> object:
        """Return the value that is named."""
        try:
            return self._values(value)
        except ValueError:
            raise _not_among(option, self._values) from None

    def menus(self, name: str, here: Here) -> list[Item[Any]]:
        """Return a select of the values."""
        pairs = [(str(value), say(here.locale, words)) for value, words in self._words.items()]
        return [_select(here, f"settings:value:{name}:", pairs)]


class OnOff(Kind):
    """On or off."""

    annotation = bool
    _texts: Final[Mapping[str, bool]] = {N_("on"): True, N_("off"): False}

    def read(self, option: str, text: str) -> object:
        """Return whether it is on."""
        if text not in self._texts:
            raise _not_among(option, self._texts)
        return self._texts[text]

    def menus(self, name: str, here: Here) -> list[Item[Any]]:
        """Return a select of both."""
        pairs = [(text, say(here.locale, text)) for text in self._texts]
        return [_select(here, f"settings:value:{name}:", pairs)]


class Number(Kind):
    """A whole number."""

    def __init__(self, least: int, most: int, hint: str) -> None:
        self.annotation = app_commands.Range[int, least, most]
        self.hint = hint
        self._problem = Phrase(
            "write a whole number from {least} to {most}", least=least, most=most
        )

    def read(self, option: str, text: str) -> object:
        """Return the number that is written."""
        if not _WHOLE.fullmatch(text):
            raise BadOption(option=option, problem=self._problem)
        return int(text)


class Money(Kind):
    """An amount of dollars, kept in micro-dollars."""

    annotation = str

    def __init__(self, hint: str) -> None:
        self.hint = hint

    def stored(self, option: str, value: object) -> object:
        """Return the micro-dollars that are written."""
        return dollars_in(option, str(value))


class Written(Kind):
    """A few words, which `bot.services.guild_edits` checks."""

    annotation = str

    def __init__(self, hint: str) -> None:
        self.hint = hint


class Named(Kind):
    """A name among those that there are at the moment."""

    annotation = str

    def __init__(self, names: Callable[[GuildChoices, Models], Iterable[str]]) -> None:
        self._names = names

    def menus(self, name: str, here: Here) -> list[Item[Any]]:
        """Return selects of the names; none where there is no name."""
        pairs = [(each, each) for each in self._names(here.choices, here.models)]
        return selects(here.locale, f"settings:value:{name}:", pairs)


class LogChannel(Kind):
    """A channel in which Easel may write."""

    annotation = discord.TextChannel | discord.Thread

    def stored(self, option: str, value: object) -> object:
        """Return the channel's id."""
        if not isinstance(value, discord.TextChannel | discord.Thread):
            raise BadOption(
                option=option, problem=Phrase("choose a text channel that Easel can see")
            )
        require_writable(option, value)
        return value.id

    def read(self, option: str, text: str) -> object:
        """Return the channel's id."""
        return _id(option, text)

    def check(self, interaction: Interaction[Any], name: str, text: str) -> None:
        """Raise BadOption where Easel does not see the channel, or may not write in it."""
        guild = interaction.guild
        self.stored(name, guild.get_channel_or_thread(_id(name, text)) if guild else None)

    def menus(self, name: str, here: Here) -> list[Item[Any]]:
        """Return a select of channels."""
        chosen = here.choices.log_channel
        found = here.guild.get_channel_or_thread(chosen) if here.guild and chosen else None
        default = [SelectDefaultValue.from_channel(found)] if found else []
        return [
            ChannelSelect(
                custom_id=f"settings:value:{name}:",
                placeholder=say(here.locale, "Choose a channel…"),
                channel_types=LOG_TYPES,
                default_values=default,
            )
        ]


class Places(Kind):
    """Channels or roles: one more, one less, or none; each has commands of its own."""

    def edit(self, name: str, text: str, models: Models) -> Edit:
        """Return the change: ``+7`` names one more, ``-7`` one less."""
        del models
        one = frozenset({_id(name, text[1:])})
        named = {"channels": frozenset[int](), "roles": frozenset[int](), name: one}
        if text[:1] not in {ADD, TAKE_OFF}:
            raise BadOption(option=name, problem=Phrase("choose one of those that are offered"))
        change = adding if text[:1] == ADD else removing
        return change(named["channels"], named["roles"])

    def menus(self, name: str, here: Here) -> list[Item[Any]]:
        """Return a select to add one, and selects to take one off."""
        add = f"settings:value:{name}:{ADD}"
        words = say(here.locale, "Add one…")
        one: Item[Any] = (
            ChannelSelect(custom_id=add, placeholder=words, channel_types=PLACE_TYPES)
            if name == "channels"
            else RoleSelect(custom_id=add, placeholder=words)
        )
        named: frozenset[int] = getattr(here.choices, name)
        pairs = [(str(each), _name(here.guild, name, each)) for each in sorted(named)]
        take_off = f"settings:value:{name}:{TAKE_OFF}"
        return [one, *selects(here.locale, take_off, pairs, words=N_("Take one off the list…"))]


class Thresholds(Kind):
    """A category, and from which score on it is declined; it has a command of its own."""

    hint = "80, never, vendor"

    def edit(self, name: str, text: str, models: Models) -> Edit:
        """Return the change that ``category=percent`` means."""
        del name, models
        category, _, share = text.partition("=")
        return declining(category, share_of(share))

    def menus(self, name: str, here: Here) -> list[Item[Any]]:
        """Return a select of the categories, which asks for the score in a form."""
        pairs = [(each, each) for each in OPEN_CATEGORIES]
        return selects(here.locale, f"settings:ask:{name}", pairs, words=N_("Choose a category…"))


def selects(
    locale: str, custom_id: str, pairs: Sequence[tuple[str, str]], *, words: str = N_("Choose…")
) -> list[Item[Any]]:
    """Return as many selects as *pairs* of value and label need; each has an id of its own."""
    return list(_selects(locale, custom_id, pairs, words))


def _selects(
    locale: str, custom_id: str, pairs: Sequence[tuple[str, str]], words: str
) -> Iterator[Item[Any]]:
    for start in range(0, len(pairs), MOST_OPTIONS):
        some = pairs[start : start + MOST_OPTIONS]
        yield Select(
            custom_id=f"{custom_id}{AGAIN * (start // MOST_OPTIONS)}",
            placeholder=say(locale, words),
            options=[SelectOption(label=label[:100], value=value) for value, label in some],
        )


def _select(here: Here, custom_id: str, pairs: Sequence[tuple[str, str]]) -> Item[Any]:
    return selects(here.locale, custom_id, pairs)[0]


def _name(guild: discord.Guild | None, kind: str, place_id: int) -> str:
    found = None
    if guild is not None:
        found = guild.get_channel(place_id) if kind == "channels" else guild.get_role(place_id)
    return found.name if found else str(place_id)


def _id(option: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise BadOption(option=option, problem=Phrase("choose one of those that are offered"))
    return int(text)


def _not_among(option: str, values: Iterable[str]) -> BadOption:
    offered = ", ".join(values)
    return BadOption(option=option, problem=Phrase("it is one of: {offered}", offered=offered))
