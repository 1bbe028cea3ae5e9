"""``/easel setup``: four private steps; each choice is made at once and stands in the audit.

Every id says what is meant and no more, and what was chosen is read from the server's settings, so
a panel outlives a restart. Whoever presses is asked for Manage Server each time.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from io import BytesIO
from typing import Any, Final, Unpack, cast

import discord
from discord import ButtonStyle, Interaction

from bot.domain.errors import BadOption, ChangedMeanwhile
from bot.domain.guild import GuildChoices, Strictness
from bot.domain.messages import Slash
from bot.domain.money import MICROS_PER_DOLLAR
from bot.domain.presets import PRESETS, Preset
from bot.domain.quota import Rule, Scope, Unit
from bot.domain.windows import Window
from bot.services.guild_edits import Changes
from bot.services.rule_plans import Draft, SetRule
from bot.services.samples import sample
from bot.ui.asking import place_of
from bot.ui.forms import ask_in_form, chosen_in, text_field, written_in
from bot.ui.host import PanelHost
from bot.ui.options import dollars_in
from bot.ui.panels import button, replace, show
from bot.ui.previews import change_panel
from bot.ui.rule_preview import changed
from bot.ui.server_doctor import doctor_panel, examined
from bot.ui.setting_table import BY_NAME
from bot.ui.setup_steps import OFF, OTHER, STEPS, Plan, step_panel
from bot.ui.text import shown
from bot.ui.words import say

_NOBODY: Final = 0  # a member with no roles and no rules of their own
_LONGEST: Final = 12
_USUAL: Final = GuildChoices()
_WHERE, _WHO, _CAP, _SAFETY = range(1, STEPS + 1)


async def show_setup(interaction: Interaction[Any]) -> None:
    """Show the first step, to the one who asks."""
    await show(interaction, step_panel(await _plan(interaction), _WHERE))


async def answer_setup(interaction: Interaction[Any], parts: list[str]) -> None:
    """Do what was pressed, chosen or sent, if the presser runs this server."""
    verb, *rest = parts
    await _VERBS[verb](interaction, rest)


async def _begin(interaction: Interaction[Any], rest: list[str]) -> None:
    """Open the panel for whoever pressed the button of the public hello."""
    del rest
    await show_setup(interaction)


async def _step(interaction: Interaction[Any], rest: list[str]) -> None:
    step = int(rest[0]) if rest[0].isdigit() else _WHERE
    await _go(interaction, min(max(step, _WHERE), STEPS))


async def _go(interaction: Interaction[Any], step: int, *notes: str) -> None:
    await replace(interaction, step_panel(await _plan(interaction), step, notes))


async def _change(interaction: Interaction[Any], step: int, **changes: Unpack[Changes]) -> None:
    """Make *changes* at once, and show the step as it is then."""
    host, guild_id = _host(interaction), place_of(interaction).guild_id
    models = host.provider.models
    await host.guild_choices.change(guild_id, interaction.user.id, models=models, **changes)
    await _go(interaction, step, f"✅ {say(interaction.locale.value, 'That holds now.')}")


async def _channels(interaction: Interaction[Any], rest: list[str]) -> None:
    del rest
    await _change(interaction, _WHERE, channels=_ids(interaction))


async def _roles(interaction: Interaction[Any], rest: list[str]) -> None:
    del rest
    await _change(interaction, _WHO, roles=_ids(interaction))


async def _strictness(interaction: Interaction[Any], rest: list[str]) -> None:
    del rest
    await _change(interaction, _SAFETY, strictness=Strictness(chosen_in(interaction)))


async def _precheck(interaction: Interaction[Any], rest: list[str]) -> None:
    del rest
    await _change(interaction, _SAFETY, precheck=chosen_in(interaction) == str(True))


async def _strikes(interaction: Interaction[Any], rest: list[str]) -> None:
    del rest
    chosen = chosen_in(interaction)
    await _change(interaction, _SAFETY, strikes=None if chosen == OFF else int(chosen))


async def _log(interaction: Interaction[Any], rest: list[str]) -> None:
    """Name the log channel, if Easel may write there; what cannot be is told in the panel."""
    del rest
    chosen = chosen_in(interaction)
    if not chosen:
        await _change(interaction, _SAFETY, log_channel=None)
        return
    try:
        BY_NAME["log_channel"].kind.check(interaction, "log_channel", chosen)
    except BadOption as error:
        await _go(interaction, _SAFETY, _slip(interaction, f"<#{chosen}>", error))
        return
    await _change(interaction, _SAFETY, log_channel=int(chosen))


async def _preset(interaction: Interaction[Any], rest: list[str]) -> None:
    """Let a preset hold; where that would replace what somebody chose, show it first."""
    del rest
    host, place, preset = _host(interaction), place_of(interaction), Preset(chosen_in(interaction))
    await interaction.response.defer()
    draft = await host.plans.draft(place.guild_id, preset)
    if await host.quotas.rules(place.guild_id) or not _is_untouched(draft, preset):
        await _ask(interaction, preset, draft)
        return
    await _carry_out(interaction, preset, draft.seal)


async def _do(interaction: Interaction[Any], rest: list[str]) -> None:
    preset, agreed = Preset(rest[0]), rest[1]
    await interaction.response.defer()
    await _carry_out(interaction, preset, agreed)


async def _carry_out(interaction: Interaction[Any], preset: Preset, agreed: str) -> None:
    """Change it as it was shown; where it would be another change now, show that instead."""
    host, guild_id = _host(interaction), place_of(interaction).guild_id
    try:
        made = await host.plans.carry_out(guild_id, preset, by=interaction.user.id, agreed=agreed)
    except ChangedMeanwhile:
        draft = await host.plans.draft(guild_id, preset)
        await _ask(interaction, preset, draft, meanwhile=True)
        return
    locale = interaction.locale.value
    rows = [] if made.is_empty else changed(locale, made, host.provider.models)
    await _go(interaction, _WHO, "\n".join([f"✅ {say(locale, 'Changed:')}", *rows]))


async def _ask(
    interaction: Interaction[Any], preset: Preset, draft: Draft, *, meanwhile: bool = False
) -> None:
    host, locale = _host(interaction), interaction.locale.value
    notes = [
        say(locale, "Nothing is changed yet. What is used already counts."),
        say(locale, "Rules for roles, channels and single members stay."),
    ]
    view = change_panel(
        locale,
        [] if draft.is_empty else changed(locale, draft, host.provider.models, effects=True),
        notes,
        f"setup:do:{preset.value}:{draft.seal}",
        [button(say(locale, "Back"), f"setup:step:{_WHO}")],
        meanwhile=meanwhile,
    )
    await replace(interaction, view)


async def _cap(interaction: Interaction[Any], rest: list[str]) -> None:
    """Set the cap that was chosen, or ask for another one in a form."""
    del rest
    chosen, locale = chosen_in(interaction), interaction.locale.value
    if chosen == OTHER:
        label = say(locale, "Dollars a month")
        field = text_field("amount", hint="15", most=_LONGEST)
        await ask_in_form(interaction, "setup:sent:", say(locale, "Monthly cap"), {label: field})
        return
    await _set_cap(interaction, int(chosen) * MICROS_PER_DOLLAR)


async def _sent(interaction: Interaction[Any], rest: list[str]) -> None:
    """Set the cap that was written; what cannot be is told in the panel."""
    del rest
    written = written_in(interaction).get("amount", "").strip()
    try:
        await _set_cap(interaction, dollars_in("amount", written.removeprefix("$")))
    except BadOption as error:
        await _go(interaction, _CAP, _slip(interaction, shown(written), error))


async def _set_cap(interaction: Interaction[Any], micros: int) -> None:
    host, guild_id = _host(interaction), place_of(interaction).guild_id
    rule = Rule(scope=Scope.SERVER, unit=Unit.DOLLARS, window=Window.MONTH, amount=micros)
    draft = await host.plans.draft(guild_id, SetRule(rule))
    await host.plans.carry_out(guild_id, SetRule(rule), by=interaction.user.id, agreed=draft.seal)
    locale = interaction.locale.value
    rows = [] if draft.is_empty else changed(locale, draft, host.provider.models)
    await _go(interaction, _CAP, "\n".join([f"✅ {say(locale, 'That holds now.')}", *rows]))


async def _done(interaction: Interaction[Any], rest: list[str]) -> None:
    """Show what the doctor says of this server, and offer a free sample."""
    del rest
    locale, host = interaction.locale.value, _host(interaction)
    buttons = [
        button(say(locale, "Draw a free sample"), "setup:sample:", ButtonStyle.primary),
        button(say(locale, "Back"), f"setup:step:{STEPS}"),
    ]
    heading = say(locale, "Easel is set up")
    found = await examined(interaction, host)
    await replace(interaction, doctor_panel(locale, found, heading=heading, buttons=buttons))


async def _sample(interaction: Interaction[Any], rest: list[str]) -> None:
    """Draw a picture here, for whoever pressed alone; it costs nothing and says what it is."""
    del rest
    locale = interaction.locale.value
    await interaction.response.defer(ephemeral=True, thinking=True)
    words = say(locale, "a small boat on a quiet lake at dawn")
    data = await sample(words, secrets.randbelow(1_000))
    alt = say(locale, "AI image: {words}", words=words)
    text = say(
        locale,
        "**{words}**\n-# A sample, drawn by Easel itself: free, and plainer than what the picture "
        "service makes. Ask for a real one with `{command}`.",
        words=words,
        command=Slash("imagine"),
    )
    file = discord.File(BytesIO(data), "sample.png", description=alt)
    await interaction.edit_original_response(content=text, attachments=[file])


async def _plan(interaction: Interaction[Any]) -> Plan:
    host, place, guild = _host(interaction), place_of(interaction), interaction.guild
    if guild is None:
        raise discord.app_commands.NoPrivateMessage
    choices = await host.guild_choices.choices(place.guild_id)
    return Plan(
        locale=interaction.locale.value,
        guild=guild,
        choices=choices,
        models=host.provider.models,
        standings=await host.quotas.standing(place.guild_id, _NOBODY, frozenset(), choices.clocks),
        precheck=host.prechecked,
    )


def _is_untouched(draft: Draft, preset: Preset) -> bool:
    """Whether none of the settings that *preset* brings was chosen by somebody."""
    names = PRESETS[preset].settings
    return all(getattr(draft.was, name) == getattr(_USUAL, name) for name in names)


def _ids(interaction: Interaction[Any]) -> frozenset[int]:
    data: Any = interaction.data or {}
    return frozenset(map(int, data.get("values", [])))


def _slip(interaction: Interaction[Any], written: str, error: BadOption) -> str:
    values = {"written": written, "problem": error.problem}
    locale = interaction.locale.value
    return say(locale, "⚠️ “{written}” cannot be: {problem}. Nothing was changed.", **values)


def _host(interaction: Interaction[Any]) -> PanelHost:
    return cast("PanelHost", interaction.client)


_VERBS: Final[Mapping[str, Callable[[Interaction[Any], list[str]], Awaitable[None]]]] = {
    "begin": _begin,
    "step": _step,
    "channels": _channels,
    "roles": _roles,
    "preset": _preset,
    "do": _do,
    "cap": _cap,
    "sent": _sent,
    "strictness": _strictness,
    "precheck": _precheck,
    "strikes": _strikes,
    "log": _log,
    "done": _done,
    "sample": _sample,
}
