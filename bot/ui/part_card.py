"""The part that would change, shown privately over the picture before anything is charged.

Its buttons carry how far the part was inverted and grown, so that what is made is always what the
pressed card showed; `bot.ui.part_answers` answers them.
"""

from typing import Any, Final

from discord import ButtonStyle, Interaction
from discord.ui import Button, LayoutView

from bot.domain.asks import Ask
from bot.domain.money import dollars
from bot.imaging.values import Finished
from bot.services.admission import Quote
from bot.services.confirmations import Card
from bot.ui.host import Host
from bot.ui.panels import Drawing, button, panel, show, small
from bot.ui.price_card import bold_words, terms
from bot.ui.words import say

STEP: Final = 3
"""How far one press grows or shrinks the part, in percent of the picture's longer side."""

MOST: Final = 45
"""How far it can be grown or shrunk, likewise."""


def has_part(ask: Ask) -> bool:
    """Whether there is something to look at: a part of the picture that changes."""
    return ask.is_masked and ask.extend is None


async def show_part(interaction: Interaction[Any], quote: Quote) -> None:
    """Show the one who asks what would change and what it costs; nothing is booked.

    Raises:
        UserError: nothing would change, or everything, or a file cannot be used.
    """
    host: Host = interaction.client
    await interaction.response.defer(thinking=True, ephemeral=True)
    locale = interaction.locale.value
    picture = await host.studio.look(quote, legend(locale))
    card = await host.confirmations.keep(quote)
    asks = host.confirmations.is_needed(quote)
    await show(
        interaction,
        part_panel(locale, card, quote.ask, picture, asks=asks),
        drawing_of(locale, picture),
    )


def part_panel(locale: str, card: Card, ask: Ask, picture: Finished, *, asks: bool) -> LayoutView:
    """Return the card: what would change of *picture*, the price, and ways to change it.

    *asks* is whether the server wants the price to be agreed to.
    """
    waiting = card.waiting
    price = dollars(waiting.micros) if waiting.micros else say(locale, "free")
    says = [
        say(
            locale,
            "What is striped changes: {percent} % of the picture. At most: **{price}**",
            percent=picture.percent,
            price=price,
        ),
        say(locale, "The rest stays exactly as it is.") if ask.keep else "",
    ]
    free = [
        say(locale, "This look is free. Nothing is booked yet."),
        say(locale, "The offer ends {moment}.", moment=waiting.expires_at),
    ]
    sections = [
        bold_words(waiting.prompt),
        "\n".join(filter(None, says)),
        small(terms(locale, card) if asks else free),
    ]
    heading = say(locale, "Is this the part?")
    return panel(
        heading, sections, _buttons(locale, card, ask), drawing=drawing_of(locale, picture)
    )


def legend(locale: str) -> str:
    """Return what stands below the picture, in it."""
    return say(locale, "Striped: this changes")


def drawing_of(locale: str, picture: Finished) -> Drawing:
    """Return *picture* as the card shows it."""
    alt = say(
        locale,
        "Your picture; the part that would change, {percent} % of it, is striped.",
        percent=picture.percent,
    )
    return Drawing(data=picture.data, name=f"part.{picture.extension}", alt=alt)


def _buttons(locale: str, card: Card, ask: Ask) -> list[Button[Any]]:
    waiting = card.waiting
    offers = [_button("make", card, ask, say(locale, "Looks right"), ButtonStyle.primary)]
    if waiting.cheaper_micros is not None:
        label = say(locale, "Make the cheaper one ({price})", price=dollars(waiting.cheaper_micros))
        offers.append(_button("cheaper", card, ask, label))
    return [
        *offers,
        _button("invert", card, ask, say(locale, "Invert")),
        _button("bigger", card, ask, say(locale, "Bigger"), usable=ask.grow < MOST),
        _button("smaller", card, ask, say(locale, "Smaller"), usable=ask.grow > -MOST),
        _button("cancel", card, ask, say(locale, "Cancel")),
    ]


def _button(
    verb: str,
    card: Card,
    ask: Ask,
    label: str,
    style: ButtonStyle = ButtonStyle.secondary,
    *,
    usable: bool = True,
) -> Button[Any]:
    custom_id = f"part:{verb}:{card.waiting.code}:{int(ask.invert)}:{ask.grow}"
    return button(label, custom_id, style, usable=usable)
