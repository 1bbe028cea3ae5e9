"""A loopback moderation endpoint: strict on what is asked, scores and faults as scripted.

In a test: ``async with FakeModerations().run() as fake``, then ``fake.url`` is the base URL.
``fake.words["knife"] = {"violence": 0.9}`` scores every text with that word in it,
``fake.pictures = {"sexual": 0.7}`` every picture; the rest is 0. What is at or over ``flag_at`` is
flagged, as the vendor does at borders of its own. Faults are those of the fake Images API; the
``fields`` of one replace fields of a good answer.
"""

import asyncio
import base64
import binascii
import io
import json
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from aiohttp import web
from PIL import Image

from tests.fakes.images_answers import Fault
from tests.fakes.images_api import WRONG_KEY
from tests.fakes.images_rules import RefusedError, refuse

# Written from the vendor's reference, not from our own table.
SCORED_IN_WORDS = (
    "sexual",
    "sexual/minors",
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "violence",
    "violence/graphic",
)
SCORED_IN_PICTURES = (
    "sexual",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "violence",
    "violence/graphic",
)
MODELS = ("omni-moderation-latest", "omni-moderation-2024-09-26")
MOST_BYTES = 20_000_000
MOST_WORDS = 32_768
TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
FINE = Fault()

Shares = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as the fake saw it; *picture* is what the data: URL held."""

    model: str
    words: str
    picture: bytes | None = field(repr=False)
    status: int
    refused: str | None = None
    peer: object = None


class FakeModerations:
    """The server."""

    def __init__(self, *, flag_at: float = 0.5) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self.words: dict[str, Shares] = {}
        self.pictures: Shares = {}
        self._flag_at = flag_at
        self._faults: deque[Fault] = deque()

    def script(self, *faults: Fault) -> None:
        """Meet the next requests with *faults*, one each; later ones are answered well."""
        self._faults.extend(faults)

    @asynccontextmanager
    async def run(self) -> AsyncGenerator["FakeModerations"]:
        app = web.Application(client_max_size=64 * 1024**2)
        app.router.add_post("/v1/moderations", self._moderations)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
            yield self
        finally:
            await runner.cleanup()

    async def _moderations(self, message: web.Request) -> web.StreamResponse:
        fault = self._faults.popleft() if self._faults else FINE
        await asyncio.sleep(fault.delay)
        fields = _fields(await message.read())
        words, picture, refused = "", None, None
        status, body = fault.status, fault.body
        try:
            _check_key(message)
            if fault.check:
                words, picture = _checked(fields)
            if body is None:
                body = {**self._answer(fields, words, picture), **fault.fields}
        except RefusedError as error:
            refused, status, body, fault = str(error), error.status, error.body, FINE
        self.asked.append(
            Asked(
                model=str(fields.get("model")),
                words=words,
                picture=picture,
                status=0 if fault.cut else status,
                refused=refused,
                peer=message.transport and message.transport.get_extra_info("peername"),
            )
        )
        return await self._send(message, status, body, fault)

    def _answer(self, fields: Mapping[str, Any], words: str, picture: bytes | None) -> Any:
        shares: dict[str, float] = dict.fromkeys(SCORED_IN_WORDS, 0.0)
        for word, scored in self.words.items():
            if word in words:
                shares.update(scored)
        if picture is not None:
            shares.update({n: s for n, s in self.pictures.items() if n in SCORED_IN_PICTURES})
        seen = ["image"] if picture is not None else ["text"]
        result = {
            "flagged": any(share >= self._flag_at for share in shares.values()),
            "categories": {name: share >= self._flag_at for name, share in shares.items()},
            "category_scores": shares,
            "category_applied_input_types": {
                name: seen if picture is None or name in SCORED_IN_PICTURES else []
                for name in shares
            },
        }
        return {"id": "modr-fake", "model": fields["model"], "results": [result]}

    async def _send(
        self, message: web.Request, status: int, body: Mapping[str, Any] | str, fault: Fault
    ) -> web.StreamResponse:
        assert message.transport is not None
        if fault.cut == "before":
            message.transport.abort()
        kind = "text/html" if isinstance(body, str) else "application/json"
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        headers = {"Content-Type": kind, "x-request-id": f"req_{len(self.asked)}", **fault.headers}
        response = web.StreamResponse(status=status, headers=headers)
        response.content_length = len(data)
        await response.prepare(message)
        if fault.cut:
            await response.write(data[: len(data) // 2])
            message.transport.abort()
            return response
        await response.write(data)
        return response


def _check_key(message: web.Request) -> None:
    given = message.headers.get("Authorization", "")
    if not given.startswith("Bearer ") or given.endswith(WRONG_KEY):
        refuse("Incorrect API key provided.", code="invalid_api_key", status=401)


def _fields(body: bytes) -> Mapping[str, Any]:
    fields: object = json.loads(body.decode())  # strictly UTF-8
    assert isinstance(fields, dict)
    return cast("dict[str, Any]", fields)


def _checked(fields: Mapping[str, Any]) -> tuple[str, bytes | None]:
    """Return the words and the picture that are asked about; raises RefusedError."""
    for name in fields:
        if name not in ("model", "input"):
            refuse(f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name)
    if fields.get("model") not in MODELS:
        refuse("The model does not exist.", code="model_not_found", status=404)
    given: object = fields.get("input")
    if isinstance(given, str):
        return _text(given), None
    if not isinstance(given, list) or not given:
        refuse("Invalid type for 'input'.", code="invalid_type", param="input")
    return _parts(cast("list[object]", given))


def _parts(parts: list[object]) -> tuple[str, bytes | None]:
    words: list[str] = []
    pictures: list[bytes] = []
    for part in parts:
        match part:
            case str():
                words.append(_text(part))
            case {"type": "text", "text": str() as text}:
                words.append(_text(text))
            case {"type": "image_url", "image_url": {"url": str() as url}}:
                pictures.append(_picture(url))
            case _:
                refuse("Invalid part of 'input'.", code="invalid_value", param="input")
    if len(pictures) > 1:
        refuse("Only one image is allowed.", code="too_many_images", param="input")
    return "\n".join(words), pictures[0] if pictures else None


def _text(text: str) -> str:
    if not text.strip():
        refuse("'input' must not be empty.", code="invalid_value", param="input")
    if len(text.encode()) > MOST_WORDS:  # no vendor's rule: it would leave the rest out, unseen
        refuse("'input' is too long.", code="string_above_max_length", param="input")
    return text


def _picture(url: str) -> bytes:
    head, _, coded = url.partition(";base64,")
    if not head.startswith("data:image/"):
        refuse("Only data: URLs of pictures are taken here.", code="invalid_value", param="input")
    try:
        data = base64.b64decode(coded, validate=True)
        with Image.open(io.BytesIO(data)) as picture:
            kind = picture.format or ""
            picture.load()
    except (binascii.Error, OSError) as error:
        raise RefusedError("Invalid image.", code="invalid_image", param="input") from error
    if TYPES.get(kind) != head.removeprefix("data:"):
        refuse("The image is of another type.", code="invalid_image_format", param="input")
    if len(data) > MOST_BYTES:
        refuse("The image is too large.", code="image_too_large", param="input")
    return data
