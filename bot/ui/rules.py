"""Rules as they are named in ids, and chosen among those that there are."""

from collections.abc import Iterable
from typing import Any

from discord import Interaction
from discord.app_commands import Choice

from bot.domain.errors import BadOption
from bot.domain.messages import N_, Phrase
from bot.domain.quota import Effect, Rule, Scope, Unit
from bot.domain.windows import Period, period
from bot.ui.options import Targets, fitting, limit_rule
from bot.ui.quota import rule_line, whom
from bot.ui.words import say

_ANY, _ROLLING = "any", "rolling:"
_EFFECTS = {Effect.UNLIMITED, Effect.DENY}
_UNNAMED = {
    Scope.ROLE: N_("a role that is gone"),
    Scope.MEMBER: N_("a member"),  # Easel keeps nobody's name
    Scope.CHANNEL: N_("a channel that is gone"),
}
_NAME = 95  # characters of what is offered


def offered_rules(
    interaction: Interaction[Any], rules: Iterable[Rule], typed: str
) -> list[Choice[str]]:
    """Offer *rules* for what was typed so far, with the names of whom they are for."""
    return fitting(
        (Choice(name=plain_name(interaction, rule)[:_NAME], value=key_of(rule)) for rule in rules),
        typed,
    )


def rule_meant(  # noqa: PLR0917 - these are the command's options
    rules: Iterable[Rule],
    chosen: str | None,
    scope: str | None,
    unit: str | None,
    window: str | None,
    hours: int | None,
    named: Targets,
) -> Rule:
    """Return the rule that was *chosen* among *rules*, or that the other options name.

    Raises:
        BadOption: they name none.
    """
    if chosen is not None:
        found = [rule for rule in rules if key_of(rule) == chosen]
        if not found:
            raise BadOption(option="rule", problem=Phrase("choose one of those that are offered"))
        return found[0]
    if scope is None:
        raise BadOption(option="rule", problem=Phrase("choose one, or say scope, unit and window"))
    if unit is None or window is None:
        raise BadOption(option="rule", problem=Phrase("choose one, or say unit and window too"))
    return limit_rule(scope, unit, window, hours, named)


def key_of(rule: Rule) -> str:
    """Return what tells the rules of a server apart: ``role/7/pictures/day``."""
    window = "now" if rule.window is None else str(rule.window).replace(_ROLLING, "r")
    if rule.effect is not Effect.LIMIT:
        window = rule.effect.value
    return f"{rule.scope}/{rule.scope_id}/{rule.unit or _ANY}/{window}"


def rule_of(key: str) -> Rule:
    """Return the rule that `key_of` named, of amount 0. Raises BadOption: it names none."""
    try:
        scope, scope_id, unit, window = key.split("/")
        effect = Effect(window) if window in _EFFECTS else Effect.LIMIT
        return Rule(
            scope=Scope(scope),
            scope_id=int(scope_id),
            unit=None if unit == _ANY else Unit(unit),
            window=_period(window) if effect is Effect.LIMIT else None,
            effect=effect,
        )
    except ValueError:
        raise BadOption(option="rule", problem=Phrase("there is no such rule")) from None


def _period(window: str) -> Period:
    if window == "now":
        return None
    return period(f"{_ROLLING}{window[1:]}" if window[1:].isdigit() else window)


def plain_name(interaction: Interaction[Any], rule: Rule) -> str:
    """Return the rule in words without marks: a mention is none in what is offered."""
    locale = interaction.locale.value
    line = rule_line(locale, rule).replace("**", "")
    return line.replace(whom(locale, rule.scope, rule.scope_id), _whose(interaction, rule))


def _whose(interaction: Interaction[Any], rule: Rule) -> str:
    guild = interaction.guild
    if guild is None:
        return str(rule.scope_id)
    match rule.scope:
        case Scope.ROLE:
            found = guild.get_role(rule.scope_id)
        case Scope.MEMBER:
            found = guild.get_member(rule.scope_id)
        case Scope.CHANNEL:
            found = guild.get_channel(rule.scope_id)
        case _:
            return whom(interaction.locale.value, rule.scope, rule.scope_id)
    if found:
        return found.name
    return f"{say(interaction.locale.value, _UNNAMED[rule.scope])} ({rule.scope_id})"
