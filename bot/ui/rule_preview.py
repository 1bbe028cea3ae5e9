"""How a change of rules looks before it is made, and after: each rule before → after."""

from typing import Any

from discord.ui import Button, LayoutView

from bot.domain.messages import N_
from bot.domain.presets import Preset
from bot.domain.quota import Effect, Rule, Scope, Unit
from bot.services.guild_edits import Models
from bot.services.rule_plans import Change, ClearRule, Draft, Plan, SetRule
from bot.ui.amounts import amount_of
from bot.ui.panels import button, lines, small
from bot.ui.previews import change_panel
from bot.ui.quota import rule_text, whom
from bot.ui.rules import key_of, rule_of
from bot.ui.settings import change_rows
from bot.ui.words import say, say_many

_SET, _CLEAR, _PRESET = "set", "clear", "preset"


def plan_parts(plan: Plan) -> tuple[str, str]:
    """Return what an id says of *plan*; `plan_of` reads it."""
    match plan:
        case SetRule(rule):
            return _SET, f"{key_of(rule)}/{rule.amount}"
        case ClearRule(rule):
            return _CLEAR, key_of(rule)
        case _:
            return _PRESET, plan.value


def plan_of(verb: str, text: str) -> Plan:
    """Return the plan that an id names. Raises BadOption: it names none."""
    match verb:
        case "preset":
            return Preset(text)
        case "clear":
            return ClearRule(rule_of(text))
        case _:
            key, _, amount = text.rpartition("/")
            return SetRule(with_amount(rule_of(key), int(amount)))


def with_amount(rule: Rule, amount: int) -> Rule:
    """Return *rule* with another amount."""
    return Rule(
        scope=rule.scope,
        scope_id=rule.scope_id,
        unit=rule.unit,
        window=rule.window,
        amount=amount,
        effect=rule.effect,
    )


def preview_panel(
    locale: str,
    plan: Plan,
    draft: Draft,
    models: Models,
    *,
    other: Button[Any] | None = None,
    meanwhile: bool = False,
) -> LayoutView:
    """Return what *plan* would change, whom it meets, and the buttons to do it or not.

    *other* leads back to where it was chosen; *meanwhile*: it was agreed to as another change.
    """
    cancel = button(say(locale, "Cancel"), "quota:cancel:")
    verb, text = plan_parts(plan)
    notes = [say(locale, "Nothing is changed yet. What is used already counts.")]
    if isinstance(plan, Preset):
        notes.append(say(locale, "Rules for roles, channels and single members stay."))
    return change_panel(
        locale,
        [] if draft.is_empty else changed(locale, draft, models, effects=True),
        notes,
        f"quota:do:{verb}:{text}:{draft.seal}",
        [*([other] if other else []), cancel],
        meanwhile=meanwhile,
    )


def changed(locale: str, draft: Draft, models: Models, *, effects: bool = False) -> list[str]:
    """Return sections with everything that differs, with *effects* also whom it meets now."""
    rows = [_row(locale, each, effects=effects) for each in draft.changes]
    settings = change_rows(locale, draft.was, draft.becomes, models)
    if not settings:
        return ["\n".join(rows)]
    return [lines(say(locale, "Rules"), rows), lines(say(locale, "Settings"), settings)]


def _row(locale: str, change: Change, *, effects: bool) -> str:
    rule = change.rule
    who = whom(locale, rule.scope, rule.scope_id)
    before, after = _side(locale, change.before), _side(locale, change.after)
    text = f"{who[:1].upper()}{who[1:]}: {before} → **{after}**"
    told = _effect(locale, change) if effects else ""
    return "\n".join(filter(None, (text, told and small([told]))))


def _side(locale: str, rule: Rule | None) -> str:
    if rule is None:
        return say(locale, "no rule")
    text = rule_text(locale, rule)
    return say(locale, "{rule} (the bot's default)", rule=text) if rule.is_default else text


def _effect(locale: str, change: Change) -> str:
    """Return what the change means at this moment."""
    after = change.after
    match after:
        case None:
            return _gone(locale, change.rule)
        case Rule(effect=Effect.DENY):
            return say(locale, "No other rule goes before it: no more pictures from then on.")
        case Rule(effect=Effect.UNLIMITED):
            text = N_("The limits of the server, its channels and the bot hold all the same.")
            return say(locale, text)
        case Rule(amount=0):
            return say(locale, "That is none at all.")
        case _:
            return _limit_effect(locale, change, after)


def _gone(locale: str, rule: Rule) -> str:
    if rule.is_default:
        return say(locale, "A rule of this server's own takes the place of the bot's default.")
    return say(locale, "What the other rules say holds then.")


def _limit_effect(locale: str, change: Change, after: Rule) -> str:
    if change.used is not None:
        return _used(locale, change.used, after)
    if after.scope is Scope.ROLE:
        return say(locale, "Each member of the role has so much to themselves.")
    if change.met is None:
        return ""
    if not change.met:
        return say(locale, "Nobody has used so much yet.")
    return say_many(
        locale,
        "{count} member has used so much already, and waits until there is room again.",
        "{count} members have used so much already, and wait until there is room again.",
        change.met,
    )


def _used(locale: str, used: int, limit: Rule) -> str:
    if used >= limit.amount:
        return say(locale, "So much is used now: no more until there is room again.")
    amount = amount_of(locale, limit.unit or Unit.PICTURES, used)
    if limit.unit is Unit.JOBS:
        return say(locale, "{used} running now.", used=amount)
    return say(locale, "{used} of it used now.", used=amount)
