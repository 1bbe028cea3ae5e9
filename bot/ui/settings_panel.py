"""``/settings panel``: choose a setting, choose its value, see before and after, then apply.

Every id says what is meant and no more, so it outlives a restart. Whoever presses is asked for
Manage Server each time; the value is checked again before it is kept, and what is applied is what
was shown, or nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from discord import ButtonStyle, Interaction
from discord.ui import Button, Item, LayoutView

from bot.domain.errors import BadOption, ChangedMeanwhile
from bot.domain.guild import GuildChoices
from bot.domain.messages import N_, Phrase
from bot.services import zones
from bot.services.guild_edits import Changes, Edit, Models, changing
from bot.services.guilds import Proposal
from bot.ui.asking import place_of
from bot.ui.forms import ask_in_form, chosen_in, text_field, written_in
from bot.ui.host import PanelHost
from bot.ui.panels import button, panel, replace, show, small
from bot.ui.previews import change_panel
from bot.ui.setting_kinds import AGAIN, MOST_OPTIONS, Here, selects
from bot.ui.setting_table import BY_NAME, Setting, settable
from bot.ui.settings import change_notes, change_rows, settings_panel
from bot.ui.text import shown
from bot.ui.words import say

_DEFAULTS: Final = GuildChoices()
_AS_USUAL: Final = "*"  # the text that takes a choice back
_LONGEST: Final = 48  # characters of what is written into a form


@dataclass(frozen=True, slots=True)
class _Slip:
    """What was written and cannot be, and why."""

    written: str
    problem: Phrase


async def show_settings(interaction: Interaction[Any]) -> None:
    """Show what holds and what can be changed, to the one who asks."""
    await show(interaction, await _home_panel(interaction))


async def answer_settings(interaction: Interaction[Any], parts: list[str]) -> None:
    """Do what was pressed, chosen or sent, if the presser runs this server."""
    verb, *rest = parts
    await _VERBS[verb](interaction, rest)


async def _home_panel(interaction: Interaction[Any], *notes: str) -> LayoutView:
    here, host = await _here(interaction), _host(interaction)
    pairs = [
        (each.name, say(here.locale, each.label))
        for each in settable(here.choices, here.models, precheck=host.prechecked)
    ]
    menus = selects(here.locale, "settings:which:", pairs, words=N_("Change…"))
    return settings_panel(
        here.locale, here.choices, here.models,
        precheck=host.prechecked, notes=notes, menus=menus,
    )  # fmt: skip


async def _home(interaction: Interaction[Any], rest: list[str]) -> None:
    del rest
    await replace(interaction, await _home_panel(interaction))


async def _which(interaction: Interaction[Any], rest: list[str]) -> None:
    """Show the page of the chosen setting."""
    del rest
    setting = _setting(chosen_in(interaction))
    await replace(interaction, _page(await _here(interaction), setting))


async def _value(interaction: Interaction[Any], rest: list[str]) -> None:
    name, prefix = rest
    await _propose(interaction, _setting(name), prefix.rstrip(AGAIN) + chosen_in(interaction))


async def _as_usual(interaction: Interaction[Any], rest: list[str]) -> None:
    await _propose(interaction, _setting(rest[0]), _AS_USUAL)


async def _ask(interaction: Interaction[Any], rest: list[str]) -> None:
    """Ask in a form for what belongs to the chosen value."""
    setting, prefix = _setting(rest[0].rstrip(AGAIN)), f"{chosen_in(interaction)}="
    await _open_form(interaction, setting, prefix, "")


async def _form(interaction: Interaction[Any], rest: list[str]) -> None:
    name, prefix, *written = rest
    await _open_form(interaction, _setting(name), prefix, ":".join(written))


async def _open_form(
    interaction: Interaction[Any], setting: Setting, prefix: str, written: str
) -> None:
    label = say(interaction.locale.value, setting.label)
    field = text_field("value", usual=written, hint=setting.kind.hint, most=_LONGEST)
    title = f"{label}: {prefix[:-1]}" if prefix else label
    await ask_in_form(interaction, f"settings:sent:{setting.name}:{prefix}", title, {label: field})


async def _sent(interaction: Interaction[Any], rest: list[str]) -> None:
    """Show what the sent form would change; what cannot be is told, and can be written again."""
    name, prefix = rest
    setting, written = _setting(name), written_in(interaction).get("value", "").strip()
    try:
        await _propose(interaction, setting, prefix + written)
    except BadOption as error:
        slip = _Slip(written, error.problem)
        await replace(interaction, _page(await _here(interaction), setting, prefix, slip))


async def _propose(interaction: Interaction[Any], setting: Setting, text: str) -> None:
    """Show what would be before and after; nothing is changed yet."""
    here, edit = await _here(interaction), _edit(interaction, setting, text)
    proposal = await _host(interaction).guild_choices.would(place_of(interaction).guild_id, edit)
    await replace(interaction, _preview(here, setting, text, proposal))


async def _apply(interaction: Interaction[Any], rest: list[str]) -> None:
    """Change it as it was shown; where it would be another change now, show that instead."""
    name, agreed, *text = rest
    setting, host = _setting(name), _host(interaction)
    guild_id, value = place_of(interaction).guild_id, ":".join(text)
    edit = _edit(interaction, setting, value)
    await interaction.response.defer()
    try:
        made = await host.guild_choices.make(guild_id, interaction.user.id, edit, agreed=agreed)
    except ChangedMeanwhile:
        here, proposal = await _here(interaction), await host.guild_choices.would(guild_id, edit)
        await replace(interaction, _preview(here, setting, value, proposal, meanwhile=True))
        return
    locale, models = interaction.locale.value, host.provider.models
    rows = change_rows(locale, made.before, made.after, models)
    notes = change_notes(locale, made.before, made.after, models)
    done = "\n".join([f"✅ {say(locale, 'Changed:')}", *rows])
    await replace(interaction, await _home_panel(interaction, done, small(notes)))


def _page(here: Here, setting: Setting, prefix: str = "", slip: _Slip | None = None) -> LayoutView:
    """Return the page of one setting: what holds, and how to choose another value."""
    value = setting.shown(here.locale, here.choices, here.models)
    sections = [say(here.locale, setting.about), say(here.locale, "Now: **{value}**", value=value)]
    menus = setting.kind.menus(setting.name, here)
    if slip is not None:
        sections.insert(0, _told(here.locale, slip))
        menus += _zones(here.locale, setting, slip.written)
    if setting.note:
        sections.append(small([say(here.locale, setting.note)]))
    if not menus and not setting.kind.hint:
        sections.append(say(here.locale, "There is nothing to choose with this model."))
    buttons = [_as_usual_button(here, setting), _back(here.locale)]
    if setting.kind.hint and (slip or not menus):
        buttons.insert(0, _write(here.locale, setting, prefix, slip.written if slip else ""))
    return panel(say(here.locale, setting.label), sections, buttons, menus=menus)


def _preview(
    here: Here, setting: Setting, text: str, proposal: Proposal, *, meanwhile: bool = False
) -> LayoutView:
    locale, models = here.locale, here.models
    rows = change_rows(locale, proposal.before, proposal.after, models)
    notes = change_notes(locale, proposal.before, proposal.after, models)
    notes.append(say(locale, "Nothing is changed yet. It would hold for requests from then on."))
    other = button(say(locale, "Choose another"), f"settings:other:{setting.name}")
    return change_panel(
        locale,
        ["\n".join(rows)] if rows else [],
        notes,
        f"settings:apply:{setting.name}:{proposal.seal}:{text}",
        [other, _back(locale)],
        meanwhile=meanwhile,
    )


async def _other(interaction: Interaction[Any], rest: list[str]) -> None:
    await replace(interaction, _page(await _here(interaction), _setting(rest[0])))


def _told(locale: str, slip: _Slip) -> str:
    values = {"written": shown(slip.written), "problem": slip.problem}
    return say(locale, "⚠️ “{written}” cannot be: {problem}. Nothing was changed.", **values)


def _zones(locale: str, setting: Setting, written: str) -> list[Item[Any]]:
    """Return a select of the time zones that may have been meant."""
    if setting.name != "timezone":
        return []
    pairs = [(name, name) for name in zones.matching(written, MOST_OPTIONS)]
    return selects(
        locale, f"settings:value:{setting.name}:", pairs, words=N_("Is it one of these?")
    )


def _edit(interaction: Interaction[Any], setting: Setting, text: str) -> Edit:
    """Return the change that *text* means. Raises BadOption: it cannot be."""
    models: Models = _host(interaction).provider.models
    if text == _AS_USUAL:
        names = (setting.name, *setting.along)
        usual = {name: getattr(_DEFAULTS, name) for name in names}
        return changing(models, **cast("Changes", usual))
    setting.kind.check(interaction, setting.name, text)
    return setting.kind.edit(setting.name, text, models)


def _setting(name: str) -> Setting:
    if name not in BY_NAME:  # of a message that an older version posted
        raise BadOption(option="setting", problem=Phrase("there is no such setting any more"))
    return BY_NAME[name]


async def _here(interaction: Interaction[Any]) -> Here:
    host = _host(interaction)
    choices = await host.guild_choices.choices(place_of(interaction).guild_id)
    return Here(interaction.locale.value, interaction.guild, choices, host.provider.models)


def _host(interaction: Interaction[Any]) -> PanelHost:
    return cast("PanelHost", interaction.client)


def _as_usual_button(here: Here, setting: Setting) -> Button[Any]:
    usual = getattr(here.choices, setting.name) == getattr(_DEFAULTS, setting.name)
    return button(say(here.locale, "Reset"), f"settings:usual:{setting.name}", usable=not usual)


def _write(locale: str, setting: Setting, prefix: str, written: str) -> Button[Any]:
    label = say(locale, "Write it again…" if written else "Write it…")
    custom_id = f"settings:form:{setting.name}:{prefix}:{written}"
    return button(label, custom_id, ButtonStyle.primary)


def _back(locale: str) -> Button[Any]:
    return button(say(locale, "Back"), "settings:home:")


_VERBS: Final[Mapping[str, Callable[[Interaction[Any], list[str]], Awaitable[None]]]] = {
    "home": _home,
    "which": _which,
    "value": _value,
    "usual": _as_usual,
    "ask": _ask,
    "form": _form,
    "sent": _sent,
    "other": _other,
    "apply": _apply,
}
