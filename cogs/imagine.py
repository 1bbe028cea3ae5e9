"""``/imagine``: a picture from words."""

from typing import Any, Literal

from discord import Interaction, app_commands
from discord.ext import commands

from bot.client import EaselClient
from bot.domain.asks import Ask, Command
from bot.domain.pictures import Shape
from bot.services.studio import Studio
from bot.ui.asking import ask_and_show, asker_of, origin_of, place_of
from bot.ui.offers import offer, offered_command


class Imagine(commands.Cog):
    """Pictures from words."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    @offered_command("Make a picture from your words.")
    @app_commands.describe(
        prompt="What to draw",
        shape="Square, portrait or landscape (square unless you say)",
        quality="How carefully it is drawn; better costs more",
        count="How many pictures (1 unless you say)",
        model="Which model draws it",
        style="The style of the picture",
        background="Whether the background is transparent",
        verbatim="Send your words exactly as they are",
        private="Only you see the result",
    )
    @app_commands.autocomplete(
        model=offer("model"),
        quality=offer("quality"),
        style=offer("style"),
        background=offer("background"),
    )
    async def imagine(
        self,
        interaction: Interaction[Any],
        prompt: app_commands.Range[str, 1, 6000],
        shape: Literal["square", "portrait", "landscape"] | None = None,
        quality: str | None = None,
        count: app_commands.Range[int, 1, 4] = 1,
        model: str | None = None,
        style: str | None = None,
        background: str | None = None,
        verbatim: bool = False,
        private: bool = False,
    ) -> None:
        """Make pictures from *prompt*."""
        ask = Ask(
            command=Command.IMAGINE,
            origin=origin_of(interaction),
            asker=asker_of(interaction),
            place=place_of(interaction),
            prompt=prompt,
            shape=Shape(shape) if shape else None,
            quality=quality,
            count=count,
            model=model,
            style=style,
            background=background,
            verbatim=verbatim,
            private=private,
        )
        await ask_and_show(interaction, self._studio, ask)


async def setup(bot: EaselClient) -> None:
    """Add ``/imagine`` to *bot*."""
    await bot.add_cog(Imagine(bot.studio))
