"""Our request in the vendor's words: what the model takes, and nothing else.

What a model cannot take is refused here, before anything is sent.
"""

import re
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.domain.errors import ParameterRejected, PictureRejected
from bot.providers.base import (
    HINT_JOINT,
    PNG,
    VARY_INSTRUCTIONS,
    VERBATIM_PREFIX,
    InputPicture,
    Operation,
    PictureRequest,
)
from bot.providers.models import GIF, Dialect, Model

Upload = tuple[str, bytes, str]
"""File name, bytes, media type: without a name it would be sent as an octet stream and refused."""

Uploads = Upload | list[Upload]
"""One file goes bare; a list, even of one, is sent as ``image[]``."""

MASK_BYTES = 4_000_000
"""A mask or a drawing has fewer bytes than this."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DIMENSIONS = slice(16, 24)

_ENDINGS: Mapping[str, str] = {PNG: "png", "image/jpeg": "jpg", "image/webp": "webp"}
_BEGINS: Mapping[str, re.Pattern[bytes]] = {
    PNG: re.compile(re.escape(_PNG_SIGNATURE)),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}

# stable-diffusion.cpp lets a prompt override every parameter through this element
_INJECTION = re.compile(
    r"<\s*sd_cpp_extra_args\s*>.*?(?:<\s*/\s*sd_cpp_extra_args\s*>|\Z)"
    r"|<\s*/\s*sd_cpp_extra_args\s*>",
    re.IGNORECASE | re.DOTALL,
)


Value = str | int | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The fields of one call; files apart from the plain ones."""

    fields: Mapping[str, Value]
    image: Uploads | None = field(default=None, repr=False)
    mask: Upload | None = field(default=None, repr=False)
    markup: Upload | None = field(default=None, repr=False)

    @property
    def files(self) -> Mapping[str, Uploads]:
        """The files by their field, as the SDK takes them."""
        named = {"image": self.image, "mask": self.mask, "markup": self.markup}
        return {name: file for name, file in named.items() if file}


def operation_for(model: Model, request: PictureRequest) -> Operation:
    """Return the endpoint that *request* goes to.

    Pictures that guide words go to the edits, as the vendor's guide has it. The variations take no
    words, so a hint rules them out. Raises ParameterRejected where the model takes no pictures.
    """
    if request.operation is Operation.GENERATE and not request.images:
        return Operation.GENERATE
    if request.operation is Operation.VARY and model.variations and not request.prompt.strip():
        return Operation.VARY
    if Operation.EDIT not in model.can.operations:
        raise ParameterRejected(operator=f"{model.name} takes words only.")
    return Operation.EDIT


def drawn(
    model: Model, request: PictureRequest, count: int, *, vendor: bool
) -> tuple[Operation, Call]:
    """Return the endpoint and the call that make pictures with words; see `operation_for`.

    A variation is emulated: whoever finds the variations endpoint missing asks for this.
    """
    if operation_for(model, request) is Operation.GENERATE:
        return Operation.GENERATE, generation(model, request, count, vendor=vendor)
    return Operation.EDIT, edit(model, request, count, vendor=vendor)


def generation(model: Model, request: PictureRequest, count: int, *, vendor: bool) -> Call:
    """Return the fields of a call that draws from words.

    Raises ParameterRejected for options that exclude each other, as `edit` does.
    """
    return Call(
        fields={
            **_common(model, request, count),
            "prompt": prompt_for(model, request, vendor=vendor),
            **_options(model, request, _GENERATE_OPTIONS),
            **_stream(model, request, count),
        }
    )


def edit(model: Model, request: PictureRequest, count: int, *, vendor: bool) -> Call:
    """Return the fields of a call that changes a picture, or emulates a variation of it.

    Raises:
        ParameterRejected: what goes with the words is more than the model takes.
        PictureRejected: a picture is of a type, a size or a shape that it does not take.
    """
    given = _given(model, request)
    _check_guides(model, request)
    mask = request.mask if model.can.masks else None
    if mask is None and model.can.needs_mask:
        mask = repaint_all(given[0].data)
    return Call(
        fields={
            **_common(model, request, count),
            "prompt": prompt_for(model, request, vendor=vendor),
            **_options(model, request, _EDIT_OPTIONS),
            **_stream(model, request, count),
        },
        image=_uploads(given),
        mask=_guide("mask", mask, given[0]),
        markup=_guide("markup", request.markup, given[0]),
    )


def variation(model: Model, request: PictureRequest, count: int) -> Call:
    """Return the fields of a call to the variations endpoint, which takes no words."""
    return Call(
        fields={**_common(model, request, count), **_options(model, request, _VARY_OPTIONS)},
        image=_uploads(_given(model, request)),
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
    sides = _sides(image)
    if sides is None:
        raise PictureRejected(operator="The picture to edit is not a PNG.")
    width, height = sides
    rows = (b"\0" + b"\xff\xff\xff\0" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(rows, 1)), _chunk(b"IEND"))
    return _PNG_SIGNATURE + b"".join(chunks)


