"""What the fake Images API answers when nothing is wrong: real pictures, usage, scripted faults."""

import asyncio
import base64
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageOps

from tests.fakes.images_rules import Request

GRID = {"low": 16, "medium": 24, "high": 48, "xhigh": 64, "max": 96}
"""Cells on the longer side of a picture, as the vendor counts its tokens."""
FRAMES = 9
TOKENS_PER_PARTIAL = 100
TOKENS_PER_INPUT = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What to do with one request instead of answering it well; a plain one does nothing.

    Attributes:
        status, body, headers: the answer; a mapping is sent as JSON, a text as HTML.
        fields: fields of a good answer to replace (None takes one away).
        items: the pictures of a good answer to replace.
        delay: seconds before the answer.
        cut: "before" closes the connection without an answer, "during" in the middle of one.
        trickle: seconds between the bytes of the answer, or between the parts of a stream.
        check: whether the request is held against the rules first.
        stream: the raw parts of a stream of events to answer with.
        ignores_stream: whether a request for a stream is answered like any other.
        gate: what is waited for before the answer; in a stream before its last part.
    """

    status: int = 200
    body: Mapping[str, Any] | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])
    items: list[Any] | None = None
    delay: float = 0
    cut: str | None = None
    trickle: float | None = None
    check: bool = True
    stream: list[str] | None = None
    ignores_stream: bool = False
    gate: asyncio.Event | asyncio.Barrier | None = None


def error(
    status: int,
    message: str = "Something went wrong.",
    *,
    code: str | None = None,
    kind: str = "invalid_request_error",
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Fault:
    """Return an error in the vendor's envelope."""
    inner = {"message": message, "type": kind, "param": param, "code": code, **more}
    return Fault(status=status, body={"error": inner}, headers=headers or {}, check=False)


def packed(picture: Image.Image, kind: str = "png") -> bytes:
    data = io.BytesIO()
    if kind == "jpeg":
        picture = picture.convert("RGB")
    if kind == "gif":
        turned = [picture.rotate(90 * turn) for turn in range(1, 4)]
        picture.save(data, "GIF", save_all=True, append_images=turned, duration=200, loop=0)
    else:
        picture.save(data, kind.upper(), **({"compress_level": 1} if kind == "png" else {}))
    return data.getvalue()


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def too_large() -> str:
    """Return 60 MB that begin as a PNG does, in base64."""
    return base64_of(b"\x89PNG\r\n\x1a\n\0") + "A" * 80_000_000


def pictures(request: Request) -> list[bytes]:
    """Return the pictures: from words one colour each, edits inside the mask only."""
    kind = request.text("output_format") or "png"
    return [packed(_picture(request, number), kind) for number in range(request.count)]


def usage(request: Request) -> dict[str, Any]:
    """Return token counts as the GPT image models report them."""
    words = max(1, len(request.text("prompt") or "") // 4) * request.count
    shown = TOKENS_PER_INPUT * len(request.images) * request.count
    made = _made(request) * request.count
    return {
        "input_tokens": words + shown,
        "input_tokens_details": {"text_tokens": words, "image_tokens": shown},
        "output_tokens": made,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": made},
        "total_tokens": words + shown + made,
    }


def _made(request: Request) -> int:
    width, height = _size(request)
    cells = GRID[request.text("quality") or "medium"]
    shorter = round(cells * min(width, height) / max(width, height))
    tokens = -(-cells * shorter * (2_000_000 + width * height) // 4_000_000)
    frames = int(request.text("frame_count") or FRAMES) if is_animated(request) else 1
    return tokens * frames + TOKENS_PER_PARTIAL * int(request.text("partial_images") or 0)


def is_animated(request: Request) -> bool:
    return request.text("output_format") == "gif"


def _picture(request: Request, number: int) -> Image.Image:
    size = _size(request)
    key = f"{request.text('prompt')}{number}".encode()
    red, green, blue = hashlib.sha256(key).digest()[:3]
    plain = Image.new("RGBA", size, (red, green, blue, 255))
    if not request.images:
        if request.text("background") == "transparent":
            plain.paste((0, 0, 0, 0), (0, 0, size[0] // 2, size[1]))
        return plain
    given = request.images[0].picture.convert("RGBA").resize(size)
    if request.operation == "variations":
        opposite = ImageOps.invert(given.convert("RGB")).convert("RGBA")
        opposite.putpixel((0, 0), (number, 0, 0, 255))
        return opposite
    if request.mask is None:
        return Image.blend(given, plain, 0.5)
    hole = request.mask.picture.convert("RGBA").getchannel("A").resize(size)
    return Image.composite(given, plain, hole)


def _size(request: Request) -> tuple[int, int]:
    size = request.text("size") or "auto"
    width, _, height = ("1024x1024" if size == "auto" else size).partition("x")
    return int(width), int(height)
