"""``/edit``: change a picture, or a part of it."""

from typing import Any, Literal

import discord
from discord import Interaction, app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.client import EaselClient
from bot.domain.asks import Ask, Command
from bot.domain.pictures import REGIONS, TRANSPARENT_PARTS, Fit, Shape
from bot.services.studio import Studio
from bot.ui.asking import ask_and_show, asker_of, origin_of, place_of, source_of
from bot.ui.offers import can, offer, offered_command

PARTS = [name for name in REGIONS if name != "everything"] + [TRANSPARENT_PARTS]


class Edit(commands.Cog):
    """Changes to pictures."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    @offered_command("Change a picture, or only a part of it.")
    @app_commands.describe(
        image="The picture to change",
        prompt="What it should become",
        mask="A picture of the same shape: white or transparent is what changes",
        region="The part that changes",
        fit="How a picture that is not square is sent (pad keeps all of it)",
        shape="The shape of the result (the picture's own unless you say)",
        quality="How carefully it is drawn; better costs more",
        count="How many pictures (1 unless you say)",
        private="Only you see the result",
    )
    @app_commands.autocomplete(quality=offer("quality"))
    @app_commands.choices(region=[Choice(name=name, value=name) for name in PARTS])
    async def edit(
        self,
        interaction: Interaction[Any],
        image: discord.Attachment,
        prompt: app_commands.Range[str, 1, 6000],
        mask: discord.Attachment | None = None,
        region: str | None = None,
        fit: Literal["pad", "crop", "stretch"] = "pad",
        shape: Literal["square", "portrait", "landscape"] | None = None,
        quality: str | None = None,
        count: app_commands.Range[int, 1, 4] = 1,
        private: bool = False,
    ) -> None:
        """Change *image* as *prompt* says."""
        ask = Ask(
            command=Command.EDIT,
            origin=origin_of(interaction),
            asker=asker_of(interaction),
            place=place_of(interaction),
            prompt=prompt,
            source=source_of(image),
            mask=source_of(mask),
            region=region,
            fit=Fit(fit),
            shape=Shape(shape) if shape else None,
            quality=quality,
            count=count,
            private=private,
        )
        await ask_and_show(interaction, self._studio, ask)


async def setup(bot: EaselClient) -> None:
    """Add ``/edit`` to *bot*, where a model can do it."""
    if can(bot.provider.models, Command.EDIT):
        await bot.add_cog(Edit(bot.studio))