def _chunk(name: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _sides(image: bytes) -> tuple[int, int] | None:
    """Return a PNG's width and height; None for anything else."""
    if not image.startswith(_PNG_SIGNATURE) or len(image) < _DIMENSIONS.stop:
        return None
    width, height = struct.unpack(">II", image[_DIMENSIONS])
    return width, height


# --- files ----------------------------------------------------------------------------------------


def _given(model: Model, request: PictureRequest) -> tuple[InputPicture, ...]:
    """Return the pictures that go with the words, each one that the model takes."""
    given = len(request.images)
    if not 1 <= given <= model.can.pictures:
        raise ParameterRejected(operator=f"{model.name} got {given} pictures.")
    for each in request.images:
        _check_picture(model, each)
    return request.images


def _check_picture(model: Model, picture: InputPicture) -> None:
    data, media_type = picture.data, picture.media_type
    taken = media_type in model.can.input_types and len(data) < model.can.input_bytes
    if not taken or not _BEGINS[media_type].match(data):
        raise PictureRejected(
            operator=f"{model.name} takes no {len(data):,} bytes as {media_type}."
        )
    sides = _sides(data)
    if not model.can.own_shape and (sides is None or sides[0] != sides[1]):
        raise PictureRejected(operator=f"{model.name} takes square pictures only.")


def _uploads(pictures: tuple[InputPicture, ...]) -> Uploads:
    if len(pictures) == 1:
        return _upload("image", pictures[0])
    return [_upload(f"image-{number}", each) for number, each in enumerate(pictures, start=1)]


def _upload(name: str, picture: InputPicture) -> Upload:
    return f"{name}.{_ENDINGS[picture.media_type]}", picture.data, picture.media_type


def _check_guides(model: Model, request: PictureRequest) -> None:
    """Refuse guides that exclude each other, which the vendor would refuse too."""
    if request.markup is not None and (request.mask is not None or not model.can.markup):
        raise ParameterRejected(operator=f"{model.name} takes no drawing, or none with a mask.")
    if request.mask is not None and request.output_format == GIF:
        raise ParameterRejected(operator="An animated picture takes no mask.")


def _guide(name: str, data: bytes | None, over: InputPicture) -> Upload | None:
    """Return a mask or a drawing as a file. Raises PictureRejected where it does not fit."""
    if data is None:
        return None
    sides, below = _sides(data), _sides(over.data)
    if sides is None or len(data) >= MASK_BYTES:
        raise PictureRejected(operator=f"The {name} is no PNG of less than {MASK_BYTES:,} bytes.")
    if below is not None and sides != below:
        raise PictureRejected(operator=f"The {name} is {sides}, the picture {below}.")
    return f"{name}.png", data, PNG


# --- plain fields ---------------------------------------------------------------------------------


def _common(model: Model, request: PictureRequest, count: int) -> dict[str, Value]:
    fields: dict[str, Value] = {"model": model.name, "n": count, "size": str(request.size)}
    if model.dialect is Dialect.DALLE:
        fields["response_format"] = "b64_json"  # addresses die after an hour
    if model.identifier is not None and request.member:
        fields[model.identifier] = request.member
    return fields


def _stream(model: Model, request: PictureRequest, count: int) -> dict[str, Value]:
    previews = model.previews_of(request)
    return {"stream": True, "partial_images": previews} if previews and count == 1 else {}


_Option = Callable[[Model, PictureRequest], Value | None]


def _quality(model: Model, request: PictureRequest) -> Value | None:
    return (request.quality or model.can.default_quality) if model.can.qualities else None


def _background(model: Model, request: PictureRequest) -> Value | None:
    if not model.can.backgrounds:
        return None
    kind = request.output_format
    if request.background == "transparent" and kind is not None:
        _check_one_of("output_format", kind, model.can.transparent)
    return request.background


def _style(model: Model, request: PictureRequest) -> Value | None:
    return request.style if model.can.styles else None


def _strictness(model: Model, request: PictureRequest) -> Value | None:
    return request.strictness if model.can.strictness else None


def _format(model: Model, request: PictureRequest) -> Value | None:
    if request.output_format is None or not model.can.formats:
        return None
    _check_one_of("output_format", request.output_format, model.can.formats)
    return request.output_format


def _compression(model: Model, request: PictureRequest) -> Value | None:
    if request.compression is None or request.output_format not in model.can.compressed:
        return None
    _check_one_of("output_compression", request.compression, range(101))
    return request.compression


def _check_one_of(name: str, value: str | int, among: tuple[str, ...] | range) -> None:
    if value not in among:
        raise ParameterRejected(operator=f"{name} cannot be {value} here.")


_EDIT_OPTIONS: Mapping[str, _Option] = {
    "quality": _quality,
    "background": _background,
    "output_format": _format,
    "output_compression": _compression,
}
_GENERATE_OPTIONS: Mapping[str, _Option] = {
    **_EDIT_OPTIONS,
    "style": _style,
    "moderation": _strictness,
}
_VARY_OPTIONS: Mapping[str, _Option] = {}


def _options(
    model: Model, request: PictureRequest, options: Mapping[str, _Option]
) -> dict[str, Value]:
    chosen = ((name, option(model, request)) for name, option in options.items())
    return {name: value for name, value in chosen if value is not None}
