"""``/settings``: what the people who run a server choose."""

from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from functools import partial
from typing import Any, Literal, cast

import discord
from discord import Interaction, app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.client import EaselClient
from bot.domain.clock import Clock
from bot.domain.errors import BadOption
from bot.domain.guild import Fidelity, GuildChoices, Strictness, Unchecked
from bot.domain.windows import Weekday
from bot.services.guilds import (
    LAST_HOUR,
    MOST_ECONOMY,
    MOST_PROMPT_HOURS,
    OPEN_CATEGORIES,
    Changes,
    Guilds,
    Models,
    effective_model,
)
from bot.ui.asking import place_of
from bot.ui.offers import OfferingTree, offered_command
from bot.ui.options import (
    dollars_in,
    offered,
    offered_shares,
    offered_zones,
    require_writable,
    share_of,
)
from bot.ui.panels import show as show_panel
from bot.ui.policy import require_manager
from bot.ui.settings import changes_panel, settings_panel

Place = discord.TextChannel | discord.VoiceChannel | discord.StageChannel
WeekdayName = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Resettable = Literal[
    "model",
    "quality",
    "moderation",
    "timezone",
    "week_start",
    "reset_hour",
    "gifts",
    "log_channel",
    "prompt_hours",
    "fidelity",
    "previews",
    "precheck",
    "thresholds",
    "unchecked",
    "economy",
    "ask_above",
    "digest",
    "everything",
]

PRECHECK_OPTIONS = frozenset({"precheck", "unchecked", "thresholds"})
"""What can be set, and taken back, only where the operator has set the pre-check up."""

_DEFAULTS = GuildChoices()
_RESETS = {
    "digest": ("digest", "digest_hour"),
    "moderation": ("strictness",),
    "everything": tuple(field.name for field in fields(GuildChoices)),
}


