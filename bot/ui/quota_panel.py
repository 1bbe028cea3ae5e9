"""``/quota panel``: the rules of a server, and everything that can be done with them.

Every id says what is meant and no more, so it outlives a restart. Whoever presses is asked for
Manage Server each time; what is applied is what was shown, or nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, cast

from discord import ButtonStyle, Interaction
from discord.ui import Item, LayoutView, TextInput, UserSelect

from bot.domain.errors import BadOption, ChangedMeanwhile
from bot.domain.presets import Preset
from bot.domain.quota import Effect, Unit
from bot.services.quota import Explanation
from bot.services.rule_plans import ClearRule, Plan, SetRule
from bot.ui.asking import place_of
from bot.ui.explaining import explanation_panel
from bot.ui.forms import ask_in_form, chosen_in, text_field, written_in
from bot.ui.host import PanelHost
from bot.ui.panels import button, panel, replace, show
from bot.ui.quota import rule_line
from bot.ui.quota_home import home_panel
from bot.ui.rule_choices import HOURS, Composed, Written
from bot.ui.rule_composer import LONGEST, back, composer_panel, how_many
from bot.ui.rule_preview import changed, plan_of, preview_panel
from bot.ui.rules import key_of, rule_of
from bot.ui.words import say

_NOBODY: Final = 0  # a member with no roles and no rules of their own


async def show_rules(interaction: Interaction[Any]) -> None:
    """Show the rules and what can be done with them, to the one who asks."""
    await show(interaction, await _home_panel(interaction))


async def show_preset(interaction: Interaction[Any], preset: Preset) -> None:
    """Show what *preset* would change, and ask whether it shall."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await _propose(interaction, preset)


async def answer_quota(interaction: Interaction[Any], parts: list[str]) -> None:
    """Do what was pressed, chosen or sent, if the presser runs this server."""
    verb, *rest = parts
    if verb in _STEPS:
        await _choose(interaction, verb, rest[0])
    else:
        await _VERBS[verb](interaction, rest)


async def _home_panel(interaction: Interaction[Any], page: int = 0, *notes: str) -> LayoutView:
    rules = await _host(interaction).quotas.rules(place_of(interaction).guild_id)
    standings = (await _explained(interaction, _NOBODY, frozenset())).standings
    return home_panel(interaction, rules, standings, page, notes)


async def _home(interaction: Interaction[Any], rest: list[str]) -> None:
    page = int(rest[0]) if rest[0].isdigit() else 0
    await replace(interaction, await _home_panel(interaction, page))


async def _cancel(interaction: Interaction[Any], rest: list[str]) -> None:
    del rest
    told = say(interaction.locale.value, "Nothing was changed.")
    await replace(interaction, await _home_panel(interaction, 0, told))


async def _new(interaction: Interaction[Any], rest: list[str]) -> None:
    chosen = Composed.read(rest[0]) if rest[0] else Composed()
    await _compose(interaction, chosen)


async def _choose(interaction: Interaction[Any], step: str, so_far: str) -> None:
    """Take in what was chosen for one part of a rule."""
    await _compose(interaction, Composed.read(so_far).choosing(step, chosen_in(interaction)))


async def _compose(
    interaction: Interaction[Any], chosen: Composed, written: Written | None = None
) -> None:
    view = composer_panel(interaction.locale.value, interaction.guild, chosen, written)
    await replace(interaction, view)


async def _form(interaction: Interaction[Any], rest: list[str]) -> None:
    """Ask how much, filled in with what was written before."""
    chosen, written = Composed.read(rest[0]), Written.read(":".join(rest[1:]))
    locale = interaction.locale.value
    asked = how_many(locale, chosen)
    hint = "2.50" if chosen.unit is Unit.DOLLARS else "20"
    fields: dict[str, TextInput[Any]] = {
        asked: text_field("amount", usual=written.amount, hint=hint, most=LONGEST)
    }
    if chosen.window == HOURS:
        label = say(locale, "Within how many hours")
        fields[label] = text_field("hours", usual=written.hours, hint="24", most=4)
    await ask_in_form(interaction, f"quota:sent:{chosen}", asked, fields)


async def _sent(interaction: Interaction[Any], rest: list[str]) -> None:
    """Show what the rule would change; what cannot be is told, and nothing chosen is lost."""
    chosen, said = Composed.read(rest[0]), written_in(interaction)
    written = Written(said.get("amount", "").strip(), said.get("hours", "").strip())
    try:
        await _propose(interaction, SetRule(chosen.rule(written.amount, written.hours)))
    except BadOption as error:
        slip = Written(written.amount, written.hours, error.problem)
        await _compose(interaction, chosen, slip)


