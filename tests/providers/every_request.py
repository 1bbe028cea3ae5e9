"""Every request that a model's capabilities allow, enumerated from the table of models.

The whole product is far too large, so the requests of a model cover every pair of choices that can
be had together (and so every choice): what goes with the words, size, quality, style, background,
file type with its compression, moderation level, count, previews, strength, asker. Which other
choices come with a pair is drawn from a fixed seed.
"""

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from PIL import Image

from bot.domain.asks import Strength
from bot.domain.pictures import Shape, Size
from bot.providers.base import Capabilities, InputPicture, Operation, PictureRequest
from bot.providers.models import MODELS
from tests.providers.pictures import encoded, mask, png, square

Choice = Mapping[str, Any]
Pair = tuple[int, int, int, int]
"""An option and its choice, and another with its own, by their numbers."""

_TRIES = 40
_BEST_OF = 5  # what has most pairs that are new; more of them hardly saves a request
_OTHER_TYPES = {"image/webp": "WEBP", "image/jpeg": "JPEG"}


@cache
def markup() -> bytes:
    picture = Image.new("RGBA", (256, 256))
    picture.paste((255, 0, 0, 255), (30, 30, 90, 90))
    return png(picture)


def brought(can: Capabilities) -> Iterator[Choice]:
    """What goes with the words."""
    yield {"operation": Operation.GENERATE}
    if Operation.EDIT not in can.operations:
        return
    one = InputPicture(square())
    wide = InputPicture(png(Image.new("RGBA", (320, 128), (9, 99, 9, 255))))
    edit = {"operation": Operation.EDIT, "images": (one,)}
    yield edit
    if can.masks:
        yield {**edit, "mask": mask()}
    if can.markup:
        yield {**edit, "markup": markup()}
    for operation in (Operation.GENERATE, Operation.EDIT) if can.pictures > 1 else ():
        yield {"operation": operation, "images": (one, one)}
        yield {"operation": operation, "images": (one,) * can.pictures}
    if can.own_shape:
        yield {**edit, "images": (wide,)}
    for media_type, kind in _OTHER_TYPES.items():
        if media_type in can.input_types:
            yield {**edit, "images": (InputPicture(encoded(square(), kind), media_type),)}
    yield from (
        {"operation": Operation.VARY, "images": (one,), "prompt": prompt} for prompt in ("", "oil")
    )


def sizes(can: Capabilities) -> Iterator[Choice]:
    listed = {*can.sizes.shapes.values(), *can.sizes.exact}
    yield from ({"size": size} for size in sorted(listed, key=str))
    if can.sizes.free is not None:
        free = (Size(3840, 2160), Size(1440, 480), Size(496, 1328), Size(2880, 2880))
        yield from ({"size": size} for size in free)


def types(can: Capabilities) -> Iterator[Choice]:
    yield {}
    for kind in can.formats:
        yield {"output_format": kind}
        for compression in (0, 95, 100) if kind in can.compressed else ():
            yield {"output_format": kind, "compression": compression}


def axes(can: Capabilities) -> list[Sequence[Choice]]:
    """Every option with all its choices."""
    return [
        list(brought(can)),
        list(sizes(can)),
        [{"quality": quality} for quality in can.qualities] or [{}],
        [{}, *({"style": style} for style in can.styles)],
        [{}, *({"background": background} for background in can.backgrounds)],
        list(types(can)),
        [{"strictness": level} for level in ("auto", "low")],
        [{"count": count} for count in (1, can.max_count)],
        [{"previews": previews} for previews in range(can.previews + 1)],
        [{"strength": strength} for strength in Strength],
        [{"member": member} for member in ("0123456789abcdef", "")],
        [{"verbatim": verbatim} for verbatim in (False, True)],
    ]


def possible(can: Capabilities, request: PictureRequest) -> bool:
    """Whether Easel lets people ask for all of this together."""
    kind = request.output_format
    see_through = request.background == "transparent" and kind is not None
    return not (
        (see_through and kind not in can.transparent)
        or (request.mask is not None and kind == "gif")
    )


@cache
def every_request(name: str) -> Sequence[PictureRequest]:
    """Return requests that hold every possible pair of choices of the model called *name*."""
    model = MODELS[name]
    can, options = model.can, axes(model.can)
    chance = random.Random(name)  # noqa: S311
    plain = PictureRequest(
        operation=Operation.GENERATE,
        model=name,
        prompt="a fox",
        size=can.sizes.shapes[Shape.SQUARE],
        quality=can.default_quality,
    )
    seen: set[Pair] = set()
    requests: list[PictureRequest] = []

    def those_with(pair: Pair) -> Iterator[tuple[set[Pair], PictureRequest]]:
        for _ in range(_TRIES):
            picks = _picks(options, pair, chance)
            chosen: dict[str, Any] = {}
            for option, pick in zip(options, picks, strict=True):
                chosen |= option[pick]
            request = replace(plain, **chosen)
            if possible(can, request):
                yield _pairs_in(picks) - seen, request

    for pair in all_pairs(options):
        found = list(itertools.islice(those_with(pair), _BEST_OF if pair not in seen else 0))
        if found:
            new, request = max(found, key=lambda each: len(each[0]))
            seen |= new
            requests.append(request)
    return requests


def _pairs_in(picks: Sequence[int]) -> set[Pair]:
    return {(a, x, b, y) for (a, x), (b, y) in itertools.combinations(enumerate(picks), 2)}


def all_pairs(options: list[Sequence[Choice]]) -> Iterator[Pair]:
    for (a, one), (b, other) in itertools.combinations(enumerate(options), 2):
        yield from ((a, x, b, y) for x in range(len(one)) for y in range(len(other)))


def _picks(options: list[Sequence[Choice]], pair: Pair, chance: random.Random) -> list[int]:
    picks = [chance.randrange(len(option)) for option in options]
    picks[pair[0]], picks[pair[2]] = pair[1], pair[3]
    return picks
