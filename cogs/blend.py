"""``/blend``: several pictures become one."""

from typing import Any

import discord
from discord import Interaction, app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.domain.asks import Command
from bot.services.studio import Studio
from bot.ui.asking import ask_and_show, ask_of, source_of, sources_of
from bot.ui.offers import can, offer, offer_models, offer_shapes, offered_command
from bot.ui.shapes import wanted_of


class Blend(commands.Cog):
    """Several pictures in one."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    @offered_command("Blend two to four pictures into one.")
    @app_commands.rename(output_format="format")
    @app_commands.describe(
        image="The first picture; the result has its shape unless you say",
        image2="The second picture",
        image3="A third picture",
        image4="A fourth picture",
        prompt="A hint for the result",
        shape="A shape, or a size such as 1920x1080",
        quality="How carefully it is drawn; better costs more",
        count="How many pictures (1 unless you say)",
        model="Which model draws it",
        background="Whether the background is transparent",
        output_format="The file type of the result",
        private="Only you see the result",
    )
    @app_commands.autocomplete(
        shape=offer_shapes,
        model=offer_models(Command.BLEND),
        quality=offer("quality"),
        background=offer("background"),
        output_format=offer("format"),
    )
    async def blend(
        self,
        interaction: Interaction[Any],
        image: discord.Attachment,
        image2: discord.Attachment,
        image3: discord.Attachment | None = None,
        image4: discord.Attachment | None = None,
        prompt: app_commands.Range[str, 1, 6000] | None = None,
        shape: str | None = None,
        quality: str | None = None,
        count: app_commands.Range[int, 1, 4] = 1,
        model: str | None = None,
        background: str | None = None,
        output_format: str | None = None,
        private: bool = False,
    ) -> None:
        """Make one picture of several."""
        ask = ask_of(
            interaction,
            Command.BLEND,
            prompt=prompt or "",
            source=source_of(image),
            references=sources_of(image2, image3, image4),
            shape=wanted_of(shape),
            quality=quality,
            count=count,
            model=model,
            background=background,
            output_format=output_format,
            private=private,
        )
        await ask_and_show(interaction, self._studio, ask)


async def setup(bot: EaselClient) -> None:
    """Add ``/blend`` to *bot*, where a model can do it."""
    if can(bot.provider.models, Command.BLEND):
        await bot.add_cog(Blend(bot.studio))
