"""The first view of ``/quota panel``: the rules, what is used of them, and where to go on."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from discord import ButtonStyle, Interaction, SelectOption
from discord.ui import Button, Item, LayoutView, Select

from bot.domain.messages import COMMAND, N_, Name, Slash
from bot.domain.presets import Preset
from bot.domain.quota import Rule, Scope, Standing
from bot.services.quota_changes import NAMED
from bot.services.rule_plans import SCOPES
from bot.ui.panels import button, lines, panel, small
from bot.ui.quota import rule_text, standing_line, whom
from bot.ui.rules import key_of, plain_name
from bot.ui.words import say

PAGE: Final = 15
"""How many rules one view of the panel shows."""

_GROUPS: Final[Mapping[Scope, str]] = {
    Scope.SERVER: N_("The whole server together"),
    Scope.EVERYONE: N_("Each member"),
    Scope.ROLE: N_("Roles: each of their members"),
    Scope.CHANNEL: N_("Channels: all who use them together"),
    Scope.MEMBER: N_("Single members"),
}
PRESET_WORDS: Final[Mapping[Preset, tuple[str, str]]] = {
    Preset.FRIENDS: (N_("Friends"), N_("A few people who know each other")),
    Preset.COMMUNITY: (N_("Community"), N_("Many members, some of whom you know")),
    Preset.PUBLIC: (N_("Public"), N_("Anybody can join")),
}


def home_panel(
    interaction: Interaction[Any],
    own: Iterable[Rule],
    standings: Sequence[Standing],
    page: int,
    notes: Iterable[str] = (),
) -> LayoutView:
    """Return a page of a server's *own* rules, and on the first one what holds besides.

    *standings* are those of somebody without rules of their own; *notes* say first what has just
    happened.
    """
    locale = interaction.locale.value
    rules = sorted(own, key=lambda rule: (SCOPES.index(rule.scope), rule.scope_id))
    last = max(0, (len(rules) - 1) // PAGE)
    page = min(page, last)
    seen = list(enumerate(rules, 1))[page * PAGE : (page + 1) * PAGE]
    defaults = [each.rule for each in standings if each.rule.is_default] if page == 0 else []
    use = {key_of(each.rule): each for each in standings if each.scope is Scope.SERVER}
    tip = say(
        locale,
        "The same with commands: `{set}`, `{unlimited}`, `{deny}`, `{clear}`, `{preset}` "
        "and `{explain}`.",
        set=Slash("quota set"), unlimited=Name(COMMAND, "unlimited"), deny=Name(COMMAND, "deny"),
        clear=Name(COMMAND, "clear"), preset=Name(COMMAND, "preset"),
        explain=Name(COMMAND, "explain"),
    )  # fmt: skip
    sections = [*notes, *_groups(locale, seen, defaults, use), small([tip])]
    menus = [*([_rules_menu(interaction, seen)] if seen else []), _presets_menu(locale)]
    buttons = [
        button(say(locale, "Add a rule…"), "quota:new:", ButtonStyle.primary),
        button(say(locale, "Explain a member…"), "quota:explain:"),
        *_turns(locale, page, last),
    ]
    heading = say(locale, "Limits of this server")
    return panel(heading, sections, buttons, menus=menus)


def _groups(
    locale: str,
    rules: Sequence[tuple[int, Rule]],
    defaults: Iterable[Rule],
    use: Mapping[str, Standing],
) -> Iterable[str]:
    """Return a section for each kind of holder: numbered rules, what is used, what holds anyway."""
    usual = list(defaults)
    for scope, heading in _GROUPS.items():
        rows = [f"`{n}` {_row(locale, rule, use)}" for n, rule in rules if rule.scope is scope]
        rows += [_usual_row(locale, rule, use) for rule in usual if rule.scope is scope]
        yield lines(say(locale, heading), rows)


def _row(locale: str, rule: Rule, use: Mapping[str, Standing]) -> str:
    if standing := use.get(key_of(rule)):
        return standing_line(locale, standing)
    text = f"**{rule_text(locale, rule)}**"
    return f"{whom(locale, rule.scope, rule.scope_id)}: {text}" if rule.scope in NAMED else text


def _usual_row(locale: str, rule: Rule, use: Mapping[str, Standing]) -> str:
    if rule.scope is Scope.SERVER:
        return _row(locale, rule, use)
    return say(locale, "**{rule}** (the bot's default)", rule=rule_text(locale, rule))


def _rules_menu(interaction: Interaction[Any], rules: Iterable[tuple[int, Rule]]) -> Item[Any]:
    options = [
        SelectOption(label=f"{n} · {plain_name(interaction, rule)}"[:100], value=key_of(rule))
        for n, rule in rules
    ]
    words = say(interaction.locale.value, "Change a rule…")
    return Select(custom_id="quota:rule:", placeholder=words, options=options)


def _presets_menu(locale: str) -> Item[Any]:
    options = [
        SelectOption(label=say(locale, name), value=preset.value, description=say(locale, what))
        for preset, (name, what) in PRESET_WORDS.items()
    ]
    words = say(locale, "Start with a preset…")
    return Select(custom_id="quota:preset:", placeholder=words, options=options)


def _turns(locale: str, page: int, last: int) -> list[Button[Any]]:
    if not last:
        return []
    earlier, later = f"quota:home:{max(0, page - 1)}", f"quota:home:{page + 1}"
    return [
        button(say(locale, "Previous"), earlier, usable=page > 0),
        button(say(locale, "Next"), later, usable=page < last),
    ]
