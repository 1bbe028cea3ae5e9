"""Server-sent events as the Images API sends them, and as broken servers do.

A scripted stream is a list of raw texts, each written by itself (`Fault.stream`); without one the
fake shows as many pictures in the making as were asked for, then the answer.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from tests.fakes.images_answers import Fault
from tests.fakes.images_rules import Request, refuse

MOST_PARTIALS = 3

_NAMES = {"generations": "image_generation", "edits": "image_edit"}


def wanted(request: Request) -> bool:
    """Whether *request* asks for a stream; refuses what the vendor refuses of one."""
    asked = (request.text("stream") or "").lower() == "true"
    partials = request.text("partial_images")
    if partials is not None and not (asked and 0 <= int(partials) <= MOST_PARTIALS):
        refuse("Invalid value for 'partial_images'.", param="partial_images")
    if asked and request.count != 1:
        refuse("Streaming takes one picture.", param="n")
    return asked


def event(said: Mapping[str, Any] | str, name: str | None = None) -> str:
    """Return one event; *name* is its own line, the type of *said* where there is none."""
    data = said if isinstance(said, str) else json.dumps(said)
    kind = name if name is not None or isinstance(said, str) else said.get("type")
    return (f"event: {kind}\n" if kind else "") + f"data: {data}\n\n"


def partial(packed: str, index: int = 0, name: str = "image_generation") -> str:
    """Return the event of a picture in the making."""
    said = {"type": f"{name}.partial_image", "b64_json": packed, "partial_image_index": index}
    return event(said)


def completed(packed: str, usage: object = None, name: str = "image_generation") -> str:
    """Return the last event; its usage lacks what a plain answer's has: details of the output."""
    said = {"type": f"{name}.completed", "b64_json": packed, "usage": usage, "size": "1024x1024"}
    return event(said)


def told(answer: Mapping[str, Any], request: Request) -> list[str]:
    """Return *answer* as the vendor streams it."""
    name = _NAMES[request.operation]
    packed = answer["data"][0]["b64_json"]
    count = int(request.text("partial_images") or 0)
    usage = {k: v for k, v in answer["usage"].items() if k != "output_tokens_details"}
    partials = [partial(packed, index, name) for index in range(count)]
    return [*partials, completed(packed, usage, name)]


async def send(
    message: web.Request, parts: Sequence[str], fault: Fault, *, request_id: str
) -> web.StreamResponse:
    """Write *parts* as *fault* says."""
    headers = {"Content-Type": "text/event-stream; charset=utf-8", "x-request-id": request_id}
    response = web.StreamResponse(headers=headers)
    await response.prepare(message)
    for left, part in zip(range(len(parts), 0, -1), parts, strict=True):
        if left == 1 and fault.gate is not None:
            await fault.gate.wait()
        await response.write(part.encode())
        await asyncio.sleep(fault.trickle or 0)
    if fault.cut and message.transport is not None:
        message.transport.abort()
    return response
