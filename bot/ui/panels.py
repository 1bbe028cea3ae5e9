"""Private panels: a heading, a few sections of text, perhaps a picture, and what is pressed."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

import discord
from discord import ButtonStyle, Interaction, MediaGalleryItem
from discord.ui import (
    ActionRow,
    Button,
    Container,
    Item,
    LayoutView,
    MediaGallery,
    Separator,
    TextDisplay,
)

_A_ROW = 5  # buttons
_MOST_TEXT = 4000
"""Characters that Discord takes in all the text of one panel."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture for a panel, and what it shows in words, for those who do not see it."""

    data: bytes
    name: str
    alt: str

    def file(self) -> discord.File:
        """Return it as it is sent with the panel."""
        return discord.File(BytesIO(self.data), self.name, description=self.alt)


def panel(
    heading: str,
    sections: Iterable[str],
    buttons: Sequence[Item[Any]] = (),
    *,
    drawing: Drawing | None = None,
    pictures: Mapping[str, str] | None = None,
    menus: Iterable[Item[Any]] = (),
) -> LayoutView:
    """Return a panel; the empty ones of *sections* are left out, and too much text is cut.

    A *drawing* stands below the text; its file must be sent with the panel. So do *pictures*,
    addresses with what each shows. Each of *menus* has a row of its own above the *buttons*.

    The view is stopped, so discord.py keeps nothing in memory for it: presses are found by
    their id, also after a restart.
    """
    view = LayoutView(timeout=None)
    container = Container[LayoutView](TextDisplay(f"## {heading}"))
    left = _MOST_TEXT - len(heading) - 3
    for section in filter(None, sections):
        text = _cut(section, left)
        left -= len(text)
        if text:
            container.add_item(Separator(visible=False))
            container.add_item(TextDisplay(text))
    drawn = {f"attachment://{drawing.name}": drawing.alt} if drawing else {}
    if seen := {**drawn, **(pictures or {})}:
        items = (MediaGalleryItem(media, description=alt) for media, alt in seen.items())
        container.add_item(MediaGallery[LayoutView](*items))
    for menu in menus:
        menu.id = _fresh_id()
        container.add_item(ActionRow(menu))
    for first in range(0, len(buttons), _A_ROW):
        container.add_item(ActionRow(*buttons[first : first + _A_ROW]))
    view.add_item(container)
    view.stop()
    return view


def button(
    label: str, custom_id: str, style: ButtonStyle = ButtonStyle.secondary, *, usable: bool = True
) -> Button[Any]:
    """Return a button that `bot.ui.controls` finds by its id."""
    return Button(style=style, label=label, custom_id=custom_id, disabled=not usable)


async def show(
    interaction: Interaction[Any], view: LayoutView, drawing: Drawing | None = None
) -> None:
    """Show *view* to the one who acts alone; a deferral before must have been private."""
    files = [drawing.file()] if drawing else []
    if interaction.response.is_done():
        await interaction.edit_original_response(view=view, attachments=files)
    else:
        await interaction.response.send_message(view=view, files=files, ephemeral=True)


async def replace(
    interaction: Interaction[Any], view: LayoutView, drawing: Drawing | None = None
) -> None:
    """Show *view* in place of the panel that was pressed, or of the promise to show one."""
    if drawing is not None:
        await interaction.edit_original_response(view=view, attachments=[drawing.file()])
    elif interaction.response.is_done():
        await interaction.edit_original_response(view=view)
    else:
        await interaction.response.edit_message(view=view)


def lines(heading: str, rows: Iterable[str]) -> str:
    """Return a section: *heading* in bold and a line for each of *rows*, or nothing."""
    text = "\n".join(rows)
    return f"**{heading}**\n{text}" if text else ""


def small(texts: Iterable[str]) -> str:
    """Return each of *texts* as a line in small print."""
    return "\n".join(f"-# {text}" for text in texts)


def at(moment: datetime) -> str:
    """Return date and time, which every reader sees as their own."""
    return f"<t:{int(moment.timestamp())}:f>"


def on_day(moment: datetime) -> str:
    """Return a date, which every reader sees as their own."""
    return f"<t:{int(moment.timestamp())}:D>"


def _fresh_id() -> int:
    """Return a number that no component had before.

    A client that knows a select by its number or its place shows again what was chosen in it, or
    in another one there, although the panel says otherwise by now.
    """
    return secrets.randbelow(1 << 30) + (1 << 30)


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    kept = text[: max(0, limit - 2)].rpartition("\n")[0]
    return f"{kept}\n…" if kept else ""
