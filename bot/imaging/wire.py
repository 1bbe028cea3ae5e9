"""Frames between the bot and its workers: a JSON head and raw parts, over one socket.

Requests come from us. Replies come from a process that opened a stranger's file: their sizes are
bounded before anything is read into memory, and `bot.imaging.replies` checks what they say.
"""

import json
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

SLICE = 256 * 1024
MAX_HEAD = 64 * 1024
MAX_REPLY = 64_000_000
MAX_PARTS = 16
_LENGTH = struct.Struct(">I")

Head = Mapping[str, object]


class BrokenFrameError(Exception):
    """The other side closed, or sent something that is not a frame of ours."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message: a head that JSON can say, and parts of bytes."""

    head: Head
    parts: tuple[bytes, ...] = ()


def send(connection: socket.socket, frame: Frame) -> None:
    """Send *frame* in slices. Raises OSError when the other side is gone or too slow."""
    lengths = [len(part) for part in frame.parts]
    head = json.dumps([frame.head, lengths]).encode()
    connection.sendall(_LENGTH.pack(len(head)) + head)
    for part in frame.parts:
        view = memoryview(part)
        for start in range(0, len(view), SLICE):
            connection.sendall(view[start : start + SLICE])


def receive(connection: socket.socket, *, most: int = MAX_REPLY) -> Frame:
    """Receive a frame whose parts have at most *most* bytes. Raises BrokenFrameError, OSError."""
    (length,) = cast("tuple[int]", _LENGTH.unpack(_exactly(connection, _LENGTH.size)))
    if length > MAX_HEAD:
        raise BrokenFrameError("head too long")
    head, lengths = _parsed(_exactly(connection, length))
    if len(lengths) > MAX_PARTS or sum(lengths) > most:
        raise BrokenFrameError("parts too long")
    return Frame(head, tuple(_exactly(connection, size) for size in lengths))


def _parsed(data: bytes) -> tuple[Head, Sequence[int]]:
    try:
        head, lengths = cast("tuple[object, object]", json.loads(data))
    except (ValueError, TypeError, RecursionError) as error:
        raise BrokenFrameError("not JSON") from error
    if not (isinstance(head, dict) and isinstance(lengths, list)):
        raise BrokenFrameError("not a frame")
    sizes = cast("list[object]", lengths)
    whole = [size for size in sizes if isinstance(size, int) and size >= 0]
    if len(whole) != len(sizes):
        raise BrokenFrameError("lengths")
    return cast("dict[str, object]", head), whole


def _exactly(connection: socket.socket, size: int) -> bytes:
    buffer = bytearray(size)
    view, at = memoryview(buffer), 0
    while at < size:
        read = connection.recv_into(view[at : at + SLICE])
        if read == 0:
            raise BrokenFrameError("closed")
        at += read
    return bytes(buffer)
