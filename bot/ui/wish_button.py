"""What a refusal at a limit offers: a button to ask for more, or whom to ask."""

from typing import Any

import structlog
from discord import ButtonStyle, Interaction
from discord.ui import Button, View

from bot.domain.errors import Needed, QuotaFull
from bot.domain.quota import Scope, Unit
from bot.services.wishes import can_help
from bot.ui.host import Host
from bot.ui.words import say

log = structlog.get_logger(__name__)


async def way_out(interaction: Interaction[Any], full: QuotaFull) -> tuple[str, View | None]:
    """Return what to say beside the refusal, and the button; nothing where nobody here can help."""
    scope, unit = Scope(str(full.values["scope"])), Unit(str(full.values["unit"]))
    if full.needed is None or not can_help(scope, unit, amount_needed(unit, full.needed)):
        return "", None
    host: Host = interaction.client
    try:
        choices = await host.guild_choices.choices(interaction.guild_id or 0)
    except Exception as failed:  # noqa: BLE001 - a busy database; the refusal matters
        log.warning("no_way_out", reason=type(failed).__name__)
        return "", None
    if choices.log_channel is None:
        return _whom(interaction), None
    return "", _view(interaction.locale.value, full, full.needed)


def amount_needed(unit: Unit, needed: Needed) -> int:
    """Return how much of *unit* a request needs: pictures or micro-dollars."""
    return {Unit.PICTURES: needed.pictures, Unit.DOLLARS: needed.micros}.get(unit, 1)


def _whom(interaction: Interaction[Any]) -> str:
    owner = interaction.guild.owner_id if interaction.guild else None
    if owner is None:
        return say(interaction.locale.value, "People with Manage Server can give you more.")
    return say(
        interaction.locale.value,
        "{owner} and others with Manage Server can give you more.",
        owner=f"<@{owner}>",
    )


def _view(locale: str, full: QuotaFull, needed: Needed) -> View:
    limit = (full.values["scope"], full.values["unit"], full.values["window"])
    wanted = (needed.command, needed.pictures, needed.quality or "", needed.micros)
    view = View(timeout=None)
    view.add_item(
        Button(
            style=ButtonStyle.primary,
            label=say(locale, "Ask for more"),
            emoji="🙋",
            custom_id=":".join(("more", *map(str, (*limit, *wanted)))),
        )
    )
    view.stop()
    return view