async def _rule(interaction: Interaction[Any], rest: list[str]) -> None:
    """Show one rule, and what can be done with it."""
    del rest
    host, locale = _host(interaction), interaction.locale.value
    key = chosen_in(interaction)
    rules = await host.quotas.rules(place_of(interaction).guild_id)
    rule = next((each for each in rules if key_of(each) == key), None)
    if rule is None:
        gone = say(locale, "⚠️ That rule is gone: somebody took it away meanwhile.")
        await replace(interaction, await _home_panel(interaction, 0, gone))
        return
    buttons = [
        button(say(locale, "Take it away…"), f"quota:clear:{key}", ButtonStyle.danger),
        back(locale),
    ]
    if rule.effect is Effect.LIMIT:
        chosen = Composed.of(rule)
        label = say(locale, "How much…")
        buttons.insert(0, button(label, f"quota:form:{chosen}:", ButtonStyle.primary))
    await replace(interaction, panel(say(locale, "A rule"), [rule_line(locale, rule)], buttons))


async def _clear(interaction: Interaction[Any], rest: list[str]) -> None:
    await _propose(interaction, ClearRule(rule_of(rest[0])))


async def _preset(interaction: Interaction[Any], rest: list[str]) -> None:
    del rest
    await _propose(interaction, Preset(chosen_in(interaction)))


async def _propose(interaction: Interaction[Any], plan: Plan, *, meanwhile: bool = False) -> None:
    """Show what *plan* would change; nothing is changed yet."""
    host, locale = _host(interaction), interaction.locale.value
    if not interaction.response.is_done():  # a long ledger is read
        await interaction.response.defer()
    draft = await host.plans.draft(place_of(interaction).guild_id, plan)
    other = None
    if isinstance(plan, SetRule):
        custom_id = f"quota:new:{Composed.of(plan.rule)}"
        other = button(say(locale, "Change it"), custom_id)
    view = preview_panel(
        locale, plan, draft, host.provider.models, other=other, meanwhile=meanwhile
    )
    await replace(interaction, view)


async def _do(interaction: Interaction[Any], rest: list[str]) -> None:
    """Change it as it was shown; where it would be another change now, show that instead."""
    verb, text, agreed = rest
    plan, host, guild_id = plan_of(verb, text), _host(interaction), place_of(interaction).guild_id
    await interaction.response.defer()
    try:
        made = await host.plans.carry_out(guild_id, plan, by=interaction.user.id, agreed=agreed)
    except ChangedMeanwhile:
        await _propose(interaction, plan, meanwhile=True)
        return
    locale = interaction.locale.value
    done = "\n".join(
        [f"✅ {say(locale, 'Changed:')}", *changed(locale, made, host.provider.models)]
    )
    await replace(interaction, await _home_panel(interaction, 0, done))


async def _explain(interaction: Interaction[Any], rest: list[str]) -> None:
    """Ask for a member, or explain which rule decides about the one that was chosen."""
    del rest
    locale, user_id = interaction.locale.value, chosen_in(interaction)
    words = say(locale, "Whose requests…")
    menu: Item[Any] = UserSelect(custom_id="quota:explain:member", placeholder=words)
    if not user_id:
        text = say(locale, "Choose a member, to see which rule decides about them in this channel.")
        heading = say(locale, "Which rule decides")
        await replace(interaction, panel(heading, [text], [back(locale)], menus=[menu]))
        return
    found = await _explained(interaction, int(user_id), _roles(interaction, user_id))
    view = explanation_panel(locale, found, int(user_id), menus=[menu], buttons=[back(locale)])
    await replace(interaction, view)


def _roles(interaction: Interaction[Any], user_id: str) -> frozenset[int]:
    """Return the roles of the member that was chosen; none where they have left the server."""
    data: Any = interaction.data or {}
    member = data.get("resolved", {}).get("members", {}).get(user_id, {})
    return frozenset(map(int, member.get("roles", [])))


async def _explained(
    interaction: Interaction[Any], user_id: int, role_ids: frozenset[int]
) -> Explanation:
    host, place = _host(interaction), place_of(interaction)
    clocks = (await host.guild_choices.choices(place.guild_id)).clocks
    return await host.quotas.explain(
        place.guild_id, user_id, role_ids, clocks, channel_id=place.home_id
    )


def _host(interaction: Interaction[Any]) -> PanelHost:
    return cast("PanelHost", interaction.client)


_STEPS: Final = frozenset({"who", "which", "what", "window"})
_VERBS: Final[Mapping[str, Callable[[Interaction[Any], list[str]], Awaitable[None]]]] = {
    "home": _home,
    "cancel": _cancel,
    "new": _new,
    "form": _form,
    "sent": _sent,
    "rule": _rule,
    "clear": _clear,
    "preset": _preset,
    "do": _do,
    "explain": _explain,
}