@app_commands.default_permissions(manage_guild=True)
class Settings(
    commands.GroupCog, group_name="settings", group_description="What Easel does on this server."
):
    """The settings of a server, for its managers."""

    channels = app_commands.Group(name="channels", description="Where pictures may be made.")
    roles = app_commands.Group(name="roles", description="Who may make pictures.")

    def __init__(
        self, guilds: Guilds, models: Callable[[], Models], clock: Clock, *, precheck: bool
    ) -> None:
        self._guilds = guilds
        self._models = models
        self._clock = clock
        self._precheck = precheck

    @app_commands.command(description="See every setting of this server.")
    async def show(self, interaction: Interaction[Any]) -> None:
        """Show what holds."""
        require_manager(interaction)
        choices = await self._guilds.choices(place_of(interaction).guild_id)
        locale, models = interaction.locale.value, self._models()
        view = settings_panel(locale, choices, models, precheck=self._precheck)
        await show_panel(interaction, view)

    @offered_command("Change one or more settings of this server.", name="set")
    @app_commands.describe(
        model="The model for requests that name none",
        quality="The quality for requests that name none",
        moderation="How strict the picture service is; low holds in age-restricted channels only",
        timezone="The clocks by which limits begin anew",
        week_start="The day on which weekly limits begin anew",
        reset_hour="The hour, 0 to 23, at which the limits of days, weeks and months begin anew",
        gifts="Let members give a part of their own grants to one another",
        log_channel="Where notices about declined requests go",
        prompt_hours="For how many hours after a request its words are kept",
        fidelity="Send members' pictures as squares, or in their own shape where models take it",
        previews="Show a picture while it is made; each preview costs a little",
        precheck="Look at words and pictures before the picture service is asked",
        unchecked="What happens to a request while nobody can look at it",
        economy="From how many percent of the month's budget on defaults become cheaper",
        ask_above="Show the price first where a request may cost more than so many dollars",
        digest="The weekday of a digest in the log channel",
        digest_hour="The hour of the digest by this server's clocks (9 unless you say)",
    )
    async def set_some(
        self,
        interaction: Interaction[Any],
        model: str | None = None,
        quality: str | None = None,
        moderation: Literal["auto", "low"] | None = None,
        timezone: str | None = None,
        log_channel: discord.TextChannel | discord.Thread | None = None,
        prompt_hours: app_commands.Range[int, 0, MOST_PROMPT_HOURS] | None = None,
        fidelity: Literal["square", "own"] | None = None,
        previews: bool | None = None,
        precheck: bool | None = None,
        unchecked: Literal["allow", "refuse"] | None = None,
        week_start: WeekdayName | None = None,
        reset_hour: app_commands.Range[int, 0, LAST_HOUR] | None = None,
        gifts: bool | None = None,
        economy: app_commands.Range[int, 1, MOST_ECONOMY] | None = None,
        ask_above: str | None = None,
        digest: WeekdayName | None = None,
        digest_hour: app_commands.Range[int, 0, LAST_HOUR] | None = None,
    ) -> None:
        """Change what is named."""
        require_manager(interaction)
        if log_channel is not None:
            require_writable("log_channel", log_channel)
        named = {
            "model": model,
            "quality": quality,
            "strictness": Strictness(moderation) if moderation else None,
            "timezone": timezone,
            "log_channel": log_channel.id if log_channel else None,
            "prompt_hours": prompt_hours,
            "fidelity": Fidelity(fidelity) if fidelity else None,
            "previews": previews,
            "precheck": precheck,
            "unchecked": Unchecked(unchecked) if unchecked else None,
            "week_start": Weekday(week_start) if week_start else None,
            "reset_hour": reset_hour,
            "gifts": gifts,
            "economy": economy,
            "ask_above": dollars_in("ask_above", ask_above) if ask_above else None,
            "digest": Weekday(digest) if digest else None,
            "digest_hour": digest_hour,
        }
        changes = {name: value for name, value in named.items() if value is not None}
        if not changes:
            raise BadOption(option="settings", problem="name at least one that is to change")
        await self._change(interaction, cast("Changes", changes))

    @app_commands.command(description="Choose what the pre-check declines.")
    @app_commands.describe(
        category="What it is about",
        from_percent="How sure it must be: 0 to 100, never, or vendor (its own judgement)",
    )
    async def threshold(
        self, interaction: Interaction[Any], category: str, from_percent: str
    ) -> None:
        """Set, or take back, what holds for one category."""
        share = share_of(from_percent)
        change = partial(self._guilds.set_threshold, category=category, share=share)
        await self._do(interaction, change)

    @offered_command("Take changes back, so that the bot's own choice holds.")
    @app_commands.describe(what="What to take back")
    async def reset(self, interaction: Interaction[Any], what: Resettable) -> None:
        """Forget what was chosen."""
        changes = {name: getattr(_DEFAULTS, name) for name in _RESETS.get(what, (what,))}
        await self._change(interaction, cast("Changes", changes))

    @channels.command(
        name="add", description="Make pictures in this channel, and only in those named."
    )
    @app_commands.describe(channel="The channel to add; its threads go with it")
    async def add_channel(self, interaction: Interaction[Any], channel: Place) -> None:
        """Name one more channel."""
        await self._do(interaction, partial(self._guilds.add, channels=frozenset({channel.id})))

    @channels.command(name="remove", description="Take a channel off the list.")
    @app_commands.describe(channel="The channel to take off")
    async def remove_channel(self, interaction: Interaction[Any], channel: Place) -> None:
        """Name one channel less."""
        await self._do(interaction, partial(self._guilds.remove, channels=frozenset({channel.id})))

    @channels.command(name="clear", description="Make pictures in every channel again.")
    async def clear_channels(self, interaction: Interaction[Any]) -> None:
        """Name no channel."""
        await self._change(interaction, {"channels": frozenset()})

    @roles.command(name="add", description="Let this role make pictures, and only those named.")
    @app_commands.describe(role="The role to add")
    async def add_role(self, interaction: Interaction[Any], role: discord.Role) -> None:
        """Name one more role."""
        await self._do(interaction, partial(self._guilds.add, roles=frozenset({role.id})))

    @roles.command(name="remove", description="Take a role off the list.")
    @app_commands.describe(role="The role to take off")
    async def remove_role(self, interaction: Interaction[Any], role: discord.Role) -> None:
        """Name one role less."""
        await self._do(interaction, partial(self._guilds.remove, roles=frozenset({role.id})))

    @roles.command(name="clear", description="Let everyone make pictures again.")
    async def clear_roles(self, interaction: Interaction[Any]) -> None:
        """Name no role."""
        await self._change(interaction, {"roles": frozenset()})

    @set_some.autocomplete("model")
    async def _model(self, interaction: Interaction[Any], typed: str) -> list[Choice[str]]:
        del interaction
        return offered(self._models(), typed)

    @set_some.autocomplete("quality")
    async def _quality(self, interaction: Interaction[Any], typed: str) -> list[Choice[str]]:
        choices = await self._guilds.choices(place_of(interaction).guild_id)
        named = getattr(interaction.namespace, "model", None)
        model = effective_model(replace(choices, model=named or choices.model), self._models())
        return offered(model.qualities, typed)

    @set_some.autocomplete("timezone")
    async def _timezone(self, interaction: Interaction[Any], typed: str) -> list[Choice[str]]:
        del interaction
        return offered_zones(typed, self._clock.now())

    @threshold.autocomplete("category")
    async def _category(self, interaction: Interaction[Any], typed: str) -> list[Choice[str]]:
        del interaction
        return offered(OPEN_CATEGORIES, typed)

    @threshold.autocomplete("from_percent")
    async def _share(self, interaction: Interaction[Any], typed: str) -> list[Choice[str]]:
        return offered_shares(interaction.locale.value, typed)

    async def _change(self, interaction: Interaction[Any], changes: Changes) -> None:
        await self._do(interaction, partial(self._guilds.change, models=self._models(), **changes))

    async def _do(
        self, interaction: Interaction[Any], change: Callable[[int, int], Awaitable[GuildChoices]]
    ) -> None:
        require_manager(interaction)
        guild_id = place_of(interaction).guild_id
        before = await self._guilds.choices(guild_id)
        after = await change(guild_id, interaction.user.id)
        view = changes_panel(interaction.locale.value, before, after, self._models())
        await show_panel(interaction, view)


async def setup(bot: EaselClient) -> None:
    """Add ``/settings`` to *bot*; what no model and no operator provides is left out."""
    services = bot.services
    precheck = services.prechecks.offered
    cog = Settings(
        services.guilds, lambda: services.provider.models, services.clock, precheck=precheck
    )
    if not precheck and cog.app_command:
        cog.app_command.remove_command("threshold")
    if not precheck and isinstance(bot.tree, OfferingTree):
        bot.tree.left_out = PRECHECK_OPTIONS
    await bot.add_cog(cog)
