"""Changes of rules before they are made: what would be before and after, and whom it meets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.domain.clock import Clock
from bot.domain.errors import ChangedMeanwhile
from bot.domain.guild import GuildChoices
from bot.domain.presets import PRESET_SCOPES, PRESETS, Preset, rules_of
from bot.domain.quota import Effect, QuotaDefaults, Rule, Scope, Unit
from bot.domain.ruling import Ruling, with_defaults
from bot.domain.seals import seal
from bot.domain.windows import ALWAYS, Clocks, Rolling, Window, span
from bot.services import guilds, quota_booking, quota_changes
from bot.services.guilds import Guilds
from bot.storage import rule_effects, rules
from bot.storage.database import Connection, Database

SCOPES: Final = (Scope.SERVER, Scope.EVERYONE, Scope.ROLE, Scope.CHANNEL, Scope.MEMBER)
"""Whom a server's rules are for, in the order in which people read them."""

_UNITS: Final = tuple(Unit)
_WINDOWS: Final = ("now", *Window)
_Kind = tuple[int, int, int, int, str]


@dataclass(frozen=True, slots=True)
class SetRule:
    """Let a rule hold in place of the one like it."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class ClearRule:
    """Take away the rule like this one."""

    rule: Rule


Plan = SetRule | ClearRule | Preset
"""What somebody wants to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One rule that holds *before* and *after*, the operator's defaults too; None: there is none.

    Attributes:
        used: what the holder of the limit, where it is one, has used of it and in flight.
        met: how many members have used all of it, where it holds for each by themselves.
    """

    before: Rule | None
    after: Rule | None
    used: int | None = None
    met: int | None = None

    @property
    def rule(self) -> Rule:
        """The rule that it is about."""
        rule = self.after or self.before
        assert rule is not None  # noqa: S101 - a change has one of them
        return rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a plan would change: rules, and the settings from *was* to *becomes*."""

    changes: tuple[Change, ...]
    was: GuildChoices
    becomes: GuildChoices

    @property
    def seal(self) -> str:
        """What tells it from every draft with another before or after."""
        return seal([(each.before, each.after) for each in self.changes], *self._settings())

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not self.changes and self.was == self.becomes

    def _settings(self) -> tuple[object, ...]:
        was, becomes = guilds.plain(self.was), guilds.plain(self.becomes)
        return tuple((name, was[name], becomes[name]) for name in was if was[name] != becomes[name])


class RulePlans:
    """Says what a plan would change, and carries it out."""

    def __init__(
        self, database: Database, guilds: Guilds, clock: Clock, defaults: QuotaDefaults
    ) -> None:
        self._database = database
        self._guilds = guilds
        self._clock = clock
        self._defaults = defaults

    async def draft(self, guild_id: int, plan: Plan) -> Draft:
        """Return what *plan* would change now. Raises BadOption: servers cannot set such a rule."""
        plan = _checked(plan)

        def work(connection: Connection) -> Draft:
            own, was = rules.of_guild(connection, guild_id), guilds.look(connection, guild_id)
            bare = self._draft(plan, own, was)
            effects = _Effects(connection, guild_id, bare.becomes.clocks, self._clock.now())
            return replace(bare, changes=tuple(map(effects.of, bare.changes)))

        return await self._database.read(work)

    async def carry_out(self, guild_id: int, plan: Plan, *, by: int, agreed: str) -> Draft:
        """Change what *plan* says, all of it or nothing; *agreed* is the seal of what was shown.

        Whom it meets is not counted again: that reads a long ledger, and others wait to write.

        Raises:
            ChangedMeanwhile: it would change something else than what was shown.
            BadOption: servers cannot set such a rule, or have too many.
        """
        plan, at = _checked(plan), self._clock.now()

        def work(connection: Connection) -> Draft:
            was = guilds.hold(connection, guild_id, at)
            own = rules.of_guild(connection, guild_id)
            draft = self._draft(plan, own, was)
            if draft.seal != agreed:
                raise ChangedMeanwhile
            for rule, change in _steps(own, _planned(own, plan, self._defaults)):
                change(connection, guild_id=guild_id, rule=rule, by=by, at=at)
            guilds.keep(connection, guild_id, was, draft.becomes, by=by, at=at)
            return draft

        try:
            return await self._database.write(work)
        finally:  # also when cancelled: it may have been written
            self._guilds.forget(guild_id)

    def _draft(self, plan: Plan, own: Sequence[Rule], was: GuildChoices) -> Draft:
        """Return what *plan* would change of these rules and settings, without its effects."""
        becomes = was
        if isinstance(plan, Preset):
            becomes = replace(was, **PRESETS[plan].settings)
        before = _by_kind(with_defaults(own, self._defaults))
        after = _by_kind(with_defaults(_planned(own, plan, self._defaults), self._defaults))
        changes = (
            Change(before=before.get(kind), after=after.get(kind))
            for kind in sorted(before.keys() | after.keys())
            if before.get(kind) != after.get(kind)
        )
        return Draft(changes=tuple(changes), was=was, becomes=becomes)


