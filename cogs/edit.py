"""``/edit``: change a picture, or a part of it."""

from typing import Any, Literal

import discord
from discord import Interaction, app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.client import EaselClient
from bot.domain.asks import Command
from bot.domain.pictures import EXTENSIONS, REGIONS, TRANSPARENT_PARTS, Fit
from bot.services.studio import Studio
from bot.ui.asking import ask_and_show, ask_of, source_of, sources_of
from bot.ui.offers import can, offer, offer_models, offer_shapes, offered_command
from bot.ui.shapes import wanted_of

PARTS = [name for name in REGIONS if name != "everything"] + [TRANSPARENT_PARTS]


class Edit(commands.Cog):
    """Changes to pictures."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    @offered_command("Change a picture, or only a part of it.")
    @app_commands.rename(output_format="format")
    @app_commands.describe(
        image="The picture to change",
        prompt="What it should become",
        mask="A picture of the same shape: white or transparent is what changes",
        region="The part that changes",
        difference="A copy of the picture, painted over: where it differs is what changes",
        extend="How much room is painted around the picture",
        keep="Whether the rest stays exactly as it is (yes unless you say)",
        markup="A copy of the picture, or a transparent one, with marks that show what you mean",
        fit="How a picture that is not square is sent (pad keeps all of it)",
        shape="A shape, or a size such as 1920x1080 (the picture's own unless you say)",
        quality="How carefully it is drawn; better costs more",
        count="How many pictures (1 unless you say)",
        model="Which model draws it",
        background="Whether the background is transparent",
        output_format="The file type of the result",
        private="Only you see the result",
        reference="A picture to go by, beside the one that changes",
        reference2="One more picture to go by",
        reference3="One more picture to go by",
        reference4="One more picture to go by",
    )
    @app_commands.autocomplete(
        shape=offer_shapes,
        model=offer_models(Command.EDIT),
        quality=offer("quality"),
        background=offer("background"),
        output_format=offer("format"),
    )
    @app_commands.choices(
        region=[Choice(name=name, value=name) for name in PARTS],
        extend=[Choice(name=name, value=name) for name in EXTENSIONS],
    )
    async def edit(
        self,
        interaction: Interaction[Any],
        image: discord.Attachment,
        prompt: app_commands.Range[str, 1, 6000],
        mask: discord.Attachment | None = None,
        region: str | None = None,
        difference: discord.Attachment | None = None,
        extend: str | None = None,
        keep: bool = True,
        markup: discord.Attachment | None = None,
        fit: Literal["pad", "crop", "stretch"] = "pad",
        shape: str | None = None,
        quality: str | None = None,
        count: app_commands.Range[int, 1, 4] = 1,
        model: str | None = None,
        background: str | None = None,
        output_format: str | None = None,
        private: bool = False,
        reference: discord.Attachment | None = None,
        reference2: discord.Attachment | None = None,
        reference3: discord.Attachment | None = None,
        reference4: discord.Attachment | None = None,
    ) -> None:
        """Change *image* as *prompt* says."""
        ask = ask_of(
            interaction,
            Command.EDIT,
            prompt=prompt,
            source=source_of(image),
            mask=source_of(mask),
            region=region,
            difference=source_of(difference),
            extend=extend,
            keep=keep,
            markup=source_of(markup),
            fit=Fit(fit),
            shape=wanted_of(shape),
            quality=quality,
            count=count,
            model=model,
            background=background,
            output_format=output_format,
            private=private,
            references=sources_of(reference, reference2, reference3, reference4),
        )
        await ask_and_show(interaction, self._studio, ask, look=bool(mask or difference))


async def setup(bot: EaselClient) -> None:
    """Add ``/edit`` to *bot*, where a model can do it."""
    if can(bot.provider.models, Command.EDIT):
        await bot.add_cog(Edit(bot.studio))
