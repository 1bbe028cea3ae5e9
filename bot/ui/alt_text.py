"""Alt text of a result, read and changed in a form; the message stays where it is."""

from dataclasses import dataclass
from typing import Any, Final, cast

import discord
from discord import Interaction, Message
from discord.ui import Item

from bot.domain.errors import CannotChange, NotOurs
from bot.domain.jobs import Job
from bot.ui.asking import place_of
from bot.ui.buttons import code_in
from bot.ui.forms import ask_in_form, long_field, written_in
from bot.ui.host import Host
from bot.ui.policy import CONTROLS, require_for
from bot.ui.replies import tell
from bot.ui.results import ALT_LIMIT
from bot.ui.text import plain
from bot.ui.words import languages, say

_MOST: Final = 5  # fields of a form


async def open_alt_text(interaction: Interaction[Any], message: Message) -> None:
    """Open the form for the pictures of the result that *message* is.

    Raises:
        NotOurs: it is none of ours.
        NotYours: it is somebody else's, and the one who asks is no moderator.
    """
    code = code_in(message)
    if code is None or not message.attachments:
        raise NotOurs
    job = await _job(interaction, code)
    if job.message_id != message.id:  # somebody else's, with a copied button
        raise NotOurs
    locale = interaction.locale.value
    most = ALT_LIMIT - len(_prefix(locale))
    fields: dict[str, Item[Any]] = {}
    for number, each in enumerate(message.attachments[:_MOST], 1):
        words = _without_prefix(each.description or "")[:most]
        label = say(locale, "Picture {number}", number=number)
        fields[label] = long_field(str(each.id), usual=words, most=most)
    await ask_in_form(interaction, f"alt:{code}", say(locale, "Alt text"), fields)


async def answer_alt_text(interaction: Interaction[Any], parts: list[str]) -> None:
    """Write what the form says under the pictures.

    Raises:
        CannotChange: Discord does not take it.
    """
    (code,) = parts
    job, locale = await _job(interaction, code), interaction.locale.value
    if job.message_id is None or job.message_channel_id is None:
        raise CannotChange
    texts = written_in(interaction)
    prefix = _prefix(locale)
    described = [
        _Described(int(name), prefix + _without_prefix(plain(text))) for name, text in texts.items()
    ]
    await interaction.response.defer(thinking=True, ephemeral=True)
    channel = interaction.client.get_partial_messageable(job.message_channel_id)
    message = channel.get_partial_message(job.message_id)
    try:
        await message.edit(
            attachments=cast("list[discord.Attachment]", described),
            allowed_mentions=discord.AllowedMentions.none(),  # discord.py adds it to texts only
        )
    except (discord.Forbidden, discord.NotFound) as error:
        raise CannotChange from error
    await tell(interaction, say(locale, "The alt text is changed."))


@dataclass(frozen=True, slots=True)
class _Described:
    """A file that a message has, told apart by its id; discord.py asks it for what it sends."""

    id: int
    description: str

    def to_dict(self) -> dict[str, object]:
        return {"id": self.id, "description": self.description}


async def _job(interaction: Interaction[Any], code: str) -> Job:
    """Return the request *code*. Raises NotYours: it is not for the one who acts to describe."""
    host: Host = interaction.client
    job = await host.studio.books.find(place_of(interaction).guild_id, code)
    require_for(interaction, CONTROLS["alt"], job)
    return job


def _prefix(locale: str) -> str:
    return say(locale, "AI image: {words}", words="")


def _without_prefix(text: str) -> str:
    """Return a description without what begins it, in whichever language that is."""
    for prefix in map(_prefix, languages()):
        if text.startswith(prefix):
            return text.removeprefix(prefix)
    return text
