"""What came of a call, kept until it is shown: complete, so that another process can go on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from bot.domain.asks import Ask
from bot.domain.errors import ContentRefused
from bot.domain.pictures import Note
from bot.imaging.replies import geometry_numbers, geometry_of
from bot.imaging.values import Normalised
from bot.providers.base import PNG, Answer, MadePicture, Price
from bot.services.preparing import Prepared
from bot.storage.jobs import Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An answer, and what brings it back to the member's picture.

    Attributes:
        seconds: what the provider took.
        quality: what was asked of it.
        notes: what was done to the member's picture before.
        picture: what is brought back to, where it is; its bytes are there only beside a *mask*.
        source: the member's own file, only beside a *mask*.
    """

    answer: Answer
    seconds: float
    quality: str | None = None
    notes: tuple[Note, ...] = ()
    picture: Normalised | None = None
    mask: bytes | None = field(default=None, repr=False)
    source: bytes | None = field(default=None, repr=False)

    @classmethod
    def of(cls, answer: Answer, prepared: Prepared, ask: Ask, *, seconds: float) -> Self:
        """Return what is worth keeping of what *ask* led to.

        Where a shape was asked for, the answer is not brought back to the member's.
        """
        own_shape = ask.shape is None
        picture, mask = prepared.picture if own_shape else None, prepared.request.mask
        masked = picture is not None and mask is not None and ask.keep
        if picture is not None and not masked:
            picture = Normalised(data=b"", geometry=picture.geometry)
        return cls(
            answer=answer,
            seconds=seconds,
            quality=prepared.request.quality,
            notes=prepared.picture.notes if prepared.picture else (),
            picture=picture,
            mask=mask if masked else None,
            source=prepared.source if masked else None,
        )


def notes_of(kept: Kept) -> dict[str, Any]:
    """Return all of *kept* but its bytes, as plain JSON values."""
    price = kept.answer.price
    return {
        "price": [price.micros, price.known, price.version],
        "request_id": kept.answer.request_id,
        "refused": [[each.stage, list(each.categories)] for each in kept.answer.refused],
        "revised_prompt": kept.answer.pictures[0].revised_prompt,
        "seconds": kept.seconds,
        "quality": kept.quality,
        "notes": list(kept.notes),
        "geometry": geometry_numbers(kept.picture.geometry) if kept.picture else None,
    }


def files_of(kept: Kept) -> list[Stored]:
    """Return the bytes of *kept*."""
    stored = [Stored("answer", each.media_type, each.data) for each in kept.answer.pictures]
    beside = {"mask": kept.mask, "source": kept.source}
    if kept.picture is not None and kept.picture.data:
        stored.append(Stored("canvas", kept.picture.media_type, kept.picture.data))
    return [*stored, *(Stored(role, PNG, data) for role, data in beside.items() if data)]


def restored(notes: Mapping[str, Any], files: Sequence[Stored]) -> Kept:
    """Return what was kept as `notes_of` and `files_of`."""
    micros, known, version = notes["price"]
    revised = notes["revised_prompt"]
    answers = [each for each in files if each.role == "answer"]
    beside = {each.role: each for each in files if each.role != "answer"}
    answer = Answer(
        pictures=tuple(
            MadePicture(data=each.data, media_type=each.media_type, revised_prompt=revised)
            for each in answers
        ),
        price=Price(micros=micros, known=known, version=version),
        request_id=notes["request_id"],
        refused=tuple(
            ContentRefused(stage=stage, categories=tuple(categories))
            for stage, categories in notes["refused"]
        ),
    )
    return Kept(
        answer=answer,
        seconds=notes["seconds"],
        quality=notes["quality"],
        notes=tuple(Note(each) for each in notes["notes"]),
        picture=_picture(notes["geometry"], beside.get("canvas")),
        mask=beside["mask"].data if "mask" in beside else None,
        source=beside["source"].data if "source" in beside else None,
    )


def _picture(geometry: object, canvas: Stored | None) -> Normalised | None:
    if geometry is None:
        return None
    lies = geometry_of(geometry)
    if canvas is None:
        return Normalised(data=b"", geometry=lies)
    return Normalised(data=canvas.data, geometry=lies, media_type=canvas.media_type)
