"""A server's word list: what is on it, more of it, less of it, and a try of some words."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from discord import ButtonStyle, Interaction
from discord.ui import LayoutView

from bot.domain.messages import N_
from bot.domain.wordlist import MOST
from bot.ui.asking import place_of
from bot.ui.forms import ask_in_form, chosen_in, long_field, written_in
from bot.ui.host import ModerationHost
from bot.ui.panels import button, panel, replace, show, small
from bot.ui.setting_kinds import selects
from bot.ui.text import shown
from bot.ui.words import say, say_many

_A_LINE: Final = 8  # entries
_MOST_WRITTEN: Final = 4000  # characters of a form's field


async def show_words(interaction: Interaction[Any]) -> None:
    """Show the list to the one who asks alone."""
    host: ModerationHost = interaction.client
    entries = await host.words.of(place_of(interaction).guild_id)
    await show(interaction, words_panel(interaction.locale.value, entries))


def words_panel(locale: str, entries: Sequence[str], *, news: str = "") -> LayoutView:
    """Return the list with what can be done about it; *news* is what was just done."""
    about = say(
        locale,
        "Requests that have one of these in their words are declined before they cost anything.",
    )
    how = say(
        locale,
        "Capitals, accents and invisible letters make no difference. A `*` stands for any "
        "letters: `cat*` is also *cats*, and *cat* alone is not *concatenate*.",
    )
    count = say_many(locale, "{count} of {most} entries", "{count} of {most} entries",
                     len(entries), most=MOST)  # fmt: skip
    buttons = [
        button(say(locale, "Add…"), "words:ask:", ButtonStyle.primary, usable=len(entries) < MOST),
        button(say(locale, "Try some words…"), "words:try:", usable=bool(entries)),
    ]
    take_off = selects(
        locale,
        "words:remove:",
        [(each, each) for each in entries],
        words=N_("Take one off the list…"),
    )
    sections = [news, about, small([how, count]), _list(locale, entries)]
    return panel(say(locale, "Word list"), sections, buttons, menus=take_off)


async def answer_words(interaction: Interaction[Any], parts: list[str]) -> None:
    """Do what a manager pressed, chose or wrote."""
    await _VERBS[parts[0]](interaction)


async def _ask(interaction: Interaction[Any]) -> None:
    locale = interaction.locale.value
    hint = say(locale, "One on each line; a * stands for any letters")
    field = long_field("words", hint=hint, most=_MOST_WRITTEN)
    title, label = say(locale, "Add to the word list"), say(locale, "Words that are declined")
    await ask_in_form(interaction, "words:add:", title, {label: field})


async def _add(interaction: Interaction[Any]) -> None:
    host: ModerationHost = interaction.client
    lines = written_in(interaction).get("words", "").splitlines()
    texts = [each.strip() for each in lines if each.strip()]
    new = await host.words.add(place_of(interaction).guild_id, interaction.user.id, texts)
    locale = interaction.locale.value
    added = say_many(locale, "{count} entry added.", "{count} entries added.", len(new))
    await _anew(interaction, added)


async def _remove(interaction: Interaction[Any]) -> None:
    host: ModerationHost = interaction.client
    chosen = chosen_in(interaction)
    gone = await host.words.remove(place_of(interaction).guild_id, interaction.user.id, [chosen])
    taken = say(interaction.locale.value, "“{entry}” is off the list.", entry=shown(chosen))
    await _anew(interaction, taken if gone else "")


async def _ask_to_try(interaction: Interaction[Any]) -> None:
    locale = interaction.locale.value
    field = long_field("words", most=_MOST_WRITTEN)
    title, label = say(locale, "Try some words"), say(locale, "As somebody might write them")
    await ask_in_form(interaction, "words:tried:", title, {label: field})


async def _tried(interaction: Interaction[Any]) -> None:
    host: ModerationHost = interaction.client
    locale, words = interaction.locale.value, written_in(interaction).get("words", "")
    found = await host.words.found(place_of(interaction).guild_id, words)
    if found is None:
        said = say(locale, "These words pass.")
    else:
        said = say(locale, "These words are declined for “{entry}”.", entry=shown(found))
    await _anew(interaction, f"{said}\n{small([shown(words)])}")


async def _anew(interaction: Interaction[Any], news: str) -> None:
    host: ModerationHost = interaction.client
    entries = await host.words.of(place_of(interaction).guild_id)
    await replace(interaction, words_panel(interaction.locale.value, entries, news=news))


def _list(locale: str, entries: Sequence[str]) -> str:
    starts = range(0, len(entries), _A_LINE)
    rows = [" · ".join(map(shown, entries[start : start + _A_LINE])) for start in starts]
    return "\n".join(rows) or say(locale, "Nothing is on it yet.")


_VERBS: Final[Mapping[str, Callable[[Interaction[Any]], Awaitable[None]]]] = {
    "ask": _ask,
    "add": _add,
    "remove": _remove,
    "try": _ask_to_try,
    "tried": _tried,
}
