"""What the buttons of a price card do: make it, make the cheaper version, forget it."""

from typing import Any

from discord import Interaction

from bot.domain.asks import Ask
from bot.domain.confirmations import Confirmation
from bot.domain.errors import AlreadyAnswered
from bot.services.admission import Agreed
from bot.ui.asking import acknowledge_and_show, asked_again, place_of
from bot.ui.host import Host
from bot.ui.price_card import cancelled_panel, take_back


async def answer_price(interaction: Interaction[Any], parts: list[str]) -> None:
    """Do what was pressed, once, and for the asker alone; a refusal leaves the card as it is."""
    verb, code = parts
    host: Host = interaction.client
    guild_id = place_of(interaction).guild_id
    waiting = await host.confirmations.find(guild_id, code, interaction.user.id)
    if verb == "cancel":
        await cancel_card(interaction, host, waiting)
        return
    ask, micros = agreed(interaction, waiting, cheaper=verb == "cheaper")
    await make_agreed(interaction, host, waiting, ask, micros)


async def cancel_card(interaction: Interaction[Any], host: Host, waiting: Confirmation) -> None:
    """Forget what *waiting* is for, and say so on its card."""
    await host.confirmations.cancel(waiting)
    view = cancelled_panel(interaction.locale.value)
    await interaction.response.edit_message(view=view, attachments=[])


async def make_agreed(
    interaction: Interaction[Any], host: Host, waiting: Confirmation, ask: Ask, micros: int
) -> None:
    """Book *ask* for *micros* at most, use up its card, make it and show it."""
    ticket = await host.studio.admit(ask, Agreed(waiting.code, micros))
    await acknowledge_and_show(
        interaction, host.studio, ticket, then=lambda: take_back(interaction.client, waiting)
    )


def agreed(
    interaction: Interaction[Any], waiting: Confirmation, *, cheaper: bool
) -> tuple[Ask, int]:
    """Return what is agreed to, and its price. Raises AlreadyAnswered: there is no cheaper one."""
    options, micros = waiting.options, waiting.micros
    if cheaper:
        if waiting.cheaper is None or waiting.cheaper_micros is None:
            raise AlreadyAnswered
        options, micros = waiting.cheaper, waiting.cheaper_micros
    ask = asked_again(
        interaction, options, command=waiting.command, prompt=waiting.prompt, parent=waiting.parent
    )
    return ask, micros
