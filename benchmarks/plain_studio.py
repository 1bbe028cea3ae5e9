"""The least that a bot can do for a picture: defer, ask the SDK, post. A lower bound, not a bot.

It keeps no books, checks nothing, forgets everything, and sends attachments as they came.
"""

import base64
import io
import os
from typing import Any, cast

import discord
import openai
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

MODEL = "gpt-image-2.5-flare"
sdk = openai.AsyncOpenAI(max_retries=0)


async def show(interaction: discord.Interaction[Any], answer: openai.types.ImagesResponse) -> None:
    """Post the first picture of *answer*."""
    assert answer.data
    data = base64.b64decode(answer.data[0].b64_json or "")
    await interaction.edit_original_response(
        content="done", attachments=[discord.File(io.BytesIO(data), "picture.png")]
    )


@app_commands.command()
async def imagine(interaction: discord.Interaction[Any], prompt: str) -> None:
    """Draw."""
    await interaction.response.defer(thinking=True)
    await show(interaction, await sdk.images.generate(model=MODEL, prompt=prompt))


@app_commands.command()
async def edit(
    interaction: discord.Interaction[Any], image: discord.Attachment, prompt: str
) -> None:
    """Change a picture."""
    await interaction.response.defer(thinking=True)
    given = ("image.jpg", await image.read(), "image/jpeg")
    await show(interaction, await sdk.images.edit(model=MODEL, prompt=prompt, image=given))


class PlainStudio(discord.Client):
    """Registers the two commands at start."""

    def __init__(self) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        super().__init__(intents=intents, max_messages=None)
        self.tree = app_commands.CommandTree(self)

    async def setup_hook(self) -> None:
        """Register."""
        for command in (imagine, edit):
            # discord.py leaves the owner of a free-standing command untyped
            self.tree.add_command(cast("app_commands.Command[Any, ..., None]", command))
        await self.tree.sync()


if __name__ == "__main__":
    Route.BASE = os.environ["DISCORD_API_URL"]
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["DISCORD_GATEWAY_URL"])
    PlainStudio().run(os.environ["DISCORD_TOKEN"], log_handler=None)
