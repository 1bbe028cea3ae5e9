"""What the buttons under a shown part do: make it, invert it, let it grow or shrink, forget it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from discord import Interaction

from bot.domain.asks import Ask
from bot.domain.confirmations import Confirmation
from bot.services.confirmations import Card
from bot.ui import panels
from bot.ui.asking import place_of
from bot.ui.host import Host
from bot.ui.part_card import MOST, STEP, drawing_of, legend, part_panel
from bot.ui.price_answers import agreed, cancel_card, make_agreed

_CHANGES: Final[Mapping[str, Callable[[Ask], Ask]]] = {
    "invert": lambda ask: replace(ask, invert=not ask.invert),
    "bigger": lambda ask: _grown(ask, STEP),
    "smaller": lambda ask: _grown(ask, -STEP),
}


async def answer_part(interaction: Interaction[Any], parts: list[str]) -> None:
    """Do what was pressed, for the asker alone; what is made, is made once and as it was shown."""
    verb, code, invert, grow = parts
    host: Host = interaction.client
    guild_id = place_of(interaction).guild_id
    waiting = await host.confirmations.find(guild_id, code, interaction.user.id)
    if verb == "cancel":
        await cancel_card(interaction, host, waiting)
        return
    ask, micros = agreed(interaction, waiting, cheaper=verb == "cheaper")
    ask = _grown(replace(ask, invert=invert == "1", grow=0), int(grow))
    if verb in _CHANGES:
        await _show_changed(interaction, host, waiting, _CHANGES[verb](ask))
    else:
        await make_agreed(interaction, host, waiting, ask, micros)


async def _show_changed(
    interaction: Interaction[Any], host: Host, waiting: Confirmation, ask: Ask
) -> None:
    await interaction.response.defer()
    locale = interaction.locale.value
    quote = await host.studio.quote(ask)
    picture = await host.studio.look(quote, legend(locale))
    view = part_panel(
        locale,
        Card(waiting, quote, None),
        ask,
        picture,
        asks=host.confirmations.is_needed(quote),
    )
    await panels.replace(interaction, view, drawing_of(locale, picture))


def _grown(ask: Ask, by: int) -> Ask:
    return replace(ask, grow=max(-MOST, min(MOST, ask.grow + by)))
