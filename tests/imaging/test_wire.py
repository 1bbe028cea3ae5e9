import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from bot.imaging.wire import MAX_HEAD, BrokenFrameError, Frame, receive, send


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def raw(head: str) -> bytes:
    return struct.pack(">I", len(head)) + head.encode("latin-1")


def test_frames_arrive_as_they_were_sent(ends: tuple[socket.socket, socket.socket]) -> None:
    frame = Frame({"job": "normalise", "side": 3}, (b"", b"x" * 3_000_000, b"\0"))
    sender = threading.Thread(target=send, args=(ends[0], frame))
    sender.start()

    assert receive(ends[1]) == frame
    sender.join()


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">I", MAX_HEAD + 1),
        raw("{not json"),
        raw("[" * 60_000),
        raw("\xff\xfe"),
        raw("3"),
        raw("[{}, [1], 2]"),
        raw("[[], []]"),
        raw("[{}, {}]"),
        raw("[{}, [-1]]"),
        raw('[{}, ["4"]]'),
        raw(f"[{{}}, {[1] * 17}]"),
        raw(f"[{{}}, {[10**12]}]"),
    ],
)
def test_what_is_no_frame_is_not_read(
    data: bytes, ends: tuple[socket.socket, socket.socket]
) -> None:
    ends[0].sendall(data)

    with pytest.raises(BrokenFrameError):
        receive(ends[1])


def test_a_closed_end_is_noticed(ends: tuple[socket.socket, socket.socket]) -> None:
    ends[0].sendall(raw("[{}, [5]]") + b"abc")
    ends[0].close()

    with pytest.raises(BrokenFrameError, match="closed"):
        receive(ends[1])
