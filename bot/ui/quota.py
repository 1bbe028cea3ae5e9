"""How limits, what is used of them, and grants look."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from discord.ui import LayoutView

from bot.domain.messages import N_, Slash
from bot.domain.quota import Effect, Grant, Rule, Scope, Standing, Unit
from bot.domain.windows import Rolling
from bot.ui.amounts import amount_of, limit_of, number_of
from bot.ui.panels import lines, on_day, panel, small
from bot.ui.text import shown
from bot.ui.words import say

_REASON = 80  # characters of a grant's reason
_WHOM: Mapping[Scope, str] = {
    Scope.BOT: N_("the whole bot"),
    Scope.SERVER: N_("the whole server together"),
    Scope.EVERYONE: N_("each member"),
}
_MENTIONS: Mapping[Scope, str] = {
    Scope.CHANNEL: "<#{}>",
    Scope.ROLE: "<@&{}>",
    Scope.MEMBER: "<@{}>",
}
_EFFECTS: Mapping[Scope, str] = {
    Scope.SERVER: N_("All members share it."),
    Scope.CHANNEL: N_("All who make pictures there share it; threads go with their channel."),
    Scope.ROLE: N_("Who has several such roles gets the most generous of them."),
    Scope.MEMBER: N_("It goes before the rules for roles and for each member."),
    Scope.EVERYONE: N_("Rules for a role or a member go before it."),
}
_NO_LIMIT: Mapping[Unit | None, str] = {
    None: N_("No limits"),
    Unit.PICTURES: N_("No limit of pictures"),
    Unit.REQUESTS: N_("No limit of requests"),
    Unit.DOLLARS: N_("No limit of dollars"),
}


def standing_panel(
    locale: str, standings: Sequence[Standing], grants: Iterable[Grant], member: int | None
) -> LayoutView:
    """Return what is used of every limit; *member* is whose they are, None for the reader's own."""
    own = say(locale, "For <@{member}>", member=member) if member else say(locale, "For you")
    sections = [
        lines(own, _standings(locale, standings, Scope.MEMBER)),
        lines(say(locale, "For this channel"), _standings(locale, standings, Scope.CHANNEL)),
        lines(
            say(locale, "For the whole server together"),
            _standings(locale, standings, Scope.SERVER),
        ),
        lines(say(locale, "Grants"), [grant_line(locale, grant) for grant in grants]),
        *(
            _used_up(locale, each)
            for each in standings
            if each.scope is Scope.BOT and not each.left
        ),
    ]
    return panel(say(locale, "Limits"), sections)


def list_panel(
    locale: str, rules: Iterable[Rule], defaults: Iterable[Rule], grants: Iterable[Grant]
) -> LayoutView:
    """Return a server's rules, the bot's defaults that still hold, and the grants."""
    nothing = say(locale, "This server has set no limits of its own.")
    sections = [
        lines(say(locale, "Rules"), [rule_line(locale, rule) for rule in rules]) or nothing,
        lines(say(locale, "The bot's defaults"), [rule_line(locale, rule) for rule in defaults]),
        lines(say(locale, "Grants"), [grant_line(locale, grant) for grant in grants]),
    ]
    return panel(say(locale, "Limits of this server"), sections)


def rule_set(locale: str, rule: Rule, before: Iterable[Rule], defaults: Iterable[Rule]) -> str:
    """Return what setting *rule* did, where *before* and *defaults* held until then."""
    texts = [f"{rule_line(locale, rule)}.", _effect(locale, rule)]
    texts += [
        say(locale, "Before, it was: {rule}.", rule=rule_line(locale, old))
        if rule.effect is not old.effect
        else say(locale, "Before, it was {limit}.", limit=_limit(locale, old))
        for old in before
        if replace(old, amount=rule.amount, effect=rule.effect) == rule and old != rule
    ]
    for usual in _alike(defaults, rule):
        limit = _limit(locale, usual)
        texts.append(say(locale, "It replaces the bot's default of {limit}.", limit=limit))
    if rule.effect is Effect.LIMIT:
        texts.append(say(locale, "What is used already counts."))
    return " ".join(texts)


def rule_cleared(locale: str, rule: Rule, defaults: Iterable[Rule]) -> str:
    """Return that the rule like *rule* is gone, and which of the *defaults* that hold now."""
    who = whom(locale, rule.scope, rule.scope_id)
    texts = [say(locale, "The rule for {who} is gone.", who=who)]
    for usual in _alike(defaults, rule):
        limit = _limit(locale, usual)
        texts.append(say(locale, "The bot's default of {limit} holds.", limit=limit))
    return " ".join(texts)


def no_such_rule(locale: str, rule: Rule) -> str:
    """Return that there was nothing to clear."""
    return say(
        locale,
        "There is no such rule for {who}. `{list}` shows those that there are.",
        who=whom(locale, rule.scope, rule.scope_id),
        list=Slash("quota list"),
    )


