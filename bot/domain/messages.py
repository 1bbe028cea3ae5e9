"""Sentences that wait for their reader, whose language is not known yet."""

from typing import Final


def N_(message: str, /) -> str:  # noqa: N802 - gettext's name for it, which its tools know
    """Return *message*, which stands in a table here and reaches `bot.ui.words.say` later."""
    return message


def Nn_(one: str, many: str, /) -> tuple[str, str]:  # noqa: N802 - likewise
    """Return both forms of a message that a number chooses between, for `say_many` later."""
    return one, many


class Phrase:
    """A part of a sentence that is itself to be translated, with its own ``{named}`` places.

    `bot.ui.words.say` puts it into the reader's language where it fills a place; a place may
    hold another phrase, and a tuple of them is shown with commas between.
    """

    __slots__ = ("message", "values")

    def __init__(self, message: str, /, **values: object) -> None:
        self.message: Final = message
        self.values: Final = values

    def __str__(self) -> str:
        """Return the English words, for logs."""
        return self.message.format_map(self.values)
