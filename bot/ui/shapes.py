"""Shapes and sizes of results: as they are typed, and as they are offered while that happens."""

from collections.abc import Iterator

from discord.app_commands import Choice

from bot.domain.errors import BadOption
from bot.domain.messages import Phrase
from bot.domain.pictures import Shape, Size
from bot.domain.sizes import SizeImpossible, Sizes, Wanted, parse_wanted
from bot.ui.option_words import in_words
from bot.ui.options import fitting
from bot.ui.words import say

_SHAPES = ", ".join(Shape)


def wanted_of(text: str | None) -> Wanted | None:
    """Return the shape or the size that *text* names. Raises BadOption: it names neither."""
    if text is None:
        return None
    try:
        return parse_wanted(text)
    except ValueError:
        problem = Phrase(
            "it is one of {shapes}, or a width and a height such as 1536x1024", shapes=_SHAPES
        )
        raise BadOption(option="shape", problem=problem) from None


def written(size: Size) -> str:
    """Return *size* as people write it: ``1024×1536``."""
    return f"{size.width}×{size.height}"


def offered_shapes(locale: str, sizes: Sizes, typed: str) -> list[Choice[str]]:
    """Offer what a model makes, each with its size; or the size that was typed.

    Where the model does not make that size exactly, the offer says what comes instead.
    """
    wanted = _typed(typed)
    if isinstance(wanted, Size):
        return [_sized(locale, sizes, wanted)]
    return fitting(_everything(locale, sizes), typed)


def _typed(text: str) -> Wanted | None:
    try:
        return parse_wanted(text)
    except ValueError:
        return None


def _everything(locale: str, sizes: Sizes) -> Iterator[Choice[str]]:
    for shape, size in sizes.shapes.items():
        yield Choice(name=f"{in_words(locale, shape)} · {written(size)}", value=shape.value)
    for size in sizes.exact:
        yield Choice(name=written(size), value=str(size))


def _sized(locale: str, sizes: Sizes, wanted: Size) -> Choice[str]:
    try:
        made = sizes.chosen(wanted)
    except SizeImpossible as error:
        name = say(
            locale,
            "{size} (the nearest to {wanted})",
            size=written(error.nearest),
            wanted=written(wanted),
        )
        return Choice(name=name, value=str(error.nearest))
    name = written(made) if made == wanted else f"{written(wanted)} → {written(made)}"
    return Choice(name=name, value=str(wanted))
