"""A change before it is made: what would be before and after, and a button to make it."""

from collections.abc import Iterable, Sequence
from typing import Any

from discord import ButtonStyle
from discord.ui import Item, LayoutView

from bot.domain.messages import N_
from bot.ui.panels import button, panel, small
from bot.ui.words import say


def change_panel(
    locale: str,
    rows: Sequence[str],
    notes: Iterable[str],
    apply_id: str,
    buttons: Sequence[Item[Any]],
    *,
    meanwhile: bool,
) -> LayoutView:
    """Return *rows* with what differs, small *notes*, and a button of *apply_id* before *buttons*.

    Without rows there is nothing to apply. *meanwhile*: it was agreed to as another change.
    """
    text = N_("⚠️ Somebody changed this meanwhile; nothing was overwritten.")
    first = [say(locale, text)] if meanwhile else []
    if not rows:
        as_it_is = say(locale, "It is like this already.")
        return panel(say(locale, "Nothing would change"), [*first, as_it_is], buttons)
    apply = button(say(locale, "Apply"), apply_id, ButtonStyle.success)
    heading = say(locale, "This would change")
    return panel(heading, [*first, *rows, small(notes)], [apply, *buttons])
