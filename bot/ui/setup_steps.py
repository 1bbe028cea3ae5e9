"""How the four steps of ``/easel setup`` look; what is chosen is what the server's settings say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord
from discord import ButtonStyle, SelectDefaultValue, SelectDefaultValueType, SelectOption
from discord.ui import Button, ChannelSelect, Item, LayoutView, RoleSelect, Select

from bot.domain.guild import GuildChoices
from bot.domain.messages import N_, Slash
from bot.domain.money import MICROS_PER_DOLLAR, dollars
from bot.domain.presets import Preset
from bot.domain.quota import Scope, Standing, Unit
from bot.domain.windows import Window
from bot.services.guild_edits import Models
from bot.ui.panels import button, lines, panel, small
from bot.ui.quota import rule_text
from bot.ui.quota_home import PRESET_WORDS
from bot.ui.server_doctor import channel_warnings
from bot.ui.setting_kinds import LOG_TYPES, MOST_OPTIONS, PLACE_TYPES
from bot.ui.setting_table import BY_NAME, settable
from bot.ui.setting_words import STRICTNESS
from bot.ui.words import say, say_many

STEPS: Final = 4
OTHER: Final = "other"
"""Chosen in the select of caps: it is written into a form."""

OFF: Final = "off"
STRIKES: Final = 3
CAPS: Final = (5, 10, 25, 50, 100)
"""Dollars a month."""

_HEADINGS: Final = (
    N_("Channels"), N_("Who and how much"), N_("Monthly cap"), N_("Safety and log channel"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What holds on a server that is being set up.

    Attributes:
        standings: those of somebody without rules of their own.
        precheck: whether the operator has set the pre-check up.
    """

    locale: str
    guild: discord.Guild
    choices: GuildChoices
    models: Models
    standings: Sequence[Standing]
    precheck: bool


def step_panel(plan: Plan, step: int, notes: Iterable[str] = ()) -> LayoutView:
    """Return step 1 to `STEPS`; *notes* say first what has just happened."""
    locale = plan.locale
    sections, menus = _STEPS[step - 1](plan)
    heading = say(
        locale,
        "Set up Easel · {step} of {steps} · {what}",
        step=step,
        steps=STEPS,
        what=say(locale, _HEADINGS[step - 1]),
    )
    return panel(heading, [*notes, *sections], _turns(locale, step), menus=menus)


def _turns(locale: str, step: int) -> list[Button[Any]]:
    back = button(say(locale, "Back"), f"setup:step:{step - 1}", usable=step > 1)
    if step == STEPS:
        return [back, button(say(locale, "Done"), "setup:done:", ButtonStyle.success)]
    return [back, button(say(locale, "Next"), f"setup:step:{step + 1}", ButtonStyle.primary)]


def _channels(plan: Plan) -> tuple[list[str], list[Item[Any]]]:
    locale, chosen = plan.locale, plan.choices.channels
    sections = [
        say(locale, "Where may pictures be made? Threads go with their channel."),
        _now(plan, "channels"),
        "\n".join(channel_warnings(locale, plan.guild, chosen)),
        small([say(locale, "Choose none for every channel. What you choose holds at once.")]),
    ]
    if len(chosen) > MOST_OPTIONS:
        return [*sections, _too_many(locale, "settings channels")], []
    menu: Item[Any] = ChannelSelect(
        custom_id="setup:channels:",
        placeholder=say(locale, "Every channel"),
        channel_types=PLACE_TYPES,
        min_values=0,
        max_values=MOST_OPTIONS,
        default_values=_defaults(chosen, SelectDefaultValueType.channel),
    )
    return sections, [menu]


def _people(plan: Plan) -> tuple[list[str], list[Item[Any]]]:
    locale, chosen = plan.locale, plan.choices.roles
    rules = [
        f"**{rule_text(locale, each.rule)}**"
        for each in plan.standings
        if each.rule.scope is Scope.EVERYONE
    ]
    server = [
        f"**{rule_text(locale, each.rule)}**"
        for each in plan.standings
        if each.rule.scope is Scope.SERVER
    ]
    sections = [
        say(locale, "Who may make pictures, and how many?"),
        _now(plan, "roles"),
        lines(say(locale, "Each member now"), rules),
        lines(say(locale, "The whole server now"), server),
        small([say(locale, "A preset is a start: `/quota panel` changes every limit later.")]),
    ]
    presets: Item[Any] = Select(
        custom_id="setup:preset:",
        placeholder=say(locale, "How much: choose a preset…"),
        options=[_preset(locale, each) for each in Preset],
    )
    if len(chosen) > MOST_OPTIONS:
        return [*sections, _too_many(locale, "settings roles")], [presets]
    roles: Item[Any] = RoleSelect(
        custom_id="setup:roles:",
        placeholder=say(locale, "Everyone"),
        min_values=0,
        max_values=MOST_OPTIONS,
        default_values=_defaults(chosen, SelectDefaultValueType.role),
    )
    return sections, [roles, presets]


