"""How a finished request looks: plain attachments with alt text, two short lines, buttons."""

from collections.abc import Collection, Iterator, Mapping
from io import BytesIO
from typing import Any

import discord

from bot.domain.asks import Ask, Command
from bot.domain.messages import N_
from bot.domain.money import dollars
from bot.domain.pictures import Note, Size
from bot.domain.queue import Expected, Usual
from bot.imaging.values import Finished
from bot.services.admission import Ticket
from bot.services.stages import Result
from bot.ui.amounts import left_of
from bot.ui.buttons import cancel_button, result_buttons
from bot.ui.option_words import in_words
from bot.ui.shapes import written
from bot.ui.text import message_link, plain, shown
from bot.ui.words import say, say_many

PROMPT_SHOWN = 180
_MODEL_SHOWN = 40
ALT_LIMIT = 1024
_ROUNDED_FROM = 10  # seconds

_TELLING: Mapping[str, str] = {
    Note.FIRST_FRAME: N_("first frame only"),
    Note.DEPTH: N_("reduced to 8 bits"),
    Note.SHADES: N_("finest shades dropped to fit"),
    Note.COMPRESSED: N_("compressed to fit"),
    Note.TRANSPARENT: N_("WebP, as JPEG has no transparency"),
    Note.EXTENDED: N_("given room around it"),
}
"""What people should know of; that a picture was padded and cropped back is nobody's business."""

_WITHOUT_WORDS = {
    Command.IMAGINE: N_("a picture"),
    Command.EDIT: N_("an edited picture"),
    Command.VARY: N_("a variation of a picture"),
    Command.BLEND: N_("a blend of pictures"),
}

_MADE_BY: Mapping[Command, str] = {
    Command.EDIT: N_("edit"),
    Command.VARY: N_("vary"),
    Command.BLEND: N_("blend"),
}

_MADE_OF: Mapping[Command, str] = {
    Command.EDIT: N_("edit of {link}"),
    Command.VARY: N_("variation of {link}"),
    Command.BLEND: N_("blend of {link}"),
}


def finished_reply(
    locale: str, result: Result, *, abilities: Collection[Command]
) -> dict[str, Any]:
    """Return what an edit makes of the reply; its files can be used once.

    *abilities* is what a model can do.
    """
    code, private = result.ticket.code, result.ticket.ask.private
    return {
        "content": f"{_first_line(locale, result.ticket.ask)}\n-# {small_print(locale, result)}",
        "attachments": _files(locale, result),
        "view": result_buttons(locale, code, abilities, private=private),
    }


def glimpse_reply(locale: str, ticket: Ticket, picture: Finished) -> dict[str, Any]:
    """Return the reply that shows a picture in the making; its file can be used once."""
    ask, small = ticket.ask, say(locale, "in the making…")
    file = discord.File(
        BytesIO(picture.data),
        filename=f"easel-{ticket.code}-in-the-making.{picture.extension}",
        description=_alt(locale, N_("AI image in the making: {words}"), ask),
    )
    return {"content": f"{_first_line(locale, ask)}\n-# {small}", "attachments": [file]}


def waiting_reply(locale: str, code: str, expected: Expected) -> dict[str, Any]:
    """Return the reply that says where a request stands, with a button that cancels it."""
    if expected.starts_at is None:
        text = say(locale, "You are number {place} in line.", place=expected.place)
    else:
        text = say(
            locale,
            "You are number {place} in line, expected to start {moment}.",
            place=expected.place,
            moment=expected.starts_at,
        )
    return {"content": text, "view": cancel_button(locale, code)}


def preparing_reply(locale: str, code: str) -> dict[str, Any]:
    """Return the reply that says that what is given is looked at, and can be cancelled still."""
    text = say(locale, "Your turn has come; what you gave is being fetched and checked.")
    return {"content": text, "view": cancel_button(locale, code)}


def drawing_reply(locale: str, usual: Usual | None) -> dict[str, Any]:
    """Return the reply that says that the picture service is at work, and what that takes."""
    if usual is None:
        return {"content": say(locale, "Drawing…"), "view": None}
    if usual.least == usual.most:
        text = say(locale, "Drawing; usually {seconds} s.", seconds=usual.most)
    else:
        text = say(locale, "Drawing; usually {least}–{most} s.", least=usual.least, most=usual.most)
    return {"content": text, "view": None}


def small_print(locale: str, result: Result) -> str:
    """Return the second line: what was made, how it went, what it cost, what is left, the code."""
    return " · ".join(_facts(locale, result))


def alt_text(locale: str, ask: Ask) -> str:
    """Return the description of a made picture for people who do not see it, ≤ 1,024 characters."""
    return _alt(locale, N_("AI image: {words}"), ask)


def _alt(locale: str, message: str, ask: Ask) -> str:
    words = plain(ask.prompt) or say(locale, _WITHOUT_WORDS[ask.command])
    text = say(locale, message, words=words)
    return text if len(text) <= ALT_LIMIT else text[: ALT_LIMIT - 1] + "…"


def _first_line(locale: str, ask: Ask) -> str:
    words = shown(ask.prompt, PROMPT_SHOWN) or say(locale, _WITHOUT_WORDS[ask.command])
    return f"**{words}** — <@{ask.asker.user_id}>"


def _facts(locale: str, result: Result) -> Iterator[str]:
    ticket, first = result.ticket, result.pictures[0]
    if ticket.ask.command is not Command.IMAGINE:
        yield _made_of(locale, ticket.ask)
    yield written(first.size)
    if isinstance(ticket.ask.shape, Size) and ticket.ask.shape != first.size:
        yield say(locale, "asked for {size}", size=written(ticket.ask.shape))
    if ticket.ask.command is Command.VARY:
        yield in_words(locale, ticket.ask.strength)
    if result.quality:
        yield say(locale, "{quality} quality", quality=in_words(locale, result.quality))
    yield from _economy(locale, ticket)
    if first.changed is not None:
        yield say(locale, "{percent} % changed", percent=round(first.changed * 100))
    yield from (say(locale, _TELLING[note]) for note in _notes(result))
    if len(result.pictures) < ticket.request.count:
        came, asked = len(result.pictures), ticket.request.count
        yield say_many(
            locale, "{count} of {asked} came", "{count} of {asked} came", came, asked=asked
        )
    yield say(locale, "{seconds} s", seconds=_seconds(result.seconds))
    yield _price(locale, result)
    if result.left is not None:
        yield left_of(locale, result.left)
    yield f"#{ticket.code}"


def _made_of(locale: str, ask: Ask) -> str:
    """Say what was done, and to which picture where everybody can see that."""
    if ask.found_in is None:
        return say(locale, _MADE_BY[ask.command])
    return say(locale, _MADE_OF[ask.command], link=message_link(ask.place.guild_id, ask.found_in))


def _economy(locale: str, ticket: Ticket) -> Iterator[str]:
    """Say what a saving server chose in place of what is usual."""
    chosen = ticket.ask.economy or ()
    if "model" in chosen:
        model = shown(ticket.request.model, _MODEL_SHOWN)
        yield say(locale, "with {model}, as this server is saving", model=model)
    elif chosen:
        yield say(locale, "as this server is saving")


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