@dataclass(frozen=True, slots=True)
class _Effects:
    """What a changed rule means at this moment."""

    connection: Connection
    guild_id: int
    clocks: Clocks
    at: datetime

    def of(self, change: Change) -> Change:
        """Return *change* with its effect."""
        after = change.after
        if after is None or after.effect is not Effect.LIMIT:
            return change
        return replace(change, used=self._used(after), met=self._met(after))

    def _used(self, rule: Rule) -> int | None:
        if rule.scope not in {Scope.SERVER, Scope.CHANNEL, Scope.MEMBER}:
            return None
        asker = quota_booking.Asker(
            guild_id=self.guild_id,
            channel_id=rule.scope_id if rule.scope is Scope.CHANNEL else 0,
            user_id=rule.scope_id if rule.scope is Scope.MEMBER else 0,
            role_ids=frozenset(),
            clocks=self.clocks,
            at=self.at,
        )
        ruling = Ruling(denied=None, limits=(rule,))
        (standing,) = quota_booking.standings(self.connection, asker, ruling)
        return standing.used + standing.in_flight

    def _met(self, rule: Rule) -> int | None:
        if rule.scope is not Scope.EVERYONE or rule.unit in {None, Unit.JOBS} or not rule.amount:
            return None
        since = _since(rule, self.at, self.clocks)
        unit = rule.unit or Unit.PICTURES
        return rule_effects.members_at(self.connection, self.guild_id, unit, rule.amount, since)


def _since(rule: Rule, at: datetime, clocks: Clocks) -> datetime:
    match rule.window:
        case Rolling() as rolling:
            return at - rolling.length
        case Window() as window:
            return span(window, at, clocks)[0]
        case _:
            return ALWAYS[0]


def _planned(own: Sequence[Rule], plan: Plan, defaults: QuotaDefaults) -> list[Rule]:
    """Return the server's own rules as *plan* leaves them."""
    match plan:
        case SetRule(rule):
            return [*(each for each in own if _kind(each) != _kind(rule)), rule]
        case ClearRule(rule):
            return [each for each in own if _kind(each) != _kind(rule)]
        case _:
            kept = [each for each in own if each.scope not in PRESET_SCOPES]
            return [*kept, *rules_of(plan, defaults)]


def _steps(
    own: Iterable[Rule], planned: Sequence[Rule]
) -> list[tuple[Rule, quota_changes.RuleChange]]:
    kinds = {_kind(each) for each in planned}
    gone = [each for each in own if _kind(each) not in kinds]
    new = [each for each in planned if each not in own]
    cleared = [(each, quota_changes.clear_rule) for each in gone]
    return [*cleared, *((each, quota_changes.set_rule) for each in new)]


def _by_kind(all_of_them: Iterable[Rule]) -> dict[_Kind, Rule]:
    return {_kind(rule): rule for rule in all_of_them if rule.scope is not Scope.BOT}


def _kind(rule: Rule) -> _Kind:
    """Return what a rule shares with the one that it takes the place of; it sorts as they read."""
    unit = -1 if rule.unit is None else _UNITS.index(rule.unit)
    window = rules.window_name(rule)
    place = _WINDOWS.index(window) if window in _WINDOWS else len(_WINDOWS)
    return SCOPES.index(rule.scope), rule.scope_id, unit, place, window


def _checked(plan: Plan) -> Plan:
    match plan:
        case SetRule(rule):
            return SetRule(quota_changes.checked(rule))
        case ClearRule(rule):
            return ClearRule(quota_changes.checked(rule))
        case _:
            return plan
