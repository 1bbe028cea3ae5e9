"""Sentences, and values in them, that wait for their reader, whose language is not known yet."""

from typing import Final, Self

COMMAND: Final = "command name"
OPTION: Final = "option name"
CHOICE: Final = "choice name"
MENU: Final = "menu name"
"""Contexts of names in the catalogues: the command ``edit`` is another word than the verb."""


def N_(message: str, /) -> str:  # noqa: N802 - gettext's name for it, which its tools know
    """Return *message*, which stands in a table here and reaches `bot.ui.words.say` later."""
    return message


def Nn_(one: str, many: str, /) -> tuple[str, str]:  # noqa: N802 - likewise
    """Return both forms of a message that a number chooses between, for `say_many` later."""
    return one, many


class Phrase(str):
    """A part of a sentence, or a whole one, that `say` translates where it fills a place.

    It is its English text, so that logs, comparisons and tests need not know of it; its own
    ``{named}`` places may hold phrases again.
    """

    __slots__ = ("message", "values")

    message: str
    values: dict[str, object]

    def __new__(cls, message: str, /, **values: object) -> Self:
        """Return *message* with its places filled."""
        self = super().__new__(cls, message.format_map(values))
        self.message, self.values = message, values
        return self


class Counted(Phrase):
    """A phrase that is said in one way or the other, as a number and the language want."""

    __slots__ = ("number", "one")

    one: str
    number: int

    def __new__(cls, one: str, many: str, count: int, /, **values: object) -> Self:
        """Return *one* or *many*, with the place ``{count}`` filled beside the others."""
        shown = {"count": f"{count:,}", **values}
        self = super().__new__(cls, one if count == 1 else many, **shown)
        self.message, self.one, self.number = many, one, count
        return self


class Name(Phrase):
    """The name of an option or a choice, as Discord shows it to the reader."""

    __slots__ = ("context",)

    context: str

    def __new__(cls, context: str, text: str, /) -> Self:
        """Return *text*, whose translation *context* tells from that of the word."""
        self = super().__new__(cls, text.replace("{", "{{").replace("}", "}}"))
        self.message, self.context = text, context
        return self


class Slash(Phrase):
    """A command as the reader types it: ``/quota set``."""

    __slots__ = ()

    def __new__(cls, path: str, /) -> Self:
        """Return *path*, the names of a command and of the groups around it, with a slash."""
        self = super().__new__(cls, f"/{path}")
        self.message = path
        return self


class Written(str):
    """What a person wrote: it is shown as one harmless line, whatever is in it."""

    __slots__ = ()
