"""What is sent to the workers, refused here where that needs no worker."""

from dataclasses import astuple

from bot.domain.errors import EmptyPicture, PictureTooLarge
from bot.domain.pictures import REGIONS
from bot.imaging import replies
from bot.imaging.values import (
    MAX_FEATHER,
    MAX_FILE_BYTES,
    MAX_SIDE,
    SMALLEST_LIMIT,
    Adjusted,
    Cells,
    Difference,
    Framing,
    MaskRecipe,
    Named,
    Normalised,
    OwnTransparency,
    PlainRecipe,
    Uploaded,
)
from bot.imaging.wire import Frame, Head

_MEGABYTE = 1_000_000


def check_framing(framing: Framing) -> None:
    """Raise ValueError for more than this room does: a mistake of ours, not of a person."""
    if not 1 <= framing.side <= MAX_SIDE or framing.limit < SMALLEST_LIMIT:
        raise ValueError(framing)


def check_file(data: bytes, what: str) -> None:
    """Raise PictureError for a file that needs no worker to be refused."""
    if not data:
        raise EmptyPicture(what=what)
    if len(data) > MAX_FILE_BYTES:
        size, limit = (f"{count / _MEGABYTE:.0f} MB" for count in (len(data), MAX_FILE_BYTES))
        raise PictureTooLarge(what=what, size=size, limit=limit)


def mask_frame(recipe: MaskRecipe, picture: Normalised) -> Frame:
    """Return the job that makes *recipe*. Raises PictureError; KeyError, ValueError: our bugs."""
    plain = recipe if isinstance(recipe, Adjusted) else Adjusted(recipe=recipe)
    said, parts = _recipe(plain.recipe, picture)
    if not 0 <= plain.feather <= MAX_FEATHER:
        raise ValueError(plain.feather)
    head = {
        "job": "mask",
        "geometry": replies.geometry_numbers(picture.geometry),
        "invert": plain.invert,
        "grow": plain.grow,
        "feather": plain.feather,
        **said,
    }
    return Frame(head, parts)


def _recipe(recipe: PlainRecipe, picture: Normalised) -> tuple[Head, tuple[bytes, ...]]:
    match recipe:
        case Uploaded(data):
            check_file(data, "mask")
            return {"recipe": "uploaded"}, (data,)
        case Difference(data):
            check_file(data, "mask")
            return {"recipe": "difference"}, (data, picture.data)
        case Named(name):
            return _recipe(Cells((name,)), picture)
        case Cells(names):
            return {"recipe": "regions", "regions": [astuple(REGIONS[name]) for name in names]}, ()
        case OwnTransparency():
            return {"recipe": "own"}, (picture.data,)
