"""``/quota``: limits, what is used of them, and extra allowances."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import discord
from discord import Interaction, app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.domain.clock import Clock
from bot.domain.quota import Rule, Scope, Unit
from bot.domain.windows import Window
from bot.services.guilds import Guilds
from bot.services.quota import Quotas
from bot.ui.asking import place_of
from bot.ui.options import Person, amount_in, roles_of, rule_of, target_of
from bot.ui.panels import show as show_panel
from bot.ui.policy import require_manager
from bot.ui.quota import (
    granted,
    is_open,
    list_panel,
    no_such_rule,
    rule_cleared,
    rule_set,
    standing_panel,
)
from bot.ui.replies import tell

ScopeName = Literal["server", "role", "member", "everyone"]
UnitName = Literal["pictures", "dollars"]
WindowName = Literal["hour", "day", "week", "month"]

MOST_DAYS = 3650
_NOBODY = 0  # a member with no roles and no rules of their own
_THE_RULE = {
    "scope": "The server as a whole, a role, a member, or everyone: each member by themselves",
    "unit": "What is counted",
    "window": "How often counting begins anew, by this server's clocks",
    "role": "Which role, where the scope is role",
    "member": "Which member, where the scope is member",
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
        person = member or interaction.user
        other = person.id if person.id != interaction.user.id else None
        if other:
            require_manager(interaction)
        guild_id, roles = place_of(interaction).guild_id, roles_of(person)
        timezone = (await self._guilds.choices(guild_id)).timezone
        standings = await self._quotas.standing(guild_id, person.id, roles, timezone)
        grants = await self._quotas.usable_grants(guild_id, person.id, roles)
        view = standing_panel(interaction.locale.value, standings, grants, other)
        await show_panel(interaction, view)

    @app_commands.command(
        name="list", description="See every limit and grant of this server (for managers)."
    )
    async def list_all(self, interaction: Interaction[Any]) -> None:
        """Show the rules, the defaults that still hold, and the grants."""
        require_manager(interaction)
        guild_id, now = place_of(interaction).guild_id, self._clock.now()
        rules = await self._quotas.rules(guild_id)
        usual = await self._defaults(guild_id)
        grants = [each for each in await self._quotas.grants(guild_id) if is_open(each, now)]
        await show_panel(interaction, list_panel(interaction.locale.value, rules, usual, grants))

    @app_commands.command(name="set", description="Set a limit (for managers).")
    @app_commands.describe(amount="How many pictures, or dollars such as 2.50", **_THE_RULE)
    async def set_rule(
        self,
        interaction: Interaction[Any],
        scope: ScopeName,
        unit: UnitName,
        window: WindowName,
        amount: str,
        role: discord.Role | None = None,
        member: Person | None = None,
    ) -> None:
        """Set a rule, or change its amount."""
        require_manager(interaction)
        guild_id, rule = place_of(interaction).guild_id, rule_of(scope, unit, window, role, member)
        rule = replace(rule, amount=amount_in(rule.unit, amount))
        before, usual = await self._quotas.rules(guild_id), await self._defaults(guild_id)
        await self._quotas.set_rule(
            guild_id,
            rule.scope,
            rule.scope_id,
            rule.unit,
            window=Window(window),
            amount=rule.amount,
            by=interaction.user.id,
        )
        await tell(interaction, rule_set(interaction.locale.value, rule, before, usual))

    @app_commands.command(name="clear", description="Take a limit away (for managers).")
    @app_commands.describe(**_THE_RULE)
    async def clear_rule(
        self,
        interaction: Interaction[Any],
        scope: ScopeName,
        unit: UnitName,
        window: WindowName,
        role: discord.Role | None = None,
        member: Person | None = None,
    ) -> None:
        """Remove a rule."""
        require_manager(interaction)
        guild_id, locale = place_of(interaction).guild_id, interaction.locale.value
        rule = rule_of(scope, unit, window, role, member)
        gone = await self._quotas.clear_rule(
            guild_id, rule.scope, rule.scope_id, rule.unit, Window(window), by=interaction.user.id
        )
        usual = await self._defaults(guild_id)
        await tell(
            interaction, rule_cleared(locale, rule, usual) if gone else no_such_rule(locale, rule)
        )

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
        unit: UnitName,
        amount: str,
        role: discord.Role | None = None,
        member: Person | None = None,
        days: app_commands.Range[int, 1, MOST_DAYS] | None = None,
        reason: app_commands.Range[str, 1, 200] = "",
    ) -> None:
        """Give a grant."""
        require_manager(interaction)
        given = await self._quotas.grant(
            place_of(interaction).guild_id,
            Scope(scope),
            target_of(Scope(scope), role, member),
            Unit(unit),
            amount_in(Unit(unit), amount),
            reason=reason,
            expires_at=self._clock.now() + timedelta(days=days) if days else None,
            by=interaction.user.id,
        )
        await tell(interaction, granted(interaction.locale.value, given))

    async def _defaults(self, guild_id: int) -> list[Rule]:
        """Return the operator's defaults that hold on a server, but for the whole bot's."""
        timezone = (await self._guilds.choices(guild_id)).timezone
        standings = await self._quotas.standing(guild_id, _NOBODY, frozenset(), timezone)
        rules = (standing.rule for standing in standings)
        return [rule for rule in rules if rule.is_default and rule.scope is not Scope.BOT]


async def setup(bot: EaselClient) -> None:
    """Add ``/quota`` to *bot*."""
    services = bot.services
    await bot.add_cog(Quota(services.quotas, services.guilds, services.clock))
