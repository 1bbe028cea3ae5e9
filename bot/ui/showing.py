"""``/show``: brings back a result by its code, posted or not."""

from typing import Any

import discord
from discord import Interaction, MediaGalleryItem
from discord.ui import ActionRow, Container, LayoutView, MediaGallery, TextDisplay

from bot.domain.errors import OthersRequest
from bot.domain.jobs import Job, JobState
from bot.ui.asking import place_of, show_kept
from bot.ui.details import show_details
from bot.ui.host import Host
from bot.ui.panels import at, button, show, small
from bot.ui.policy import moderates_server
from bot.ui.posted import link_to, message_of
from bot.ui.text import shown
from bot.ui.words import say


async def show_again(interaction: Interaction[Any], code: str) -> None:
    """Post what is kept under *code*, or show privately what stands elsewhere.

    Raises:
        NoSuchJob: there is no such request here.
        OthersRequest: it is somebody else's, and the one who asks is no moderator.
    """
    host: Host = interaction.client
    guild_id = place_of(interaction).guild_id
    job = await host.studio.books.find(guild_id, code)
    own = job.user_id == interaction.user.id
    if not own and not moderates_server(interaction):
        raise OthersRequest
    if job.state is JobState.MADE and own:
        ticket = await host.services.recovery.kept(guild_id, interaction.user.id, code)
        await show_kept(interaction, host.studio, ticket)
        return
    await interaction.response.defer(ephemeral=True, thinking=True)
    message = await message_of(interaction, job)
    if message is None or not message.attachments:
        await show_details(interaction, host, job)
        return
    await show(interaction, _panel(interaction.locale.value, job, message, own=own))


def _panel(locale: str, job: Job, message: discord.Message, *, own: bool) -> LayoutView:
    """Return the pictures where they stand, with what can be done where they are one's *own*.

    The view is stopped, so nothing stays in memory.
    """
    words = shown(job.prompt) if job.prompt else say(locale, "words erased")
    gallery = MediaGallery[LayoutView](
        *(MediaGalleryItem(each.url, description=each.description) for each in message.attachments)
    )
    facts = small([f"/{job.command} · <@{job.user_id}> · {at(job.created_at)} · #{job.code}"])
    container = Container[LayoutView](
        TextDisplay(f"**{words}**\n{facts}\n{link_to(job)}"),
        gallery,
    )
    if own:
        again = button(say(locale, "Again"), f"history:again:{job.code}")
        details = button(say(locale, "Details"), f"history:details:{job.code}")
        container.add_item(ActionRow(again, details))
    view = LayoutView(timeout=None)
    view.add_item(container)
    view.stop()
    return view