def rule_line(locale: str, rule: Rule) -> str:
    """Return how much a rule allows, and to whom."""
    who = whom(locale, rule.scope, rule.scope_id)
    return say(locale, "**{limit}** for {who}", limit=rule_text(locale, rule), who=who)


def rule_text(locale: str, rule: Rule) -> str:
    """Return how much a rule allows: ``20 pictures a day``, ``No limits``, ``No pictures``."""
    match rule.effect:
        case Effect.DENY:
            return say(locale, "No pictures")
        case Effect.UNLIMITED:
            return say(locale, _NO_LIMIT[rule.unit])
        case Effect.LIMIT:
            return _limit(locale, rule)


def grant_line(locale: str, grant: Grant) -> str:
    """Return what a grant gives to whom, and what is left of it."""
    given = say(
        locale,
        "**{amount} more** for {who}",
        amount=amount_of(locale, grant.unit, grant.amount),
        who=whom(locale, grant.scope, grant.scope_id),
    )
    facts = [given, say(locale, "{left} left", left=number_of(grant.unit, grant.left))]
    if grant.in_flight:
        facts.append(say(locale, "{n} in flight", n=number_of(grant.unit, grant.in_flight)))
    if grant.passed_on:
        facts.append(say(locale, "{n} given on", n=number_of(grant.unit, grant.passed_on)))
    if grant.gift_of is not None:
        facts.append(say(locale, "from <@{giver}>", giver=grant.granted_by))
    if grant.expires_at is not None:
        facts.append(say(locale, "until {day}", day=on_day(grant.expires_at)))
    if grant.reason:
        facts.append(f"“{shown(grant.reason, _REASON)}”")
    return " · ".join(facts)


def whom(locale: str, scope: Scope, scope_id: int) -> str:
    """Return in words, or as a mention, whom a rule or a grant is for."""
    if scope in _MENTIONS:
        return _MENTIONS[scope].format(scope_id)
    return say(locale, _WHOM[scope])


def standing_line(locale: str, standing: Standing) -> str:
    """Return a limit, what is used of it, who decided and when it begins anew."""
    limit, use = _limit(locale, standing.rule), _use(locale, standing)
    return f"{limit} — {use}\n{small([_source(locale, standing)])}"


def _alike(rules: Iterable[Rule], rule: Rule) -> list[Rule]:
    """Return those of the operator's *rules* that a rule such as *rule* takes the place of."""
    return [each for each in rules if each.scope is rule.scope and each.unit is rule.unit]


def _effect(locale: str, rule: Rule) -> str:
    match rule.effect:
        case Effect.DENY:
            return say(locale, "No other rule goes before it.")
        case Effect.UNLIMITED:
            text = N_("The limits of the server, its channels and the bot hold all the same.")
            return say(locale, text)
        case Effect.LIMIT:
            return say(locale, _EFFECTS[rule.scope])


def _standings(locale: str, standings: Iterable[Standing], holder: Scope) -> list[str]:
    return [standing_line(locale, each) for each in standings if each.scope is holder]


def _use(locale: str, standing: Standing) -> str:
    values = {
        "used": number_of(standing.unit, standing.used),
        "running": number_of(standing.unit, standing.in_flight),
        "left": number_of(standing.unit, standing.left),
    }
    if standing.unit is Unit.JOBS:
        return say(locale, "{running} running, **{left} left**", **values)
    return say(locale, "{used} used, {running} in flight, **{left} left**", **values)


def _source(locale: str, standing: Standing) -> str:
    rule = standing.rule
    if rule.is_default:
        parts = [say(locale, "the bot's default")]
    else:
        who = whom(locale, rule.scope, rule.scope_id)
        parts = [say(locale, "this server's rule for {who}", who=who)]
    if standing.resets_at is not None:
        begins = N_("begins anew {moment}")
        if isinstance(standing.window, Rolling):
            begins = N_("the next of it is free {moment}")
        parts.append(say(locale, begins, moment=standing.resets_at))
    if standing.granted:
        more = amount_of(locale, standing.unit, standing.granted)
        parts.append(say(locale, "then {amount} from grants", amount=more))
    return " · ".join(parts)


def _used_up(locale: str, standing: Standing) -> str:
    if standing.unit is Unit.JOBS:
        return say(locale, "The bot makes as many pictures as it may at this moment.")
    if standing.resets_at is None:
        return say(locale, "The bot's own limit for all servers is used up.")
    return say(
        locale,
        "The bot's own limit for all servers is used up; there is more {moment}.",
        moment=standing.resets_at,
    )


def _limit(locale: str, rule: Rule) -> str:
    return limit_of(locale, rule.unit or Unit.PICTURES, rule.amount, rule.window)
