"""Reads what a worker says, and believes only what holds: sizes, shapes, names of refusals."""

from collections.abc import Mapping
from typing import cast

from bot.domain import errors
from bot.domain.errors import PictureError
from bot.domain.pictures import Box, Geometry, Note, Size
from bot.imaging import sniff
from bot.imaging.heads import size_of
from bot.imaging.values import SQUARE_BYTES, Finished, Framing, Normalised, Outpainting
from bot.imaging.wire import BrokenFrameError, Frame, Head

REFUSALS: dict[str, type[PictureError]] = {
    kind.__name__: kind
    for kind in (
        errors.EmptyPicture,
        errors.NotAPicture,
        errors.DamagedPicture,
        errors.HeicPicture,
        errors.PictureTooLarge,
        errors.PictureTooHeavy,
        errors.MaskSelectsNothing,
        errors.MaskSelectsAll,
        errors.MarkupEmpty,
        errors.MarkupCoversAll,
    )
}
"""The refusals that a worker may send, by name."""

_MAX_TEXT = 100
_MAX_SIDE = 30_000
_ORIENTATIONS = range(1, 9)
_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
}


def refusal_head(error: PictureError) -> Head:
    """Say *error* so that `refusal` can read it."""
    values = {name: str(value)[:_MAX_TEXT] for name, value in error.values.items()}
    return {"refusal": type(error).__name__, "values": values}


def refusal(head: Head) -> PictureError | None:
    """Return the refusal that *head* holds, if it holds one. Raises BrokenFrameError."""
    if "refusal" not in head:
        return None
    kind = REFUSALS.get(_text(head, "refusal"))
    if kind is None:
        raise BrokenFrameError("unknown refusal")
    values = head.get("values")
    if not isinstance(values, Mapping):
        raise BrokenFrameError("values")
    said = cast("Mapping[object, object]", values)
    return kind(**{str(name): str(value)[:_MAX_TEXT] for name, value in said.items()})


def normalised_head(made: Normalised) -> Head:
    """Say everything of *made* but its bytes."""
    return {
        "geometry": geometry_numbers(made.geometry),
        "notes": list(made.notes),
        "type": made.media_type,
    }


def normalised(frame: Frame, framing: Framing) -> Normalised:
    """Read a picture of the side, the limit and the types of *framing*, or BrokenFrameError."""
    (data,) = _parts(frame, 1)
    geometry, media_type = geometry_of(frame.head.get("geometry")), _text(frame.head, "type")
    if media_type != "image/png" and media_type not in framing.types:
        raise BrokenFrameError("type")
    if geometry.side > framing.side or size_of(data, media_type) != geometry.canvas:
        raise BrokenFrameError("side")
    if len(data) >= framing.limit:
        raise BrokenFrameError("too many bytes")
    notes = _notes(frame.head)
    return Normalised(data=data, geometry=geometry, notes=notes, media_type=media_type)


def outpainting(frame: Frame, framing: Framing) -> Outpainting:
    """Read a picture and its mask. Raises BrokenFrameError."""
    data, margins = _parts(frame, 2)
    picture = normalised(Frame(frame.head, (data,)), framing)
    return Outpainting(
        picture=picture, mask=mask(Frame({}, (margins,)), size=picture.geometry.canvas)
    )


def mask(frame: Frame, *, size: Size) -> bytes:
    """Read a mask of *size*. Raises BrokenFrameError."""
    (png,) = _parts(frame, 1)
    if sniff.png_size(png) != size or len(png) >= SQUARE_BYTES:
        raise BrokenFrameError("mask")
    return png


def finished_head(made: Finished) -> Head:
    """Say everything of *made* but its bytes."""
    return {
        "type": made.media_type,
        "size": [made.size.width, made.size.height],
        "notes": list(made.notes),
        "changed": made.changed,
    }


def finished(frame: Frame, *, limit: int) -> Finished:
    """Read a finished picture of at most *limit* bytes. Raises BrokenFrameError."""
    (data,) = _parts(frame, 1)
    media_type = _text(frame.head, "type")
    size = Size(*_whole_numbers(frame.head.get("size"), 2))
    if len(data) > limit or size_of(data, media_type) != size:
        raise BrokenFrameError("not what it says")
    changed = frame.head.get("changed")
    if changed is not None and not (isinstance(changed, float | int) and 0 <= changed <= 1):
        raise BrokenFrameError("changed")
    return Finished(
        data=data,
        media_type=media_type,
        extension=_EXTENSIONS[media_type],
        size=size,
        notes=_notes(frame.head),
        changed=None if changed is None else float(changed),
    )


def geometry_numbers(geometry: Geometry) -> list[int]:
    """Write a geometry as whole numbers, for a frame."""
    taken, place = geometry.taken, geometry.place
    return [
        *(geometry.source.width, geometry.source.height),
        geometry.orientation,
        *(taken.left, taken.top, taken.right, taken.bottom),
        *(place.left, place.top, place.right, place.bottom),
        *(geometry.canvas.width, geometry.canvas.height),
    ]


def geometry_of(said: object) -> Geometry:
    """Read a geometry that makes sense. Raises BrokenFrameError."""
    numbers = _whole_numbers(said, 13)
    source, taken, place = Size(*numbers[:2]), Box(*numbers[3:7]), Box(*numbers[7:11])
    orientation, canvas = numbers[2], Size(*numbers[11:])
    holds = (
        min(source.width, source.height) > 0
        and orientation in _ORIENTATIONS
        and _inside(taken, source)
        and _inside(place, canvas)
    )
    if not holds:
        raise BrokenFrameError("geometry")
    return Geometry(source=source, orientation=orientation, taken=taken, place=place, canvas=canvas)


def _inside(box: Box, size: Size) -> bool:
    return 0 <= box.left < box.right <= size.width and 0 <= box.top < box.bottom <= size.height


def _whole_numbers(said: object, count: int) -> list[int]:
    if not isinstance(said, list):
        raise BrokenFrameError("numbers")
    numbers = [
        number
        for number in cast("list[object]", said)
        if isinstance(number, int) and 0 <= number <= _MAX_SIDE
    ]
    if len(numbers) != count or len(numbers) != len(cast("list[object]", said)):
        raise BrokenFrameError("numbers")
    return numbers


def _parts(frame: Frame, count: int) -> tuple[bytes, ...]:
    if len(frame.parts) != count:
        raise BrokenFrameError("parts")
    return frame.parts


def _text(head: Head, name: str) -> str:
    text = head.get(name)
    if not isinstance(text, str) or len(text) > _MAX_TEXT:
        raise BrokenFrameError(name)
    return text


def _notes(head: Head) -> tuple[Note, ...]:
    said = head.get("notes")
    if not isinstance(said, list):
        raise BrokenFrameError("notes")
    try:
        return tuple(Note(str(note)) for note in cast("list[object]", said))
    except ValueError as error:
        raise BrokenFrameError("notes") from error
