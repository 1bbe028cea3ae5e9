"""How a finished request looks: plain attachments with alt text, two short lines, buttons."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import discord
import structlog
from discord import Interaction

from bot.domain.asks import Ask, Command
from bot.domain.errors import DeliveryFailed
from bot.domain.money import dollars
from bot.domain.pictures import Note
from bot.services.books import Shown
from bot.services.studio import Result
from bot.ui.buttons import result_buttons
from bot.ui.offers import can
from bot.ui.text import shown
from bot.ui.words import say, say_many

log = structlog.get_logger(__name__)

_PROMPT_SHOWN = 180
_ALT_LIMIT = 1024
_ROUNDED_FROM = 10  # seconds
_EDITS = 3  # attempts while the connection drops

_TELLING = {Note.FIRST_FRAME, Note.DEPTH, Note.SHADES, Note.COMPRESSED, Note.EXTENDED}
"""What people should know of; that a picture was padded and cropped back is nobody's business."""

_WITHOUT_WORDS = {
    Command.IMAGINE: "a picture",
    Command.EDIT: "an edited picture",
    Command.VARY: "a variation of a picture",
}


class ReplyStage:
    """Shows a result by editing the interaction's deferred reply, which is idempotent."""

    def __init__(self, interaction: Interaction[Any]) -> None:
        self._interaction = interaction

    async def show(self, result: Result) -> Shown:
        """Edit the reply. Raises DeliveryFailed where Discord does not take it."""
        for left in reversed(range(_EDITS)):
            reply = self._reply(result)  # anew: an attempt uses its files up
            try:
                message = await self._interaction.edit_original_response(**reply)
            except Exception as error:
                if isinstance(error, discord.HTTPException) or not left:
                    raise DeliveryFailed from error
                log.warning("edit_repeated", reason=type(error).__name__)
            else:
                return Shown(message.channel.id, message.id)
        raise DeliveryFailed

    def _reply(self, result: Result) -> dict[str, Any]:
        locale, host = self._interaction.locale.value, self._interaction.client
        varies = can(host.provider.models, Command.VARY)
        code, pictures = result.ticket.code, len(result.pictures)
        return {
            "content": f"{_first_line(locale, result)}\n-# {small_print(locale, result)}",
            "attachments": _files(locale, result),
            "view": result_buttons(locale, code, pictures, varies=varies),
        }


def small_print(locale: str, result: Result) -> str:
    """Return the second line: what was made, how long it took, what it cost, the code."""
    return " · ".join(_facts(locale, result))


def alt_text(locale: str, ask: Ask) -> str:
    """Return the description of a made picture for people who do not see it, ≤ 1,024 characters."""
    words = " ".join(ask.prompt.split()) or say(locale, _WITHOUT_WORDS[ask.command])
    text = say(locale, "AI image: {words}", words=words)
    return text if len(text) <= _ALT_LIMIT else text[: _ALT_LIMIT - 1] + "…"


def _first_line(locale: str, result: Result) -> str:
    ask = result.ticket.ask
    words = shown(ask.prompt, _PROMPT_SHOWN) or say(locale, _WITHOUT_WORDS[ask.command])
    return f"**{words}** — <@{ask.asker.user_id}>"


def _facts(locale: str, result: Result) -> Iterator[str]:
    ticket, first = result.ticket, result.pictures[0]
    if ticket.ask.command is not Command.IMAGINE:
        yield say(locale, ticket.ask.command.value)
    yield f"{first.size.width}×{first.size.height}"
    if ticket.ask.command is Command.VARY:
        yield say(locale, ticket.ask.strength.value)
    if ticket.request.quality:
        yield say(locale, "{quality} quality", quality=say(locale, ticket.request.quality))
    if first.changed is not None:
        yield say(locale, "{percent} % changed", percent=round(first.changed * 100))
    yield from (say(locale, note) for note in _notes(result))
    if len(result.pictures) < ticket.request.count:
        came, asked = len(result.pictures), ticket.request.count
        yield say_many(
            locale, "{count} of {asked} came", "{count} of {asked} came", came, asked=asked
        )
    yield say(locale, "{seconds} s", seconds=_seconds(result.seconds))
    yield _price(locale, result)
    yield f"#{ticket.code}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f}" if seconds < _ROUNDED_FROM else f"{seconds:.0f}"


def _notes(result: Result) -> list[str]:
    done = dict.fromkeys((*result.notes, *result.pictures[0].notes))
    return [note for note in done if note in _TELLING]


def _price(locale: str, result: Result) -> str:
    if not result.price.known:
        return say(locale, "price unknown")
    return dollars(result.price.micros) if result.price.micros else say(locale, "free")


def _files(locale: str, result: Result) -> list[discord.File]:
    code, description = result.ticket.code, alt_text(locale, result.ticket.ask)
    return [
        discord.File(
            BytesIO(picture.data),
            filename=f"easel-{code}-{number}.{picture.extension}",
            description=description,
        )
        for number, picture in enumerate(result.pictures, 1)
    ]
