"""``/settings``: what the people who run a server choose."""

from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from functools import partial
from inspect import Parameter, Signature, signature
from typing import Any, cast

import discord
from discord import Interaction, app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.client import EaselClient
from bot.domain.clock import Clock
from bot.domain.errors import BadOption
from bot.domain.guild import GuildChoices
from bot.domain.messages import Phrase
from bot.services.guild_edits import (
    OPEN_CATEGORIES,
    Changes,
    Models,
    effective_model,
)
from bot.services.guilds import Guilds
from bot.ui.asking import place_of
from bot.ui.offers import OfferingTree, offered_command
from bot.ui.options import (
    offered,
    offered_shares,
    offered_zones,
    share_of,
)
from bot.ui.panels import show as show_panel
from bot.ui.setting_table import SETTINGS
from bot.ui.settings import changes_panel, settings_panel
from bot.ui.settings_panel import show_settings

_REST, _NAMED = Parameter.VAR_KEYWORD, Parameter.KEYWORD_ONLY
Place = discord.TextChannel | discord.VoiceChannel | discord.StageChannel
_DEFAULTS = GuildChoices()
_EVERYTHING = "everything"
_RESETS = {
    **{each.command_name: (each.name, *each.along) for each in SETTINGS},
    _EVERYTHING: tuple(field.name for field in fields(GuildChoices)),
}
_OPTIONS = {each.command_name: each for each in SETTINGS if each.kind.annotation}

PRECHECK_OPTIONS = frozenset(each.command_name for each in SETTINGS if each.on_precheck)
"""What can be set, and taken back, only where the operator has set the pre-check up."""


def _with_options(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Give *callback* an option for each setting that can be set; discord.py reads its signature.

    Their descriptions come along. The types are not joined with None: `typing` takes two literals
    in another order for equal, and would give back the one that a library joined before.
    """
    own = [each for each in signature(callback).parameters.values() if each.kind is not _REST]
    options = [
        Parameter(name, _NAMED, default=None, annotation=each.kind.annotation)
        for name, each in _OPTIONS.items()
    ]
    callback.__signature__ = Signature([*own, *options])  # type: ignore[attr-defined]
    return app_commands.describe(**{name: each.about for name, each in _OPTIONS.items()})(callback)


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
        choices = await self._guilds.choices(place_of(interaction).guild_id)
        locale, models = interaction.locale.value, self._models()
        view = settings_panel(locale, choices, models, precheck=self._precheck)
        await show_panel(interaction, view)

    @app_commands.command(description="See and change settings with selects and previews.")
    async def panel(self, interaction: Interaction[Any]) -> None:
        """Show the panel."""
        await show_settings(interaction)

    @offered_command("Change one or more settings of this server.", name="set")
    @_with_options
    async def set_some(self, interaction: Interaction[Any], **named: object) -> None:
        """Change what is named."""
        changes = {
            each.name: each.kind.stored(name, named[name])
            for name, each in _OPTIONS.items()
            if named[name] is not None
        }
        if not changes:
            raise BadOption(
                option="settings", problem=Phrase("name at least one that is to change")
            )
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
    @app_commands.choices(what=[Choice(name=name, value=name) for name in _RESETS])
    async def reset(self, interaction: Interaction[Any], what: str) -> None:
        """Forget what was chosen."""
        changes = {name: getattr(_DEFAULTS, name) for name in _RESETS[what]}
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
