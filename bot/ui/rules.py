"""Rules as they are chosen among those that there are."""

from collections.abc import Iterable
from typing import Any

from discord import Interaction
from discord.app_commands import Choice

from bot.domain.errors import BadOption
from bot.domain.quota import Effect, Rule, Scope
from bot.ui.options import Targets, fitting, limit_rule
from bot.ui.quota import rule_line, whom

_NAME = 95  # characters of what is offered


def offered_rules(
    interaction: Interaction[Any], rules: Iterable[Rule], typed: str
) -> list[Choice[str]]:
    """Offer *rules* for what was typed so far, with the names of whom they are for."""
    return fitting(
        (Choice(name=_name(interaction, rule)[:_NAME], value=_key(rule)) for rule in rules), typed
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
        found = [rule for rule in rules if _key(rule) == chosen]
        if not found:
            raise BadOption(option="rule", problem="choose one of those that are offered")
        return found[0]
    if scope is None:
        raise BadOption(option="rule", problem="choose one, or say scope, unit and window")
    if unit is None or window is None:
        raise BadOption(option="rule", problem="choose one, or say unit and window too")
    return limit_rule(scope, unit, window, hours, named)


def _key(rule: Rule) -> str:
    """Return what tells the rules of a server apart."""
    parts = rule.scope, rule.scope_id, rule.unit or "any", rule.window or "now"
    if rule.effect is not Effect.LIMIT:
        parts = rule.scope, rule.scope_id, rule.unit or "any", "any"
    return "/".join(map(str, parts))


def _name(interaction: Interaction[Any], rule: Rule) -> str:
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
    return found.name if found else str(rule.scope_id)
