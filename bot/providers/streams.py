"""Answers that come as server-sent events: pictures in the making, then the answer or an error.

The bytes are read here and not by the SDK, whose stream hands a flat error on as if it were a
picture, and is silently empty where a server ignores ``stream`` and sends a plain answer.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from dataclasses import dataclass, field

from bot.domain.errors import MaybeBilled, NonsenseAnswer
from bot.providers.answers import decoded, verified
from bot.providers.untyped import field_of, items_of, mapping_of, text_of

MAX_EVENT = 90_000_000
"""The largest event that is read, in bytes: one picture in base64."""

OnPartial = Callable[[bytes], None]
"""Takes a picture in the making at once, and does not raise."""

_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")


class StreamFailedError(Exception):
    """The server said in the middle of its answer that the call failed.

    Attributes:
        body: its error, without the envelope.
        drawn: whether a picture in the making came before it.
    """

    def __init__(self, body: object, *, drawn: bool) -> None:
        super().__init__("the stream holds an error")
        self.body = body
        self.drawn = drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event as it was sent."""

    name: str = ""
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """A picture in the making; None where it came broken."""

    picture: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The whole answer, as a plain call would have got it."""

    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The server's error, without the envelope."""

    body: object = field(repr=False)


class Events:
    """Cuts bytes into events as they come; no event is larger than *most* bytes."""

    def __init__(self, most: int | None = None) -> None:
        self._most = MAX_EVENT if most is None else most
        self._rest = bytearray()
        self._name = ""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, part: bytes) -> Generator[Event]:
        """Yield the events that *part* completes. Raises NonsenseAnswer: one is too large."""
        seen = len(self._rest)
        self._rest += part
        while (end := self._rest.find(b"\n", seen)) >= 0:
            line = bytes(self._rest[:end]).rstrip(b"\r")
            del self._rest[: end + 1]
            seen = 0
            yield from self._line(line)
        if self._size + len(self._rest) > self._most:
            raise NonsenseAnswer(operator=f"An event of more than {self._most:,} bytes came.")

    def end(self) -> Generator[Event]:
        """Yield the event that was not followed by an empty line."""
        yield from self.feed(b"\n\n")

    def _line(self, line: bytes) -> Generator[Event]:
        name, _, value = line.partition(b":")
        if not line:
            yield from self._dispatch()
        elif name == b"event":
            self._name = value.strip().decode(errors="replace")
        elif name == b"data":
            self._data.append(value.removeprefix(b" "))
            self._size += len(value)

    def _dispatch(self) -> Generator[Event]:
        event = Event(name=self._name, data=b"\n".join(self._data))
        self._name, self._data, self._size = "", [], 0
        if event.data:
            yield event


def understood(event: Event) -> Partial | Completed | Failed | None:
    """Return what *event* says; None where it is none of these. Heavy: run it in a thread."""
    try:
        said: object = json.loads(event.data)
    except (ValueError, RecursionError):
        return Failed(body=None) if event.name == "error" else None
    kind = text_of(field_of(said, "type")) or event.name
    inner = field_of(said, "error")
    if inner is not None or "error" in (kind, event.name):
        return Failed(body=inner if inner is not None else said)
    if kind.endswith(".partial_image"):
        return Partial(picture=_picture(text_of(field_of(said, "b64_json"))))
    if kind.endswith(".completed"):
        return Completed(body=_as_answer(said))
    if items_of(field_of(said, "data")):  # a proxy that wraps a plain answer into one event
        return Completed(body=event.data)
    return None


async def read_stream(parts: AsyncIterator[bytes], on_partial: OnPartial) -> bytes:
    """Return the answer that a plain call would have got, from a stream or a plain answer.

    Raises:
        StreamFailedError: the server said that the call failed.
        MaybeBilled: the stream ended without an answer.
        NonsenseAnswer: an event is too large.
    """
    head = await _head(parts)
    if head.strip() and not is_stream(head):
        return head + b"".join([part async for part in parts])
    reading = _Reading(on_partial)
    async for event in _events(head, parts):
        if (answer := await reading.take(event)) is not None:
            return answer
    raise MaybeBilled(operator="The stream ended without a picture.")


async def _head(parts: AsyncIterator[bytes]) -> bytes:
    """Return as much of the beginning as it takes to know what it is."""
    head = b""
    async for part in parts:
        head += part
        if is_stream(head) is not None:
            break
    return head


async def _events(head: bytes, parts: AsyncIterator[bytes]) -> AsyncGenerator[Event]:
    events = Events()
    for event in events.feed(head):
        yield event
    async for part in parts:
        for event in events.feed(part):
            yield event
    for event in events.end():
        yield event


class _Reading:
    """What has been understood of one stream."""

    def __init__(self, on_partial: OnPartial) -> None:
        self._on_partial = on_partial
        self._drawn = False

    async def take(self, event: Event) -> bytes | None:
        """Return the answer, if *event* is it."""
        said = await asyncio.to_thread(understood, event)
        if isinstance(said, Completed):
            return said.body
        if isinstance(said, Failed):
            raise StreamFailedError(said.body, drawn=self._drawn)
        if isinstance(said, Partial):
            self._drawn = True
            if said.picture is not None:
                self._on_partial(said.picture)
        return None


def is_stream(head: bytes) -> bool | None:
    """Whether an answer that begins with *head* is a stream of events; None: too early to say."""
    begun = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if begun.startswith(_FIELDS):
        return True
    return None if any(name.startswith(begun) for name in _FIELDS) else False


def _picture(packed: str) -> bytes | None:
    try:
        data = decoded(packed)
        verified(data)
    except NonsenseAnswer:
        return None
    return data


def _as_answer(said: object) -> bytes:
    item = {name: value for name, value in mapping_of(said).items() if name != "usage"}
    return json.dumps({"data": [item], "usage": field_of(said, "usage")}).encode()
