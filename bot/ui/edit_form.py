"""The form that says what changes in a picture, and where."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from discord import Interaction, SelectOption
from discord.ui import Checkbox, FileUpload, Item, Select

from bot.domain.asks import Source
from bot.domain.errors import BadOption
from bot.domain.messages import CHOICE, Phrase
from bot.domain.pictures import EXTENSIONS, TRANSPARENT_PARTS, regions_together
from bot.providers.base import Capabilities
from bot.ui.asking import Options
from bot.ui.forms import long_field, picked_in, uploaded_in, written_in
from bot.ui.offers import MOST_REFERENCES
from bot.ui.words import name_in, say

MOST_WORDS: Final = 4000  # characters that Discord takes in one field

_MASK: Final = "mask"
_COPY: Final = "copy"
_WHOLE: Final = "whole"
_CELLS: Final = (
    "top left", "top center", "top right", "middle left", "center", "middle right",
    "bottom left", "bottom center", "bottom right",
)  # fmt: skip
_HALVES: Final = ("top half", "bottom half", "left half", "right half")
_ROOM: Final = tuple(name for name in EXTENSIONS if name.endswith(" by 50 %"))
_TOGETHER: Final = frozenset((*_CELLS, *_HALVES))


def edit_form(locale: str, can: Capabilities) -> Mapping[str, Item[Any]]:
    """Return the fields of the form by their labels, for the model that *can* do this."""
    fields: dict[str, Item[Any]] = {
        say(locale, "What should change?"): long_field(
            "prompt", most=min(MOST_WORDS, can.max_prompt)
        ),
        say(locale, "Where? One part, or several"): _where(locale),
        say(locale, "Your mask, or your painted copy"): FileUpload(
            custom_id="file", required=False, min_values=0, max_values=1
        ),
    }
    references = min(MOST_REFERENCES, can.pictures - 1)
    if references > 0:
        fields[say(locale, "Pictures to go by")] = FileUpload(
            custom_id="references", required=False, min_values=0, max_values=references
        )
    keep = say(locale, "Keep the rest exactly as it is")
    fields[keep] = Checkbox[Any](custom_id="keep", default=True)
    return fields


def edit_options(interaction: Interaction[Any]) -> Options:
    """Return what the form says, as options of a request.

    Raises:
        BadOption: the parts do not go together, or their file is missing.
    """
    written, files = written_in(interaction), uploaded_in(interaction)
    options = _part(picked_in(interaction).get("where", []), files.get("file", ()))
    options["prompt"] = written["prompt"]
    options["references"] = files.get("references", ())
    options["keep"] = bool(written.get("keep"))
    return options


def _part(chosen: Sequence[str], files: Sequence[Source]) -> Options:
    """Return which part is meant; a file about which nothing is said is a mask."""
    picked = [each for each in chosen if each != _WHOLE] or ([_MASK] if files else [])
    if not picked:
        return Options()
    if len(picked) > 1 and not set(picked) <= _TOGETHER:
        raise BadOption(
            option="where", problem=Phrase("choose cells and halves, or one of the others")
        )
    (first, *_), file = picked, next(iter(files), None)
    if first not in {_MASK, _COPY}:
        return _named(picked, file)
    if file is None:
        raise BadOption(
            option="where", problem=Phrase("upload the mask or the painted copy with it")
        )
    return Options(mask=file) if first == _MASK else Options(difference=file)


def _named(picked: Sequence[str], file: Source | None) -> Options:
    if file is not None:
        problem = Phrase(
            "say that the part is your mask or your painted copy, or leave the file out"
        )
        raise BadOption(option="where", problem=problem)
    if picked[0] in EXTENSIONS:
        return Options(extend=picked[0])
    return Options(region=regions_together(picked))


def _where(locale: str) -> Select[Any]:
    names = [
        SelectOption(label=say(locale, "The whole picture"), value=_WHOLE),
        *(
            SelectOption(label=name_in(locale, CHOICE, name), value=name)
            for name in (*_CELLS, *_HALVES)
        ),
        SelectOption(label=name_in(locale, CHOICE, TRANSPARENT_PARTS), value=TRANSPARENT_PARTS),
        SelectOption(label=say(locale, "What the mask below selects"), value=_MASK),
        SelectOption(label=say(locale, "Where the painted copy below differs"), value=_COPY),
        *(
            SelectOption(
                label=say(locale, "Extend it: {how}", how=name_in(locale, CHOICE, name)), value=name
            )
            for name in _ROOM
        ),
    ]
    return Select(
        custom_id="where",
        options=names,
        placeholder=say(locale, "The whole picture"),
        min_values=0,
        max_values=len(_CELLS),
        required=False,
    )
