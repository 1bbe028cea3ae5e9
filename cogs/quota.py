"""``/quota``: limits, and what is used of them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import discord
from discord import Interaction, app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.client import EaselClient
from bot.domain.clock import Clock
from bot.domain.errors import BadOption
from bot.domain.messages import Phrase
from bot.domain.presets import Preset
from bot.domain.quota import Effect, Rule, Scope, Unit
from bot.domain.windows import MOST_ROLLING_HOURS
from bot.services.guilds import Guilds
from bot.services.quota import Explanation, Quotas
from bot.services.quota_giving import LONGEST_REASON
from bot.ui.asking import place_of
from bot.ui.explaining import explanation_panel
from bot.ui.grants import given, grant_in, granted, grants_panel, offered_grants, revoked
from bot.ui.options import Person, Targets, amount_in, effect_rule, limit_rule, roles_of
from bot.ui.panels import show as show_panel
from bot.ui.policy import is_manager, require_manager
from bot.ui.quota import list_panel, no_such_rule, rule_cleared, rule_set, standing_panel
from bot.ui.quota_panel import show_preset, show_rules
from bot.ui.replies import tell
from bot.ui.rules import offered_rules, rule_meant

ScopeName = Literal["server", "channel", "role", "member", "everyone"]
UnitName = Literal["pictures", "requests", "dollars"]
GivenUnit = Literal["pictures", "dollars"]
WindowName = Literal["hour", "day", "week", "month", "rolling", "lifetime", "at once"]
Hours = app_commands.Range[int, 1, MOST_ROLLING_HOURS]
Place = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.ForumChannel

MOST_DAYS = 3650
_NOBODY = 0  # a member with no roles and no rules of their own
_WHOM = {
    "scope": "The server as a whole, a channel, a role, a member, or each member by themselves",
    "role": "Which role, where the scope is role",
    "member": "Which member, where the scope is member",
}
_THE_RULE = {
    **_WHOM,
    "unit": "What is counted",
    "window": "How often counting begins anew, by this server's clocks",
    "hours": "How many hours, where the window is rolling",
    "channel": "Which channel, where the scope is channel",
}


class Quota(commands.GroupCog, group_name="quota", group_description="Limits and what is left."):
    """Limits of a server and its members."""

    def __init__(self, quotas: Quotas, guilds: Guilds, clock: Clock) -> None:
        self._quotas = quotas
        self._guilds = guilds
        self._clock = clock

    @app_commands.command(description="See your limits, what is used of them and what is left.")
    @app_commands.describe(member="Whose limits; for managers (your own unless you say)")
    async def show(self, interaction: Interaction[Any], member: Person | None = None) -> None:
        """Show where one member's limits stand."""
        other = _other(interaction, member)
        person = member or interaction.user
        found = await self._explained(interaction, person)
        guild_id = place_of(interaction).guild_id
        grants = await self._quotas.usable_grants(guild_id, person.id, roles_of(person))
        locale = interaction.locale.value
        await show_panel(interaction, standing_panel(locale, found.standings, grants, other))

    @app_commands.command(description="See which rule decides about pictures here, and why.")
    @app_commands.describe(member="Whose requests; for managers (your own unless you say)")
    async def explain(self, interaction: Interaction[Any], member: Person | None = None) -> None:
        """Name the rule that decides."""
        other = _other(interaction, member)
        found = await self._explained(interaction, member or interaction.user)
        await show_panel(interaction, explanation_panel(interaction.locale.value, found, other))

    @app_commands.command(
        name="list", description="See every limit and grant of this server (for managers)."
    )
    async def list_all(self, interaction: Interaction[Any]) -> None:
        """Show the rules, the defaults that still hold, and the grants."""
        guild_id = place_of(interaction).guild_id
        rules = await self._quotas.rules(guild_id)
        usual = await self._defaults(interaction)
        grants = await self._quotas.open_grants(guild_id)
        await show_panel(interaction, list_panel(interaction.locale.value, rules, usual, grants))

    @app_commands.command(description="See and change rules, with previews (for managers).")
    async def panel(self, interaction: Interaction[Any]) -> None:
        """Show the panel."""
        await show_rules(interaction)

    @app_commands.command(description="Start with what suits a kind of server (for managers).")
    @app_commands.describe(name="What kind of a server it is; you see first what would change")
    async def preset(
        self, interaction: Interaction[Any], name: Literal["friends", "community", "public"]
    ) -> None:
        """Show what a preset would change, and ask."""
        await show_preset(interaction, Preset(name))

    @app_commands.command(name="set", description="Set a limit (for managers).")
    @app_commands.describe(amount="How many, or dollars such as 2.50", **_THE_RULE)
    async def set_rule(
        self,
        interaction: Interaction[Any],
        scope: ScopeName,
        unit: UnitName,
        window: WindowName,
        amount: str,
        role: discord.Role | None = None,
        member: Person | None = None,
        channel: Place | None = None,
        hours: Hours | None = None,
    ) -> None:
        """Set a limit, or change its amount."""
        rule = limit_rule(scope, unit, window, hours, Targets(role, member, channel))
        much = amount_in(rule.unit or Unit.PICTURES, amount)
        await self._set(interaction, replace(rule, amount=much))

    @app_commands.command(description="Lift the limits of members (for managers).")
    @app_commands.describe(unit="Which limits (all of them unless you say)", **_WHOM)
    async def unlimited(
        self,
        interaction: Interaction[Any],
        scope: Literal["role", "member", "everyone"],
        unit: UnitName | None = None,
        role: discord.Role | None = None,
        member: Person | None = None,
    ) -> None:
        """Set a rule that lifts limits."""
        rule = effect_rule(Effect.UNLIMITED, scope, unit, Targets(role, member))
        await self._set(interaction, rule)

    @app_commands.command(description="Forbid pictures: to someone, or somewhere (for managers).")
    @app_commands.describe(channel=_THE_RULE["channel"], **_WHOM)
    async def deny(
        self,
        interaction: Interaction[Any],
        scope: ScopeName,
        role: discord.Role | None = None,
        member: Person | None = None,
        channel: Place | None = None,
    ) -> None:
        """Set a rule that denies."""
        rule = effect_rule(Effect.DENY, scope, None, Targets(role, member, channel))
        await self._set(interaction, rule)

    @app_commands.command(name="clear", description="Take a rule away (for managers).")
    @app_commands.describe(rule="Choose one of those offered; or name its parts", **_THE_RULE)
    async def clear_rule(
        self,
        interaction: Interaction[Any],
        rule: str | None = None,
        scope: ScopeName | None = None,
        unit: UnitName | None = None,
        window: WindowName | None = None,
        role: discord.Role | None = None,
        member: Person | None = None,
        channel: Place | None = None,
        hours: Hours | None = None,
    ) -> None:
        """Remove a rule."""
        guild_id, locale = place_of(interaction).guild_id, interaction.locale.value
        named = Targets(role, member, channel)
        rules = await self._quotas.rules(guild_id)
        meant = rule_meant(rules, rule, scope, unit, window, hours, named)
        gone = await self._quotas.clear_rule(guild_id, meant, by=interaction.user.id)
        usual = await self._defaults(interaction)
        told = rule_cleared(locale, meant, usual) if gone else no_such_rule(locale, meant)
        await tell(interaction, told)

    @app_commands.command(description="Give an extra allowance beyond the limits (for managers).")
    @app_commands.describe(
        scope="The server as a whole, a role that shares it, or a member",
        unit="What is given",
        amount="How many pictures, or dollars such as 2.50",
        role=_THE_RULE["role"],
        member=_THE_RULE["member"],
        days="For how many days (until it is used up unless you say)",
        reason="Why, for those who read the list",
    )
    async def grant(
        self,
        interaction: Interaction[Any],
        scope: Literal["server", "role", "member"],
        unit: GivenUnit,
        amount: str,
        role: discord.Role | None = None,
        member: Person | None = None,
        days: app_commands.Range[int, 1, MOST_DAYS] | None = None,
        reason: app_commands.Range[str, 1, LONGEST_REASON] = "",
    ) -> None:
        """Give a grant."""
        given_now = await self._quotas.grant(
            place_of(interaction).guild_id,
            Scope(scope),
            Targets(role, member).of(Scope(scope)),
            Unit(unit),
            amount_in(Unit(unit), amount),
            reason=reason,
            expires_at=self._clock.now() + timedelta(days=days) if days else None,
            by=interaction.user.id,
        )
        await tell(interaction, granted(interaction.locale.value, given_now))

    @app_commands.command(description="See the grants that something is left of.")
    async def grants(self, interaction: Interaction[Any]) -> None:
        """Show a manager every grant, and everyone else those that they can use."""
        guild_id, user, manages = _who(interaction)
        found = (
            await self._quotas.open_grants(guild_id)
            if manages
            else await self._quotas.usable_grants(guild_id, user.id, roles_of(user))
        )
        await show_panel(
            interaction, grants_panel(interaction.locale.value, found, all_of_them=manages)
        )

    @app_commands.command(description="Take back what is left of a grant (for managers).")
    @app_commands.describe(grant="Its number, as /quota grants shows it")
    async def revoke(self, interaction: Interaction[Any], grant: str) -> None:
        """End a grant."""
        guild_id = place_of(interaction).guild_id
        gone = await self._quotas.revoke(guild_id, grant_in(grant), by=interaction.user.id)
        await tell(interaction, revoked(interaction.locale.value, gone))

    @app_commands.command(description="Give a part of your own grants to another member.")
    @app_commands.describe(
        member="Who gets it",
        amount="How many pictures, or dollars such as 2.50",
        unit="What is given (pictures unless you say)",
        reason="A word with it",
    )
    async def gift(
        self,
        interaction: Interaction[Any],
        member: discord.Member,
        amount: str,
        unit: GivenUnit = "pictures",
        reason: app_commands.Range[str, 1, LONGEST_REASON] = "",
    ) -> None:
        """Pass a grant on, for everyone in the channel to see, without a ping."""
        if member.bot:
            raise BadOption(option="member", problem=Phrase("bots make no pictures"))
        giver, much = interaction.user.id, amount_in(Unit(unit), amount)
        guild_id = place_of(interaction).guild_id
        parts = await self._quotas.gift(guild_id, giver, member.id, Unit(unit), much, reason=reason)
        text = given(interaction.locale.value, giver, member.id, parts)
        nobody = discord.AllowedMentions.none()
        await interaction.response.send_message(text, allowed_mentions=nobody)

    @clear_rule.autocomplete("rule")
    async def _rules(self, interaction: Interaction[Any], typed: str) -> list[Choice[str]]:
        rules = await self._quotas.rules(place_of(interaction).guild_id)
        return offered_rules(interaction, rules, typed)

    @revoke.autocomplete("grant")
    async def _grants(self, interaction: Interaction[Any], typed: str) -> list[Choice[str]]:
        grants = await self._quotas.open_grants(place_of(interaction).guild_id)
        return offered_grants(interaction, grants, typed)

    async def _set(self, interaction: Interaction[Any], rule: Rule) -> None:
        guild_id = place_of(interaction).guild_id
        before, usual = await self._quotas.rules(guild_id), await self._defaults(interaction)
        await self._quotas.set_rule(guild_id, rule, by=interaction.user.id)
        await tell(interaction, rule_set(interaction.locale.value, rule, before, usual))

    async def _explained(self, interaction: Interaction[Any], person: Person) -> Explanation:
        place = place_of(interaction)
        clocks = (await self._guilds.choices(place.guild_id)).clocks
        return await self._quotas.explain(
            place.guild_id, person.id, roles_of(person), clocks, channel_id=place.home_id
        )

    async def _defaults(self, interaction: Interaction[Any]) -> list[Rule]:
        """Return the operator's defaults that hold on a server, but for the whole bot's."""
        guild_id = place_of(interaction).guild_id
        clocks = (await self._guilds.choices(guild_id)).clocks
        standings = await self._quotas.standing(guild_id, _NOBODY, frozenset(), clocks)
        rules = (standing.rule for standing in standings)
        return [rule for rule in rules if rule.is_default and rule.scope is not Scope.BOT]


def _who(interaction: Interaction[Any]) -> tuple[int, Person, bool]:
    return place_of(interaction).guild_id, interaction.user, is_manager(interaction)


def _other(interaction: Interaction[Any], member: Person | None) -> int | None:
    """Return whose limits a manager asks for; None for one's own. Raises ManagersOnly."""
    if member is None or member.id == interaction.user.id:
        return None
    require_manager(interaction)
    return member.id


async def setup(bot: EaselClient) -> None:
    """Add ``/quota`` to *bot*."""
    services = bot.services
    await bot.add_cog(Quota(services.quotas, services.guilds, services.clock))
