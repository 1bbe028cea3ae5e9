"""The panel of a server's report: its menu of views, its page buttons and its CSV button.

What is pressed holds in its id what it shows, so it outlives a restart, and it asks again who
presses it.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import discord
from discord import ButtonStyle, Interaction, SelectOption
from discord.ui import Button, LayoutView, Select

from bot.domain.usage import ServerUsage
from bot.services.spreadsheets import Named, spreadsheet
from bot.ui.forms import chosen_in
from bot.ui.host import Host
from bot.ui.panels import Drawing, panel, show
from bot.ui.server_usage import VIEWS, Page, View, server_chart, server_page
from bot.ui.usage import drawn
from bot.ui.words import say


async def show_usage(
    interaction: Interaction[Any], days: int, view: View = View.OVERVIEW, number: int = 0
) -> None:
    """Show a page of the server's report to the manager who asks; the reply is deferred."""
    host: Host = interaction.client
    locale, usage = interaction.locale.value, await _usage(interaction, days)
    drawing = await drawn(host.services.imaging, server_chart(locale, usage, view))
    page = server_page(locale, usage, view, number)
    await show(interaction, _panel(locale, days, view, page, drawing), drawing)


async def answer_usage(interaction: Interaction[Any], parts: list[str]) -> None:
    """Show the view that was chosen or the page that was asked for, or send the file."""
    verb, *rest = parts
    await _VERBS[verb](interaction, rest)


async def _choose(interaction: Interaction[Any], rest: list[str]) -> None:
    await interaction.response.defer()
    await show_usage(interaction, int(rest[0]), View(chosen_in(interaction)))


async def _turn(interaction: Interaction[Any], rest: list[str]) -> None:
    view, days, number = rest
    await interaction.response.defer()
    await show_usage(interaction, int(days), View(view), int(number))


async def _send_file(interaction: Interaction[Any], rest: list[str]) -> None:
    """Send the whole report as a file, to the one who presses alone."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    usage = await _usage(interaction, int(rest[0]))
    name = f"usage-{usage.first.isoformat()}-{usage.days}-days.csv"
    file = discord.File(spreadsheet(usage, _names(interaction.guild)), name)
    await interaction.edit_original_response(attachments=[file])


_VERBS: Mapping[str, Callable[[Interaction[Any], list[str]], Awaitable[None]]] = {
    "view": _choose,
    "page": _turn,
    "csv": _send_file,
}


async def _usage(interaction: Interaction[Any], days: int) -> ServerUsage:
    host: Host = interaction.client
    guild_id = interaction.guild_id or 0
    choices = await host.guild_choices.choices(guild_id)
    return await host.services.reports.server(guild_id, choices.clocks, days)


def _names(guild: discord.Guild | None) -> Named:
    if guild is None:
        return {}
    return {each.id: each.name for each in (*guild.roles, *guild.channels, *guild.members)}


def _panel(locale: str, days: int, view: View, page: Page, drawing: Drawing | None) -> LayoutView:
    options = [
        SelectOption(label=say(locale, label), value=each.value, default=each is view)
        for each, label in VIEWS.items()
    ]
    menu: Select[Any] = Select(custom_id=f"usage:view:{days}", options=options)
    csv: Button[Any] = Button(
        style=ButtonStyle.secondary, label=say(locale, "CSV file"), custom_id=f"usage:csv:{days}"
    )
    return panel(
        say(locale, "What this server made"),
        page.sections,
        [*_turns(locale, days, view, page), csv],
        drawing=drawing,
        menus=[menu],
    )


def _turns(locale: str, days: int, view: View, page: Page) -> list[Button[Any]]:
    if page.count == 1:
        return []
    around = ((say(locale, "Back"), page.number - 1), (say(locale, "Next"), page.number + 1))
    return [
        Button(
            style=ButtonStyle.secondary,
            label=label,
            disabled=not 0 <= number < page.count,
            custom_id=f"usage:page:{view}:{days}:{max(0, number)}",
        )
        for label, number in around
    ]
