"""The worker's own code, run in this process; `test_pool` runs the real one."""

import resource
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import asdict

import pytest
from PIL import Image

from bot.domain.errors import EmptyPicture
from bot.domain.pictures import Fit, Size
from bot.imaging import jobs, replies, wire, worker
from bot.imaging.geometry import fitted
from bot.imaging.values import Framing, Limits
from bot.imaging.wire import Frame, Head
from tests.imaging.pictures import BUDGET, quarters, saved

GEOMETRY = fitted(Size(64, 32), 1, side=64, fit=Fit.PAD)
NUMBERS = replies.geometry_numbers(GEOMETRY)
SIZE = Size(64, 64)
MASK: Head = {"job": "mask", "geometry": NUMBERS, "invert": False, "grow": 0, "feather": 0}
FRAMING = Framing(side=64, limit=90_000)
NORMALISE: Head = {"job": "normalise", "what": "picture", **asdict(FRAMING)}


def answer(head: Head, *parts: bytes) -> Frame:
    return worker.answer(Frame(head, parts), budget=BUDGET)


def test_every_job_answers() -> None:
    data = saved(quarters(64, 32))
    picture = replies.normalised(answer(NORMALISE, data), FRAMING)
    mask = replies.mask(
        answer({**MASK, "recipe": "regions", "regions": [[0, 0, 0.5, 1]]}), size=SIZE
    )
    again = answer({**MASK, "recipe": "uploaded"}, mask)
    other = answer({**MASK, "recipe": "uploaded", "invert": True, "grow": 2}, mask)
    copy = saved(Image.new("RGB", (64, 32), "red"))
    painted = answer({**MASK, "recipe": "difference"}, copy, picture.data)
    own = answer({**MASK, "recipe": "own"}, picture.data)
    finish: Head = {"job": "finish", "limit": 90_000, "geometry": NUMBERS, "wanted": None}
    whole = answer(finish, picture.data, picture.data, mask, data)
    plain = answer({**finish, "geometry": None}, picture.data, b"", b"", b"")
    glimpse: Head = {"job": "glimpse", "limit": 90_000, "geometry": NUMBERS}
    seen = answer(glimpse, picture.data)
    first = answer({**glimpse, "geometry": None}, picture.data)
    drawing = Image.new("RGBA", (64, 32))
    drawing.paste("red", (0, 0, 9, 9))
    drawn = answer({"job": "markup", "geometry": NUMBERS}, saved(drawing), picture.data)
    outpaint: Head = {**NORMALISE, "job": "outpaint"}
    wider = answer({**outpaint, "margins": [0.5, 0, 0.5, 0]}, data)

    assert picture.geometry == GEOMETRY
    assert again.parts == (mask,)
    assert replies.mask(other, size=SIZE) != mask
    assert replies.mask(painted, size=SIZE)
    assert own.head["refusal"] == "MaskSelectsNothing"
    assert replies.finished(whole, limit=90_000).changed == 0
    assert replies.finished(plain, limit=90_000).size == SIZE
    assert replies.finished(seen, limit=90_000).size == Size(64, 32)
    assert replies.finished(first, limit=90_000).size == SIZE
    assert replies.mask(drawn, size=SIZE)
    assert replies.outpainting(wider, FRAMING).picture.geometry.source == Size(128, 32)


def test_every_drawing_answers() -> None:
    data = saved(quarters(64, 32))
    picture = replies.normalised(answer(NORMALISE, data), FRAMING)
    region = answer({**MASK, "recipe": "regions", "regions": [[0, 0, 0.5, 1]]})
    preview: Head = {"job": "preview", "limit": 90_000, "geometry": NUMBERS, "legend": "this"}
    chart: Head = {"job": "chart", "limit": 90_000, "title": "Chart", "dark": True}
    sheet: Head = {"job": "sheet", "limit": 90_000, "captions": ["one"], "dark": False}

    shown = replies.finished(answer(preview, picture.data, region.parts[0]), limit=90_000)
    drawn = replies.finished(answer({**chart, "bars": [["Ann", 2, "two"]]}), limit=90_000)
    laid = replies.finished(answer(sheet, data), limit=90_000)

    assert shown.changed == pytest.approx(0.5)
    assert drawn.size.width == 900
    assert laid.media_type == "image/jpeg"


def test_refusals_are_frames() -> None:
    reply = answer(NORMALISE, b"")

    assert isinstance(replies.refusal(reply.head), EmptyPicture)
    assert reply.head["last"] is False


def test_bugs_are_named() -> None:
    assert "KeyError" in str(answer({"job": "cook"}).head["bug"])


@pytest.mark.parametrize("cause", [None, MemoryError()])
def test_a_worker_that_ran_out_of_memory_does_no_more(
    cause: MemoryError | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object, **__: object) -> Frame:
        if cause is None:
            raise MemoryError
        raise EmptyPicture(what="picture") from cause

    monkeypatch.setattr(jobs, "run", exhausted)

    reply = answer({})

    assert replies.refusal(reply.head) is not None
    assert reply.head["last"] is True


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def test_a_worker_serves_until_its_socket_closes(ends: tuple[socket.socket, socket.socket]) -> None:
    armed: list[Limits] = []
    limits = Limits()
    serving = threading.Thread(
        target=worker.serve,
        args=(ends[1], limits),
        kwargs={"arm": armed.append, "disarm": lambda: None},
    )
    serving.start()
    for _ in range(2):
        wire.send(ends[0], Frame(NORMALISE, (saved(quarters(8, 8)),)))
        replies.normalised(wire.receive(ends[0]), FRAMING)
    ends[0].close()
    serving.join()

    assert armed == [limits, limits]


def test_limits_are_put_on(monkeypatch: pytest.MonkeyPatch) -> None:
    put: dict[int, tuple[int, int]] = {}
    timers: list[float] = []

    def setrlimit(kind: int, most: tuple[int, int]) -> None:
        put[kind] = most

    def setitimer(_: int, seconds: float) -> None:
        timers.append(seconds)

    monkeypatch.setattr(resource, "setrlimit", setrlimit)
    monkeypatch.setattr(signal, "setitimer", setitimer)
    monkeypatch.setattr("os.nice", int)
    limits = Limits(memory=100_000_000, cpu_seconds=3, wall_seconds=4.5)

    worker.confine(limits)
    worker.arm(limits)
    worker.disarm()

    assert put[resource.RLIMIT_FSIZE] == (0, 0)
    assert put[resource.RLIMIT_CORE] == (0, 0)
    assert put[resource.RLIMIT_AS][0] > 100_000_000
    assert put[resource.RLIMIT_CPU][0] >= 3
    assert timers == [4.5, 0]


def test_without_proc_the_address_space_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", missing)

    assert worker.address_space() == 1_000_000_000


def test_main_serves_its_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Limits] = []

    def serve(connection: socket.socket, limits: Limits, **_: object) -> None:
        connection.detach()
        seen.append(limits)

    monkeypatch.setattr(worker, "serve", serve)
    monkeypatch.setattr(worker, "confine", seen.append)
    monkeypatch.setattr(signal, "signal", max)
    one, other = socket.socketpair()
    with one, other:
        monkeypatch.setattr("sys.stdin", one)
        worker.main(["5", "6", "7.5", "8"])

    assert seen == [Limits(memory=5, cpu_seconds=6, wall_seconds=7.5, jobs=8)] * 2
