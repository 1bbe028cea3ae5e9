"""``/imagine``: a picture from words."""

from typing import Any

import discord
from discord import Interaction, app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.domain.asks import Command
from bot.services.studio import Studio
from bot.ui.asking import ask_and_show, ask_of, sources_of
from bot.ui.offers import offer, offer_models, offer_shapes, offered_command
from bot.ui.shapes import wanted_of


class Imagine(commands.Cog):
    """Pictures from words."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    @offered_command("Make a picture from your words.")
    @app_commands.rename(output_format="format")
    @app_commands.describe(
        prompt="What to draw",
        shape="A shape, or a width and a height such as 1920x1080 (square unless you say)",
        quality="How carefully it is drawn; better costs more",
        count="How many pictures (1 unless you say)",
        model="Which model draws it",
        style="The style of the picture",
        background="Whether the background is transparent",
        output_format="The file type of the picture",
        verbatim="Send your words exactly as they are",
        private="Only you see the result",
        reference="A picture to go by, beside your words",
        reference2="One more picture to go by",
        reference3="One more picture to go by",
        reference4="One more picture to go by",
    )
    @app_commands.autocomplete(
        shape=offer_shapes,
        model=offer_models(Command.IMAGINE),
        quality=offer("quality"),
        style=offer("style"),
        background=offer("background"),
        output_format=offer("format"),
    )
    async def imagine(
        self,
        interaction: Interaction[Any],
        prompt: app_commands.Range[str, 1, 6000],
        shape: str | None = None,
        quality: str | None = None,
        count: app_commands.Range[int, 1, 4] = 1,
        model: str | None = None,
        style: str | None = None,
        background: str | None = None,
        output_format: str | None = None,
        verbatim: bool = False,
        private: bool = False,
        reference: discord.Attachment | None = None,
        reference2: discord.Attachment | None = None,
        reference3: discord.Attachment | None = None,
        reference4: discord.Attachment | None = None,
    ) -> None:
        """Make pictures from *prompt*."""
        ask = ask_of(
            interaction,
            Command.IMAGINE,
            prompt=prompt,
            shape=wanted_of(shape),
            quality=quality,
            count=count,
            model=model,
            style=style,
            background=background,
            output_format=output_format,
            verbatim=verbatim,
            private=private,
            references=sources_of(reference, reference2, reference3, reference4),
        )
        await ask_and_show(interaction, self._studio, ask)


async def setup(bot: EaselClient) -> None:
    """Add ``/imagine`` to *bot*."""
    await bot.add_cog(Imagine(bot.studio))