def _cap(plan: Plan) -> tuple[list[str], list[Item[Any]]]:
    locale, cap = plan.locale, cap_of(plan.standings)
    sections = [
        say(
            locale,
            "How much may this server spend in a month? When it is used up, no pictures are made "
            "until the next month.",
        ),
        say(locale, "Now: **{value}**", value=_amount(locale, cap)),
        small([say(locale, "Go on with Next to keep it.")]),
    ]
    options = [
        SelectOption(
            label=say(locale, "{amount} a month", amount=f"${each}"),
            value=str(each),
            default=cap == each * MICROS_PER_DOLLAR,
        )
        for each in CAPS
    ]
    options.append(SelectOption(label=say(locale, "Another amount…"), value=OTHER))
    words = say(locale, "Choose a cap…")
    return sections, [Select(custom_id="setup:cap:", placeholder=words, options=options)]


def _safety(plan: Plan) -> tuple[list[str], list[Item[Any]]]:
    settings = settable(plan.choices, plan.models, precheck=plan.precheck)
    named = {each.name for each in settings} & {"strictness", "precheck", "strikes", "log_channel"}
    order = [each for each in _SAFETY if each in named]
    locale = plan.locale
    sections = [
        say(locale, "How careful shall Easel be, and where is it told what was declined?"),
        "\n".join(_row(plan, name) for name in order),
    ]
    return sections, [_SAFETY[name](plan) for name in order]


def _strictness(plan: Plan) -> Item[Any]:
    chosen = plan.choices.strictness
    options = [
        SelectOption(
            label=say(plan.locale, "Picture service: {words}", words=say(plan.locale, words))[:100],
            value=each.value,
            default=each is chosen,
        )
        for each, words in STRICTNESS.items()
    ]
    return Select(custom_id="setup:strictness:", options=options)


def _precheck(plan: Plan) -> Item[Any]:
    chosen = plan.choices.precheck
    words = {
        True: N_("Look at words and pictures first"),
        False: N_("Look at nothing first"),
    }
    options = [
        SelectOption(label=say(plan.locale, label), value=str(on), default=on is chosen)
        for on, label in words.items()
    ]
    return Select(custom_id="setup:precheck:", options=options)


def _strikes(plan: Plan) -> Item[Any]:
    locale, chosen = plan.locale, plan.choices.strikes
    numbers = sorted({STRIKES, chosen or STRIKES})
    options = [
        SelectOption(label=say(locale, "Block nobody by itself"), value=OFF, default=not chosen)
    ]
    options += [
        SelectOption(
            label=say_many(
                locale,
                "Block a member after {count} declined request within a day",
                "Block a member after {count} declined requests within a day",
                each,
            ),
            value=str(each),
            default=each == chosen,
        )
        for each in numbers
    ]
    return Select(custom_id="setup:strikes:", options=options)


def _log_channel(plan: Plan) -> Item[Any]:
    chosen = plan.choices.log_channel
    return ChannelSelect(
        custom_id="setup:log:",
        placeholder=say(plan.locale, "No log channel"),
        channel_types=LOG_TYPES,
        min_values=0,
        default_values=_defaults({chosen} if chosen else (), SelectDefaultValueType.channel),
    )


def cap_of(standings: Iterable[Standing]) -> int | None:
    """Return the server's micro-dollars a month; None: there is no such limit."""
    for each in standings:
        rule = each.rule
        if (rule.scope, rule.unit, rule.window) == (Scope.SERVER, Unit.DOLLARS, Window.MONTH):
            return rule.amount
    return None


def _amount(locale: str, cap: int | None) -> str:
    return say(locale, "no cap") if cap is None else dollars(cap)


def _preset(locale: str, preset: Preset) -> SelectOption:
    name, what = PRESET_WORDS[preset]
    return SelectOption(label=say(locale, name), value=preset.value, description=say(locale, what))


def _now(plan: Plan, name: str) -> str:
    value = BY_NAME[name].shown(plan.locale, plan.choices, plan.models)
    return say(plan.locale, "Now: **{value}**", value=value)


def _row(plan: Plan, name: str) -> str:
    setting = BY_NAME[name]
    value = setting.shown(plan.locale, plan.choices, plan.models)
    return f"**{say(plan.locale, setting.label)}**: {value}"


def _too_many(locale: str, command: str) -> str:
    return say(locale, "These are too many for a select; change them with `{command}`.",
               command=Slash(command))  # fmt: skip


def _defaults(ids: Iterable[int], kind: SelectDefaultValueType) -> list[SelectDefaultValue]:
    return [SelectDefaultValue(id=each, type=kind) for each in sorted(ids)]


_STEPS: Final = (_channels, _people, _cap, _safety)
_SAFETY: Final = {
    "strictness": _strictness,
    "precheck": _precheck,
    "strikes": _strikes,
    "log_channel": _log_channel,
}
