"""The buttons under an answer, as they look; `bot.ui.actions` is what they do."""

import re
from collections.abc import Collection

from discord import ActionRow, ButtonStyle, Message
from discord.ui import Button, View

from bot.domain.asks import Command
from bot.ui.words import say

BUTTON_ID = (
    r"easel:(?P<verb>again|edit|vary|details|delete|share|cancel):"
    r"(?P<code>[0-9a-z]{8}):(?P<position>[0-9])"
)
"""What such a button carries: names only. Who may press it, the database decides."""


def result_buttons(
    locale: str, code: str, abilities: Collection[Command], *, private: bool
) -> View:
    """Return the buttons for a result; *abilities* is what a model can do, so that it is shown.

    What is *private* can be shared, by a button in a row of its own.

    The view is stopped, so discord.py keeps nothing in memory for it: presses are found by
    their id, also after a restart.
    """
    view = View(timeout=None)
    view.add_item(_button("again", code, 0, say(locale, "Again"), "🔁"))
    if Command.EDIT in abilities:
        view.add_item(_button("edit", code, 0, say(locale, "Edit"), "🖌️"))
    if Command.VARY in abilities:
        view.add_item(_button("vary", code, 0, say(locale, "Vary"), "🎲"))
    view.add_item(_button("details", code, 0, say(locale, "Details"), "🔎"))
    view.add_item(_button("delete", code, 0, say(locale, "Delete"), "🗑️"))
    if private:
        share = _button("share", code, 0, say(locale, "Share here"), "📣")
        share.row = 1
        view.add_item(share)
    view.stop()
    return view


def code_in(message: Message) -> str | None:
    """Return the code of the result that *message* shows; None where it shows none of ours."""
    for row in message.components:
        for each in row.children if isinstance(row, ActionRow) else ():
            found = re.fullmatch(BUTTON_ID, getattr(each, "custom_id", None) or "")
            if found is not None:
                return found["code"]
    return None


def again_button(locale: str, code: str) -> View:
    """Return the button that asks for the same again, as of a result."""
    view = View(timeout=None)
    view.add_item(_button("again", code, 0, say(locale, "Again"), "🔁"))
    view.stop()
    return view


def cancel_button(locale: str, code: str) -> View:
    """Return the button that cancels a request which waits for its turn."""
    view = View(timeout=None)
    view.add_item(_button("cancel", code, 0, say(locale, "Cancel"), "✖️"))
    view.stop()
    return view


def _button(verb: str, code: str, position: int, label: str, emoji: str) -> Button[View]:
    return Button(
        style=ButtonStyle.secondary,
        label=label,
        emoji=emoji,
        custom_id=f"easel:{verb}:{code}:{position}",
    )
