"""Price before spending: the private card that asks first; `bot.ui.price_answers` answers it."""

from collections.abc import Mapping
from typing import Any, Final

import discord
import structlog
from discord import ButtonStyle, Interaction
from discord.ui import Button, LayoutView

from bot.domain.confirmations import Confirmation
from bot.domain.messages import N_
from bot.domain.money import dollars
from bot.providers.base import PictureRequest
from bot.services.cheaper import Cheaper
from bot.services.confirmations import Card
from bot.ui.option_words import in_words
from bot.ui.panels import panel, show, small
from bot.ui.text import shown
from bot.ui.words import say, say_many

log = structlog.get_logger(__name__)

_PROMPT: Final = 180  # characters
_NAME: Final = 40  # characters of a model's name
_ORIGINAL: Final[Any] = "@original"
_AFTER: Final[Mapping[str, str]] = {
    "quality": N_("{after} quality instead of {before}"),
    "size": N_("{after} pixels instead of {before}"),
    "model": N_("{after} instead of {before}"),
    "count": N_("{after} of {before} pictures"),
}


async def show_price(interaction: Interaction[Any], card: Card) -> None:
    """Show the one who asks what it costs, with the choice; nothing is booked."""
    await show(interaction, price_panel(interaction.locale.value, card))


def price_panel(locale: str, card: Card) -> LayoutView:
    """Return the card: what is wanted and its price, a cheaper version, and a way out."""
    waiting, quote, cheaper = card.waiting, card.quote, card.cheaper
    sections = [
        bold_words(waiting.prompt),
        _offer(locale, N_("As you asked"), waiting.micros, _what(locale, quote.request)),
        _offer(locale, N_("Cheaper"), cheaper.micros, _change(locale, cheaper)) if cheaper else "",
        small(terms(locale, card)),
    ]
    return panel(say(locale, "Make this?"), sections, _buttons(locale, waiting))


def expired_panel(locale: str) -> LayoutView:
    """Return what is left of a card that nobody answered."""
    text = say(locale, "Nothing was made and nothing was charged. Ask again whenever you like.")
    return panel(say(locale, "This offer has ended"), [text])


def cancelled_panel(locale: str) -> LayoutView:
    """Return what is left of a card whose asker does not want it."""
    text = say(locale, "Nothing was made and nothing was charged.")
    return panel(say(locale, "Cancelled"), [text])


async def take_back(client: discord.Client, waiting: Confirmation) -> None:
    """Remove the card of *waiting*; it may be gone already."""
    try:
        await _webhook(client, waiting).delete_message(_ORIGINAL)
    except Exception as error:  # noqa: BLE001 - dismissed, too old, or Discord's trouble
        log.info("card_not_removed", reason=type(error).__name__)


async def say_expired(client: discord.Client, waiting: Confirmation) -> None:
    """Say on the card that it has ended; it may be gone already."""
    try:
        view = expired_panel(waiting.locale)
        await _webhook(client, waiting).edit_message(_ORIGINAL, view=view, attachments=[])
    except Exception as error:  # noqa: BLE001 - dismissed, too old, or Discord's trouble
        log.info("card_not_ended", reason=type(error).__name__)


def _webhook(client: discord.Client, waiting: Confirmation) -> discord.Webhook:
    return discord.Webhook.partial(waiting.application_id, waiting.token, client=client)


def bold_words(prompt: str) -> str:
    """Return the words of a request as a card shows them; nothing where there are none."""
    words = shown(prompt, _PROMPT)
    return f"**{words}**" if words else ""


def _offer(locale: str, name: str, micros: int, what: str) -> str:
    return f"{say(locale, name)}: **{dollars(micros)}**\n{what}"


def _what(locale: str, request: PictureRequest) -> str:
    parts = [say_many(locale, "{count} picture", "{count} pictures", request.count)]
    if request.quality:
        parts.append(say(locale, "{quality} quality", quality=in_words(locale, request.quality)))
    parts += [_size(str(request.size)), shown(request.model, _NAME)]
    return " · ".join(parts)


def _change(locale: str, cheaper: Cheaper) -> str:
    before, after = (
        _value(locale, cheaper.option, each) for each in (cheaper.before, cheaper.after)
    )
    return say(locale, _AFTER[cheaper.option], before=before, after=after)


def _value(locale: str, option: str, value: str) -> str:
    match option:
        case "quality":
            return in_words(locale, value)
        case "size":
            return _size(value)
        case _:
            return shown(value, _NAME)


def _size(text: str) -> str:
    return text.replace("x", "×")


def terms(locale: str, card: Card) -> list[str]:
    """Return when the server asks first, and until when the offer stands."""
    limit = dollars(card.quote.choices.ask_above or 0)
    return [
        say(
            locale,
            "This server asks first where a request may cost more than {limit}.",
            limit=limit,
        ),
        say(locale, "These are the most that it can cost. Nothing is booked yet."),
        say(locale, "The offer ends {moment}.", moment=card.waiting.expires_at),
    ]


def _buttons(locale: str, waiting: Confirmation) -> list[Button[Any]]:
    make = say(locale, "Make it ({price})", price=dollars(waiting.micros))
    offers = [_button("make", waiting, make, ButtonStyle.primary)]
    if waiting.cheaper_micros is not None:
        label = say(locale, "Make the cheaper one ({price})", price=dollars(waiting.cheaper_micros))
        offers.append(_button("cheaper", waiting, label))
    return [*offers, _button("cancel", waiting, say(locale, "Cancel"))]


def _button(
    verb: str, waiting: Confirmation, label: str, style: ButtonStyle = ButtonStyle.secondary
) -> Button[Any]:
    return Button(style=style, label=label, custom_id=f"price:{verb}:{waiting.code}")
