"""``/vary``: another version of a picture."""

from typing import Any, Literal

import discord
from discord import Interaction, app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.domain.asks import Command, Strength
from bot.services.studio import Studio
from bot.ui.asking import ask_and_show, ask_of, source_of
from bot.ui.offers import can, offer, offer_models, offered_command


class Vary(commands.Cog):
    """Variations of pictures."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    @offered_command("Make another version of a picture.")
    @app_commands.describe(
        image="The picture to vary",
        strength="How far the new version may go (medium unless you say)",
        prompt="A hint for the new version",
        quality="How carefully it is drawn; better costs more",
        count="How many pictures (1 unless you say)",
        model="Which model draws it",
        private="Only you see the result",
    )
    @app_commands.autocomplete(model=offer_models(Command.VARY), quality=offer("quality"))
    async def vary(
        self,
        interaction: Interaction[Any],
        image: discord.Attachment,
        strength: Literal["subtle", "medium", "strong"] = "medium",
        prompt: app_commands.Range[str, 1, 6000] | None = None,
        quality: str | None = None,
        count: app_commands.Range[int, 1, 4] = 1,
        model: str | None = None,
        private: bool = False,
    ) -> None:
        """Make another version of *image*."""
        ask = ask_of(
            interaction,
            Command.VARY,
            prompt=prompt or "",
            source=source_of(image),
            strength=Strength(strength),
            quality=quality,
            count=count,
            model=model,
            private=private,
        )
        await ask_and_show(interaction, self._studio, ask)


async def setup(bot: EaselClient) -> None:
    """Add ``/vary`` to *bot*, where a model can do it."""
    if can(bot.provider.models, Command.VARY):
        await bot.add_cog(Vary(bot.studio))
