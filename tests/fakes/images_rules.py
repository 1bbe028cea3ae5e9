"""What the vendor refuses, said again independently of `bot.providers`: fields, sizes, files.

Written from the vendor's API reference; the error bodies have its envelope, codes and words.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NoReturn

from PIL import Image

MEGABYTE = 1_000_000
OPERATIONS = ("generations", "edits", "variations")


class RefusedError(Exception):
    """A request that the vendor would answer with an error."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "invalid_value",
        param: str | None = None,
        status: int = 400,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "error": {"message": message, "type": kind, "param": param, "code": code},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file of a request."""

    filename: str
    content_type: str
    data: bytes = field(repr=False)

    @property
    def picture(self) -> Image.Image:
        """What the file shows; to look at only, for whoever sends the same bytes shares it."""
        return _decoded(self.data)


@lru_cache(maxsize=8)
def _decoded(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as given:
        given.load()
        return given


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it arrived; form fields are texts, JSON fields have their types."""

    operation: str
    fields: Mapping[str, object]
    files: Mapping[str, tuple[Upload, ...]] = field(default_factory=dict[str, tuple[Upload, ...]])

    def text(self, name: str) -> str | None:
        value = self.fields.get(name)
        return None if value is None else str(value)

    @property
    def count(self) -> int:
        return int(self.text("n") or 1)

    @property
    def images(self) -> tuple[Upload, ...]:
        return (*self.files.get("image", ()), *self.files.get("image[]", ()))

    @property
    def mask(self) -> Upload | None:
        return next(iter(self.files.get("mask", ())), None)

    @property
    def markup(self) -> Upload | None:
        return next(iter(self.files.get("markup", ())), None)


