"""Our request in the vendor's words: only the fields that the model and its dialect know."""

import re
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.domain.errors import ParameterRejected
from bot.providers.base import (
    HINT_JOINT,
    VARY_INSTRUCTIONS,
    VERBATIM_PREFIX,
    Operation,
    PictureRequest,
)
from bot.providers.models import Dialect, Model

Upload = tuple[str, bytes, str]
"""File name, bytes, media type: without a name it would be sent as an octet stream and refused."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DIMENSIONS = slice(16, 24)

# stable-diffusion.cpp lets a prompt override every parameter through this element
_INJECTION = re.compile(
    r"<\s*sd_cpp_extra_args\s*>.*?(?:<\s*/\s*sd_cpp_extra_args\s*>|\Z)"
    r"|<\s*/\s*sd_cpp_extra_args\s*>",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The fields of one call; files apart from the plain ones."""

    fields: Mapping[str, str | int]
    image: Upload | None = field(default=None, repr=False)
    mask: Upload | None = field(default=None, repr=False)


def generation(model: Model, request: PictureRequest, count: int, *, vendor: bool) -> Call:
    """Return the fields of a call that draws from words."""
    return Call(
        fields={
            **_common(model, request, count),
            "prompt": prompt_for(model, request, vendor=vendor),
            **_options(model, request, _GENERATE_OPTIONS),
        }
    )


def edit(model: Model, request: PictureRequest, count: int, *, vendor: bool) -> Call:
    """Return the fields of a call that changes a picture, or emulates a variation of it."""
    image = _given(request)
    mask = request.mask if model.can.masks else None
    if mask is None and model.can.needs_mask:
        mask = repaint_all(image)
    return Call(
        fields={
            **_common(model, request, count),
            "prompt": prompt_for(model, request, vendor=vendor),
            **_options(model, request, _EDIT_OPTIONS),
        },
        image=("image.png", image, "image/png"),
        mask=("mask.png", mask, "image/png") if mask is not None else None,
    )


def variation(model: Model, request: PictureRequest, count: int) -> Call:
    """Return the fields of a call to the variations endpoint, which takes no words."""
    return Call(
        fields={**_common(model, request, count), **_options(model, request, _VARY_OPTIONS)},
        image=("image.png", _given(request), "image/png"),
    )


def prompt_for(model: Model, request: PictureRequest, *, vendor: bool) -> str:
    """Return the words to send. Raises ParameterRejected where there are none or too many."""
    words = request.prompt if vendor else without_injection(request.prompt)
    if request.operation is Operation.VARY:
        instruction = VARY_INSTRUCTIONS[request.strength]
        words = f"{instruction}{HINT_JOINT}{words}" if words.strip() else instruction
    elif request.verbatim and model.can.verbatim:
        words = f"{VERBATIM_PREFIX} {words}"
    if not words.strip():
        raise ParameterRejected(operator="The prompt was empty.")
    if len(words) > model.can.max_prompt:
        raise ParameterRejected(operator=f"The prompt had {len(words)} characters.")
    return words


def without_injection(words: str) -> str:
    """Return *words* without elements that would change a compatible server's parameters."""
    while (cleaned := _INJECTION.sub("", words)) != words:
        words = cleaned
    return words


def repaint_all(image: bytes) -> bytes:
    """Return a mask of the PNG *image*'s dimensions that lets everything be repainted."""
    if image[:8] != _PNG_SIGNATURE or len(image) < _DIMENSIONS.stop:
        raise ParameterRejected(operator="The picture to edit is not a PNG.")
    width, height = struct.unpack(">II", image[_DIMENSIONS])
    rows = (b"\0" + b"\xff\xff\xff\0" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(rows, 1)), _chunk(b"IEND"))
    return _PNG_SIGNATURE + b"".join(chunks)


def _chunk(name: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _given(request: PictureRequest) -> bytes:
    if not request.images:
        raise ParameterRejected(operator=f"{request.operation} came without a picture.")
    return request.images[0].data


def _common(model: Model, request: PictureRequest, count: int) -> dict[str, str | int]:
    fields: dict[str, str | int] = {"model": model.name, "n": count, "size": str(request.size)}
    if model.dialect is Dialect.DALLE:
        fields["response_format"] = "b64_json"  # addresses die after an hour
    if model.identifier is not None and request.member:
        fields[model.identifier] = request.member
    return fields


_Option = Callable[[Model, PictureRequest], str | None]


def _quality(model: Model, request: PictureRequest) -> str | None:
    return (request.quality or model.can.default_quality) if model.can.qualities else None


def _background(model: Model, request: PictureRequest) -> str | None:
    return request.background if model.can.backgrounds else None


def _style(model: Model, request: PictureRequest) -> str | None:
    return request.style if model.can.styles else None


def _strictness(model: Model, request: PictureRequest) -> str | None:
    return request.strictness if model.can.strictness else None


_EDIT_OPTIONS: Mapping[str, _Option] = {"quality": _quality, "background": _background}
_GENERATE_OPTIONS: Mapping[str, _Option] = {
    **_EDIT_OPTIONS,
    "style": _style,
    "moderation": _strictness,
}
_VARY_OPTIONS: Mapping[str, _Option] = {}


def _options(
    model: Model, request: PictureRequest, options: Mapping[str, _Option]
) -> dict[str, str]:
    chosen = ((name, option(model, request)) for name, option in options.items())
    return {name: value for name, value in chosen if value is not None}
