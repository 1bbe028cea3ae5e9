"""Discord's ids, as they are written after a command."""

from typing import Final

import click

_DIGITS: Final = 20
_LEAST: Final = 1 << 40
"""Discord's ids are longer; a shorter number may stand for something else in what is stored."""


class DiscordId(click.ParamType[int]):
    """An id of a person, a server or a channel: a long number that fits the database."""

    name = "id"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return the number, or end in a sentence that says what an id is."""
        text = str(value)
        if not (text.isdecimal() and len(text) < _DIGITS and _LEAST <= int(text) < 1 << 63):
            self.fail(
                f"'{text}' is no id; an id is a long number, which Discord copies from its menus "
                "once Developer Mode is on (User Settings > Advanced).",
                param,
                ctx,
            )
        return int(text)


ID: Final = DiscordId()
