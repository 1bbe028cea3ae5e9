"""What a server sent, made into verified pictures or refused. Heavy: run it in a thread."""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.domain.errors import ContentRefused, NonsenseAnswer
from bot.domain.text import storable
from bot.providers.base import MadePicture
from bot.providers.prices import Tokens
from bot.providers.untyped import count_of, field_of, items_of, text_of

MAX_PICTURE = 60_000_000
"""The largest picture that is taken, in bytes."""

MAX_ANSWER = 160_000_000
"""The largest answer that is read, in bytes: several pictures in base64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One picture of an answer: its bytes, or the address where they lie for a while."""

    data: bytes | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)
    revised_prompt: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """An answer taken apart; *used* is None where the server counts no tokens."""

    pieces: tuple[Piece, ...]
    used: Tokens | None
    refused: int = 0


def parse(body: bytes) -> Parsed:
    """Return the pictures and the usage in an answer; a broken picture is left out.

    Raises:
        NonsenseAnswer: it is not JSON, or holds no picture at all.
        ContentRefused: the server answered well, but withheld every picture.
    """
    try:
        answer: object = json.loads(body)
    except (ValueError, RecursionError):
        raise NonsenseAnswer(operator="The answer is not JSON.") from None
    items = items_of(field_of(answer, "data"))
    withheld = sum(field_of(item, "respect_moderation") is False for item in items)
    pieces = tuple(piece for item in items if (piece := _piece(item)) is not None)
    if not pieces and withheld:
        raise ContentRefused(stage="output")
    if not pieces:
        raise NonsenseAnswer(operator=f"The answer has {len(items)} pictures, none of them whole.")
    return Parsed(pieces=pieces, used=_usage(field_of(answer, "usage")), refused=withheld)


def verified(data: bytes, revised_prompt: str | None = None) -> MadePicture:
    """Return *data* as a picture of the type that its bytes show.

    Raises:
        NonsenseAnswer: empty, too large, cut off, or not a PNG, JPEG, WebP or GIF.
    """
    if len(data) > MAX_PICTURE:
        raise NonsenseAnswer(operator=f"A picture of more than {MAX_PICTURE:,} bytes came.")
    for media_type, begins, whole in _KINDS:
        if begins(data):
            if whole(data):
                return MadePicture(
                    data=data, media_type=media_type, revised_prompt=revised_prompt or None
                )
            raise NonsenseAnswer(operator=f"A picture ({media_type}) came cut off.")
    raise NonsenseAnswer(operator="Something came that is not a PNG, JPEG, WebP or GIF picture.")


def decoded(text: str) -> bytes:
    """Return the bytes of base64, with or without a ``data:`` head.

    Raises:
        NonsenseAnswer: it is not base64.
    """
    if text.startswith("data:"):
        text = text.partition(",")[2]
    packed = "".join(text.split())
    try:
        return base64.b64decode(packed, validate=True)
    except binascii.Error:
        raise NonsenseAnswer(operator="A picture came in broken base64.") from None


def _piece(item: object) -> Piece | None:
    if field_of(item, "respect_moderation") is False:
        return None
    revised = storable(text_of(field_of(item, "revised_prompt")) or "") or None
    packed = text_of(field_of(item, "b64_json"))
    url = text_of(field_of(item, "url"))
    try:
        if packed or url.startswith("data:"):
            data = decoded(packed or url)
            verified(data)
            return Piece(data=data, revised_prompt=revised)
    except NonsenseAnswer:
        return None
    return Piece(url=url, revised_prompt=revised) if url else None


def _usage(usage: object) -> Tokens | None:
    """Return the tokens of an answer; all zero means that the server does not count."""
    made = field_of(usage, "output_tokens_details")
    given = field_of(usage, "input_tokens_details")
    tokens_out = count_of(field_of(usage, "output_tokens"))
    tokens_in = count_of(field_of(usage, "input_tokens"))
    image_in = min(tokens_in, count_of(field_of(given, "image_tokens")))
    text_out = min(tokens_out, count_of(field_of(made, "text_tokens")))
    if not tokens_out:
        return None
    return Tokens(
        text_in=tokens_in - image_in,
        image_in=image_in,
        image_out=tokens_out - text_out,
        text_out=text_out,
    )


_Check = Callable[[bytes], bool]

_KINDS: tuple[tuple[str, _Check, _Check], ...] = (
    (
        "image/png",
        lambda data: data.startswith(b"\x89PNG\r\n\x1a\n"),
        lambda data: b"IEND\xaeB`\x82" in data[-4096:],
    ),
    (
        "image/jpeg",
        lambda data: data.startswith(b"\xff\xd8\xff"),
        lambda data: b"\xff\xd9" in data[-4096:],
    ),
    (
        "image/webp",
        lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP",
        lambda data: int.from_bytes(data[4:8], "little") + 8 <= len(data),
    ),
    (
        "image/gif",
        lambda data: data[:6] in (b"GIF87a", b"GIF89a"),
        lambda data: b"\x3b" in data[-64:],
    ),
)
"""Media type, how its bytes begin, and whether they are whole."""
