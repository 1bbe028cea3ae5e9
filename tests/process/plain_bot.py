"""A bot of plain discord.py: proves the loopback Discord against the real client alone."""

import io
import os
import re
from typing import Any, Self, cast

import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

COLOURS = ("red", "green", "blue", "grey")


class AgainButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"again:(?P<n>\d+)"
):
    """A button that outlives the process: its state is in its id."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(discord.ui.Button(label="Again", custom_id=f"again:{number}"))

    @classmethod
    async def from_custom_id(
        cls,
        _interaction: discord.Interaction[Any],
        _item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        return cls(int(match["n"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer()
        await interaction.followup.send(f"again {self.number + 1}", ephemeral=True)


class Question(discord.ui.Modal, title="A question"):
    """One text entry."""

    name: discord.ui.TextInput[Self] = discord.ui.TextInput(label="Your name", max_length=20)

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_message(f"hello {self.name.value}", ephemeral=True)


class PlainBot(discord.Client):
    """Registers its commands at start, and answers them."""

    def __init__(self) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        quiet = discord.AllowedMentions.none()
        super().__init__(intents=intents, allowed_mentions=quiet, max_messages=None)
        self.tree = app_commands.CommandTree(self)

    async def setup_hook(self) -> None:
        self.add_dynamic_items(AgainButton)
        for command in COMMANDS:
            self.tree.add_command(command)
        await self.tree.sync()


@app_commands.command()
@app_commands.describe(picture="A picture", colour="A colour")
async def upload(
    interaction: discord.Interaction[Any], picture: discord.Attachment, colour: str = "red"
) -> None:
    """Give a picture back."""
    await interaction.response.defer(thinking=True)
    file = discord.File(io.BytesIO(await picture.read()), "back.png", description=f"in {colour}")
    view = discord.ui.View(timeout=None)
    view.add_item(AgainButton(1))
    await interaction.edit_original_response(
        content="@everyone done", attachments=[file], view=view
    )


@upload.autocomplete("colour")
async def colours(
    _interaction: discord.Interaction[Any], current: str
) -> list[app_commands.Choice[str]]:
    """Offer the colours that begin so."""
    return [app_commands.Choice(name=c, value=c) for c in COLOURS if c.startswith(current)]


@app_commands.command()
async def ask(interaction: discord.Interaction[Any]) -> None:
    """Open a modal."""
    await interaction.response.send_modal(Question())


@app_commands.command()
@app_commands.default_permissions(manage_guild=True)
async def hidden(interaction: discord.Interaction[Any]) -> None:
    """Only for managers."""
    await interaction.response.send_message(f"limit {interaction.filesize_limit}", ephemeral=True)


@app_commands.command()
async def twice(interaction: discord.Interaction[Any]) -> None:
    """Post one message twice with the same nonce."""
    await interaction.response.send_message("two calls follow")
    channel = interaction.channel
    if isinstance(channel, discord.TextChannel):
        for _ in range(2):
            await channel.send("once", nonce="n-1")


@app_commands.command()
async def slow(interaction: discord.Interaction[Any]) -> None:
    """Answer after the token's end, and say what Discord said."""
    await interaction.response.defer(ephemeral=True)
    try:
        await interaction.edit_original_response(content="in time")
    except discord.HTTPException as error:
        channel = interaction.channel
        if isinstance(channel, discord.TextChannel):
            await channel.send(f"{error.status}/{error.code}")


COMMANDS = cast(
    "list[app_commands.Command[Any, ..., None]]", [upload, ask, hidden, twice, slow]
)  # discord.py leaves the owner of a free-standing command untyped

if __name__ == "__main__":
    Route.BASE = os.environ["DISCORD_API_URL"]
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["DISCORD_GATEWAY_URL"])
    PlainBot().run(os.environ["DISCORD_TOKEN"])
