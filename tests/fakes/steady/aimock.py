"""Runs aimock, and tells it what to answer, for as long as a test needs.

What comes is scripted as a list of steps, one for each call: `failing`, `making`, `chaos`. The last
one is repeated. Its journal says which calls came; nothing of it is ours.
"""

import base64
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.fakes.steady import npm

CONFIG = npm.HERE / "aimock.json"
PROGRAM = npm.MODULES / "@copilotkit" / "aimock" / "dist" / "aimock-cli.js"

Step = Mapping[str, Any]


def failing(
    status: int,
    message: str = "Something went wrong.",
    *,
    code: str | None = None,
    kind: str = "invalid_request_error",
    param: str | None = None,
    retry_after: int | None = None,
) -> Step:
    """Return a step that ends with an error; aimock itself asks to wait 1 s with every 429."""
    response: dict[str, Any] = {
        "error": {"message": message, "type": kind, "param": param, "code": code},
        "status": status,
    }
    if retry_after is not None:
        response["retryAfter"] = retry_after
    return {"response": response}


def making(*pictures: bytes | str, url: str | None = None) -> Step:
    """Return a step that brings pictures; a text is sent as the base64 that it is said to be."""
    items = [
        {"b64Json": p if isinstance(p, str) else base64.b64encode(p).decode()} for p in pictures
    ]
    return {"response": {"images": [*items, {"url": url}] if url else items}}


def chaos(**rates: float) -> Step:
    """Return a step of aimock's own chaos: ``dropRate``, ``malformedRate``, ..."""
    return {"response": {"images": []}, "chaos": rates}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One call in aimock's journal; *status* is 0 for one that was cut off."""

    path: str
    status: int
    model: str
    prompt: str


class Aimock:
    """The running server."""

    def __init__(self, origin: str) -> None:
        self.url = f"{origin}/v1"
        self._http = httpx2.Client(base_url=f"{origin}/__aimock", timeout=10)

    def close(self) -> None:
        self._http.close()

    def reset(self) -> None:
        """Forget all scripts and calls."""
        self._http.post("/reset").raise_for_status()

    def script(self, *steps: Step) -> None:
        """Meet the next calls for pictures with *steps*, one each, and all others with the last."""
        fixtures: list[Step] = [
            {"match": {"endpoint": "image", "sequenceIndex": number}, **step}
            for number, step in enumerate(steps)
        ]
        fixtures.append({"match": {"endpoint": "image"}, **steps[-1]})
        self._http.post("/fixtures", json={"fixtures": fixtures}).raise_for_status()

    @property
    def seen(self) -> list[Seen]:
        """The calls that its journal has, in their order."""
        entries: list[dict[str, Any]] = self._http.get("/journal").raise_for_status().json()
        return [_seen(entry) for entry in entries]


def _seen(entry: Mapping[str, Any]) -> Seen:
    body: Mapping[str, Any] = entry["body"] or {}
    messages: list[dict[str, str]] = body.get("messages", [])
    return Seen(
        path=entry["path"].removeprefix("/v1/"),
        status=entry["response"]["status"],
        model=body.get("model", ""),
        prompt=messages[0]["content"] if messages else "",
    )


@contextmanager
def running() -> Generator[Aimock]:
    """Run aimock on a loopback port. Raises MissingError where it cannot be had."""
    npm.install()
    with npm.serving([npm.node(), PROGRAM, "--config", CONFIG], "listening on") as served:
        found = re.search(r"http://\S+", served.ready)
        assert found is not None
        server = Aimock(found.group())
        try:
            yield server
        finally:
            server.close()
