"""From an interaction to a request, and from a request to the picture in the channel."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypedDict, Unpack

import discord
from discord import Interaction

from bot.domain.asks import Ask, Asker, Command, Origin, Place, Source, Strength, recall
from bot.domain.errors import NoSuchJob
from bot.domain.jobs import Job
from bot.domain.messages import Slash
from bot.domain.pictures import Fit
from bot.domain.sizes import Wanted
from bot.services.admission import Ticket
from bot.services.books import Shown
from bot.services.studio import Studio
from bot.ui.host import Host
from bot.ui.part_card import has_part, show_part
from bot.ui.policy import is_moderator
from bot.ui.price_card import show_price
from bot.ui.replies import is_gone
from bot.ui.sources import of_attachment
from bot.ui.stage import ReplyStage
from bot.ui.wish_news import tell_answers

_GATED = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread


class Options(TypedDict, total=False):
    """What may be said of a request, by the names that `Ask` has for it."""

    prompt: str
    source: Source | None
    mask: Source | None
    difference: Source | None
    markup: Source | None
    references: tuple[Source, ...]
    region: str | None
    extend: str | None
    keep: bool
    fit: Fit
    shape: Wanted | None
    quality: str | None
    count: int
    model: str | None
    style: str | None
    background: str | None
    output_format: str | None
    verbatim: bool
    private: bool
    strength: Strength
    parent: str | None
    found_in: str | None


def ask_of(interaction: Interaction[Any], command: Command, **options: Unpack[Options]) -> Ask:
    """Return the request that *interaction* makes, by whom and where."""
    return Ask(
        command=command,
        origin=origin_of(interaction),
        asker=asker_of(interaction),
        place=place_of(interaction),
        **options,
    )


def asked_again(
    interaction: Interaction[Any],
    options: Mapping[str, Any],
    *,
    command: Command,
    prompt: str,
    parent: str | None,
) -> Ask:
    """Return the request whose remembered *options* these are, as *interaction* makes it."""
    return recall(
        options,
        command=command,
        prompt=prompt,
        origin=origin_of(interaction),
        asker=asker_of(interaction),
        place=place_of(interaction),
        parent=parent,
    )


async def ask_the_same(interaction: Interaction[Any], job: Job) -> None:
    """Ask for the same as *job*, as a request of the one who acts.

    Raises:
        NoSuchJob: its words are erased.
        UserError: as `ask_and_show`.
    """
    if job.prompt is None:
        raise NoSuchJob(code=f"#{job.code}", command=Slash(job.command))
    ask = asked_again(
        interaction, job.options, command=job.command, prompt=job.prompt, parent=job.code
    )
    host: Host = interaction.client
    await ask_and_show(interaction, host.studio, ask)


async def ask_and_show(
    interaction: Interaction[Any], studio: Studio, ask: Ask, *, look: bool = False
) -> None:
    """Book, acknowledge, make, show; or show the price first, where the server wants that.

    The part that would change is shown first, where there is one: with *look*, or together with
    the price.

    What concerns the asker alone is decided before the defer.

    Raises:
        UserError: it was refused or it failed; nothing is left open.
    """
    host: Host = interaction.client
    quote = await studio.quote(ask)
    asks = host.confirmations.is_needed(quote)
    if has_part(quote.ask) and (look or asks):
        await show_part(interaction, quote)
        return
    if asks:
        await show_price(interaction, await host.confirmations.keep(quote))
        return
    await acknowledge_and_show(interaction, studio, await studio.book(quote))


async def acknowledge_and_show(
    interaction: Interaction[Any],
    studio: Studio,
    ticket: Ticket,
    *,
    then: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Acknowledge what is booked, do *then*, make it and show it.

    Raises:
        UserError: it failed; nothing is left open.
    """
    ask = ticket.ask
    try:
        answered = await interaction.response.defer(thinking=True, ephemeral=ask.private)
    except BaseException as error:
        await studio.books.withdrawn(ticket, type(error).__name__)
        if is_gone(error):
            return
        raise
    if then is not None:
        await then()
    async with ReplyStage(interaction, _reply(ask.place, answered)) as stage:
        await studio.perform(ticket, stage)
    await tell_answers(interaction)


def _reply(place: Place, answered: discord.InteractionCallbackResponse[Any] | None) -> Shown | None:
    """Return where the deferred reply stands, as far as Discord said so."""
    if answered is None or answered.message_id is None:
        return None
    return Shown(place.channel_id, answered.message_id)


async def show_kept(interaction: Interaction[Any], studio: Studio, ticket: Ticket) -> None:
    """Show what was made for *ticket* and could not be shown, as the answer to *interaction*.

    Raises:
        UserError: it cannot be shown here either, or was shown meanwhile.
    """
    answered = await interaction.response.defer(thinking=True, ephemeral=ticket.ask.private)
    reply = _reply(place_of(interaction), answered)
    async with ReplyStage(interaction, reply) as stage:
        await studio.deliver(ticket, stage)


def origin_of(interaction: Interaction[Any]) -> Origin:
    """Return what identifies *interaction* at Discord."""
    return Origin(
        interaction_id=interaction.id,
        application_id=interaction.application_id,
        token=interaction.token,
    )


def asker_of(interaction: Interaction[Any]) -> Asker:
    """Return who asks, with the roles and permissions that Discord sent along."""
    user = interaction.user
    roles = user.roles if isinstance(user, discord.Member) else []
    return Asker(
        user_id=user.id,
        role_ids=frozenset(role.id for role in roles),
        moderates=is_moderator(interaction),
        locale=interaction.locale.value,
    )


def place_of(interaction: Interaction[Any]) -> Place:
    """Return where it is asked. Raises discord.app_commands.NoPrivateMessage outside a server."""
    if interaction.guild_id is None or interaction.channel_id is None:
        raise discord.app_commands.NoPrivateMessage
    channel = interaction.channel
    return Place(
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id,
        parent_id=channel.parent_id if isinstance(channel, discord.Thread) else None,
        age_restricted=isinstance(channel, _GATED) and channel.is_nsfw(),
        upload_limit=interaction.filesize_limit,
    )


def source_of(attachment: discord.Attachment | None) -> Source | None:
    """Return *attachment* as a source for the downloader; nothing is fetched."""
    if attachment is None:
        return None
    return of_attachment(attachment)


def sources_of(*attachments: discord.Attachment | None) -> tuple[Source, ...]:
    """Return those of *attachments* that were given, as `source_of` does."""
    found = (source_of(each) for each in attachments)
    return tuple(each for each in found if each is not None)