Check = Callable[[Request], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one family of models takes, by operation."""

    fields: Mapping[str, frozenset[str]]
    choices: Mapping[str, frozenset[str]]
    most_words: int
    most_pictures: int = 10
    check_size: Callable[[str], None]
    check_files: Check
    check_together: Check | None = None
    guides: frozenset[str] = frozenset({"mask"})
    by_address: bool = False


def check(request: Request, rules: Rules) -> None:
    """Raise RefusedError where the vendor would refuse."""
    known = rules.fields.get(request.operation)
    if known is None:
        refuse("", status=404, code="")
    for name in request.fields:
        if name not in known:
            refuse(f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name)
    _check_values(request, rules)
    if request.operation == "generations" and request.files:
        refuse("Unexpected file.", code="unknown_parameter", param=next(iter(request.files)))
    if request.operation != "generations":
        for name, uploads in request.files.items():
            _check_names(name, uploads, rules.guides)
        rules.check_files(request)
    if rules.check_together is not None:
        rules.check_together(request)


def _check_values(request: Request, rules: Rules) -> None:
    prompt = request.text("prompt")
    if request.operation != "variations":
        if not prompt:
            refuse(
                "Missing required parameter: 'prompt'.",
                code="missing_required_parameter",
                param="prompt",
            )
        if len(prompt) > rules.most_words:
            refuse(f"prompt is too long: at most {rules.most_words}", param="prompt")
    for name, allowed in rules.choices.items():
        value = request.text(name)
        if value is not None and value not in allowed:
            refuse(f"Invalid value: '{value}'.", param=name)
    if not 1 <= request.count <= rules.most_pictures:
        refuse(f"n must be 1 to {rules.most_pictures}", param="n")
    size = request.text("size")
    if size is not None:
        rules.check_size(size)


def refuse(
    message: str, *, code: str = "invalid_value", param: str | None = None, status: int = 400
) -> NoReturn:
    raise RefusedError(message, code=code, param=param, status=status)


_EXTENSIONS = {"image/png": (".png",), "image/jpeg": (".jpg", ".jpeg"), "image/webp": (".webp",)}


def _check_names(name: str, uploads: tuple[Upload, ...], guides: frozenset[str]) -> None:
    if name not in ("image", "image[]", *guides):
        refuse(f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name)
    for upload in uploads:
        if upload.content_type not in _EXTENSIONS:
            refuse(
                f"Invalid file '{name}': unsupported mimetype ('{upload.content_type}').",
                code="unsupported_file_mimetype",
                param=name,
            )
        if not upload.filename.endswith(_EXTENSIONS[upload.content_type]):
            refuse(f"Invalid file name '{upload.filename}'.", code="invalid_image_file", param=name)


def _only(upload: Upload | None, formats: tuple[str, ...], most: int, name: str) -> Image.Image:
    if upload is None:
        refuse(
            f"Missing required parameter: '{name}'.", code="missing_required_parameter", param=name
        )
    if len(upload.data) >= most:
        refuse(f"Uploaded image must be less than {most // MEGABYTE} MB.", param=name)
    try:
        picture = upload.picture
    except OSError:
        refuse("Invalid image file or mode.", code="invalid_image_file", param=name)
    if picture.format not in formats:
        refuse("Uploaded image must be a PNG and less than 4 MB.", param=name)
    return picture


def _check_gpt_files(request: Request) -> None:
    if not 1 <= len(request.images) <= 16:
        refuse("1 to 16 images.", param="image")
    if {"image", "image[]"} <= request.files.keys() or len(request.files.get("image", ())) > 1:
        refuse("Several images go as 'image[]'.", param="image")
    pictures = [_only(u, ("PNG", "JPEG", "WEBP"), 50 * MEGABYTE, "image") for u in request.images]
    _check_mask(request, pictures[0])
    _check_markup(request, pictures[0])


def _check_markup(request: Request, picture: Image.Image) -> None:
    if request.markup is None:
        return
    if request.mask is not None:
        refuse("'markup' cannot be combined with 'mask'.", param="markup")
    markup = _only(request.markup, ("PNG",), 4 * MEGABYTE, "markup")
    if markup.size != picture.size:
        refuse("The markup must match the dimensions of the first image.", param="markup")
    if not _has_hole(markup):
        refuse("The markup must contain transparent pixels.", param="markup")


def _check_gpt_together(request: Request) -> None:
    """Rules between fields, as the SDK's documentation has them."""
    kind = request.text("output_format") or "png"
    partials, streamed = request.text("partial_images"), _is_true(request.text("stream"))
    compression = request.text("output_compression")
    if request.text("background") == "transparent" and kind not in ("png", "webp"):
        refuse("Transparent backgrounds need 'png' or 'webp'.", param="background")
    if compression is not None:
        if kind not in ("jpeg", "webp"):
            refuse(f"'{kind}' takes no compression.", param="output_compression")
        if not 0 <= int(compression) <= 100:
            refuse("The compression is 0 to 100.", param="output_compression")
    if partials is not None and not (streamed and 0 <= int(partials) <= 3):
        refuse("0 to 3 partial images, with 'stream' only.", param="partial_images")
    if streamed and request.count != 1:
        refuse("Streaming is for n=1.", param="n")
    if kind == "gif" and (streamed or request.mask is not None):
        refuse("GIF output supports neither streaming nor masks.", param="output_format")


def _is_true(value: str | None) -> bool:
    return str(value).lower() == "true"


def _check_dalle_files(request: Request) -> None:
    if len(request.images) != 1 or "image[]" in request.files:
        refuse("Exactly one image.", param="image")
    picture = _only(request.images[0], ("PNG",), 4 * MEGABYTE, "image")
    if picture.width != picture.height:
        refuse("Uploaded image must be square.", param="image")
    if request.operation == "variations":
        if request.mask is not None:
            refuse("Unknown parameter: 'mask'.", code="unknown_parameter", param="mask")
        return
    if picture.mode not in ("RGBA", "LA", "L"):
        refuse(
            f"Invalid input image - format must be in ['RGBA', 'LA', 'L'], got {picture.mode}.",
            param="image",
        )
    if request.mask is None and not _has_hole(picture):
        refuse("Without a mask the image must have transparency.", param="image")
    _check_mask(request, picture)


def _check_mask(request: Request, picture: Image.Image) -> None:
    if request.mask is None:
        return
    mask = _only(request.mask, ("PNG",), 4 * MEGABYTE, "mask")
    if mask.size != picture.size:
        refuse("Invalid mask image - the mask size does not match the image.", param="mask")
    if not _has_hole(mask):
        refuse("Invalid mask image - the mask has no transparent area.", param="mask")


def _has_hole(picture: Image.Image) -> bool:
    if "A" not in picture.getbands():
        return False
    least, _ = picture.getchannel("A").getextrema()
    return least == 0


def _free_size(size: str) -> None:
    if size == "auto":
        return
    width, height = (int(side) for side in size.split("x"))
    fits = (
        width % 16 == 0
        and height % 16 == 0
        and max(width, height) <= 3840
        and max(width, height) <= 3 * min(width, height)
        and 655_360 <= width * height <= 8_294_400
    )
    if not fits:
        refuse(f"Invalid size '{size}'.", param="size")


def _one_of(*sizes: str) -> Callable[[str], None]:
    def check_size(size: str) -> None:
        if size not in sizes:
            refuse(f"Invalid size '{size}'. Supported sizes: {', '.join(sizes)}.", param="size")

    return check_size


_COMMON = frozenset({"prompt", "model", "n", "size", "user"})
_GPT = _COMMON | {
    "quality",
    "background",
    "output_format",
    "output_compression",
    "safety_identifier",
    "stream",
    "partial_images",
}
_DALLE = _COMMON | {"response_format", "quality"}


def _gpt(
    *,
    qualities: str,
    check_size: Callable[[str], None],
    guides: str = "mask",
    formats: str = "png jpeg webp",
) -> Rules:
    return Rules(
        fields={"generations": _GPT | {"moderation"}, "edits": _GPT},
        choices={
            "quality": frozenset({"auto", *qualities.split()}),
            "background": frozenset({"auto", "opaque", "transparent"}),
            "moderation": frozenset({"auto", "low"}),
            "output_format": frozenset(formats.split()),
        },
        most_words=32_000,
        check_size=check_size,
        check_files=_check_gpt_files,
        check_together=_check_gpt_together,
        guides=frozenset(guides.split()),
    )


_GPT_1 = _gpt(
    qualities="low medium high", check_size=_one_of("1024x1024", "1536x1024", "1024x1536", "auto")
)
_GPT_2 = _gpt(qualities="low medium high", check_size=_free_size)
_FIVE = "low medium high xhigh max"
_GPT_2_5 = _gpt(qualities=_FIVE, check_size=_free_size, guides="mask markup")
_GPT_2_6 = _gpt(
    qualities=_FIVE,
    check_size=_free_size,
    guides="mask markup",
    formats="png jpeg webp gif",
)

_FORMATS = frozenset({"url", "b64_json"})

DALL_E_2 = Rules(
    fields={"generations": _DALLE, "edits": _DALLE, "variations": _DALLE - {"prompt", "quality"}},
    choices={"response_format": _FORMATS, "quality": frozenset({"standard"})},
    most_words=1_000,
    check_size=_one_of("256x256", "512x512", "1024x1024"),
    check_files=_check_dalle_files,
    by_address=True,
)
DALL_E_3 = Rules(
    fields={"generations": _DALLE | {"style"}},
    choices={
        "response_format": _FORMATS,
        "quality": frozenset({"standard", "hd"}),
        "style": frozenset({"vivid", "natural"}),
    },
    most_words=4_000,
    most_pictures=1,
    check_size=_one_of("1024x1024", "1792x1024", "1024x1792"),
    check_files=_check_dalle_files,
    by_address=True,
)
COMPATIBLE = Rules(
    fields={
        "generations": _COMMON | {"response_format"},
        "edits": _COMMON | {"response_format"},
    },
    choices={"response_format": _FORMATS},
    most_words=4_000,
    check_size=_free_size,
    check_files=_check_gpt_files,
    by_address=True,
)
"""A self-hosted server: no variations, pictures by address unless asked otherwise."""

RULES: dict[str, Rules] = {
    "gpt-image-1-mini": _GPT_1,
    "gpt-image-1.5": _GPT_1,
    "chatgpt-image-latest": _GPT_1,
    "gpt-image-2": _GPT_2,
    "gpt-image-2-2026-04-21": _GPT_2,
    "gpt-image-2.5-flare": _GPT_2_5,
    "gpt-image-2.5-flare-2026-09-08": _GPT_2_5,
    "gpt-image-2.5-sunburst": _GPT_2_5,
    "gpt-image-2.5-sunburst-2026-09-08": _GPT_2_5,
    "gpt-image-2.6-flare": _GPT_2_6,
    "gpt-image-2.6-sunburst": _GPT_2_6,
    "dall-e-2": DALL_E_2,
    "dall-e-3": DALL_E_3,
}
