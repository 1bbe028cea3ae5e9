"""The room as the bot uses it: real worker processes, real files, real kills."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import pytest

from bot.domain.errors import (
    Closing,
    DamagedPicture,
    EmptyPicture,
    MaskSelectsAll,
    NonsenseAnswer,
    NotAPicture,
    PictureTooHeavy,
    PictureTooLarge,
    TooBusy,
)
from bot.domain.pictures import Fit, Margins, Note, Size
from bot.imaging import crew, process
from bot.imaging.pool import Imaging, open_imaging
from bot.imaging.process import Worker, WorkerLostError
from bot.imaging.values import (
    MAX_FEATHER,
    Adjusted,
    Cells,
    Difference,
    Framing,
    Limits,
    Named,
    OwnTransparency,
    Uploaded,
)
from bot.imaging.wire import Frame
from tests.imaging.pictures import noise, opened, photo, photograph, quarters, saved

T = TypeVar("T")
SMALL = saved(quarters(32, 32))


@pytest.fixture
async def imaging() -> AsyncIterator[Imaging]:
    async with open_imaging() as room:
        yield room


def fake_workers(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let workers run *program* with ``connection`` (their socket) and ``wire`` at hand."""
    start = (
        "import sys, os, signal, socket, time; sys.path.append(sys.argv[1])\n"
        "from bot.imaging import wire; from bot.imaging.wire import Frame\n"
        "connection = socket.socket(fileno=0)\n"
    )

    def command(_: Limits) -> list[str]:
        return [sys.executable, "-I", "-c", start + program, str(Path(__file__).parents[2])]

    monkeypatch.setattr(process, "command", command)


async def test_a_picture_is_normalised_masked_and_finished(imaging: Imaging) -> None:
    picture = await imaging.normalise(photograph("rocket.jpg").read_bytes(), side=512)
    mask = await imaging.mask(Named("center"), picture)
    answer = saved(photo("coffee.png").resize((512, 512)))

    made = await imaging.finish(answer, picture=picture, mask=mask, limit=10_000_000)

    assert picture.geometry.source == Size(640, 427)
    assert made.size == picture.geometry.place.size
    assert made.changed is not None
    assert 0.05 < made.changed < 0.2
    assert opened(made.data).size == (made.size.width, made.size.height)


async def test_uploaded_and_own_masks(imaging: Imaging) -> None:
    image = quarters(64, 64).convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 8, 8))
    picture = await imaging.normalise(saved(image), side=256)

    own = await imaging.mask(OwnTransparency(), picture)

    assert await imaging.mask(Uploaded(own), picture) == own
    with pytest.raises(MaskSelectsAll):
        await imaging.mask(Uploaded(saved(quarters(9, 9).point([255] * 768))), picture)
    with pytest.raises(EmptyPicture):
        await imaging.mask(Uploaded(b""), picture)


async def test_painted_over_several_and_adjusted_masks(imaging: Imaging) -> None:
    image = photo("coffee.png").resize((256, 256))
    picture = await imaging.normalise(saved(image), side=256)
    copy = image.copy()
    copy.paste((255, 0, 255), (0, 0, 128, 256))

    painted = await imaging.mask(Difference(saved(copy)), picture)
    half = await imaging.mask(Named("left half"), picture)
    other = await imaging.mask(Adjusted(recipe=Named("right half"), invert=True), picture)
    cells = await imaging.mask(Cells(("left", "right")), picture)
    wider = await imaging.mask(Adjusted(recipe=Cells(("left", "right")), grow=-9), picture)

    assert half == other
    assert abs(share_of(painted) - 0.5) < 0.01
    assert share_of(cells) == pytest.approx(2 / 3, abs=0.01)
    assert share_of(wider) == pytest.approx(2 / 3 - 18 / 256, abs=0.01)


async def test_a_mask_is_inverted_then_grown_then_made_soft(imaging: Imaging) -> None:
    picture = await imaging.normalise(SMALL, side=256)
    recipe = Adjusted(recipe=Named("left half"), invert=True, grow=10, feather=16)

    mask = opened(await imaging.mask(recipe, picture)).getchannel("A")

    assert mask.crop((118, 0, 256, 256)).getextrema() == (0, 0)
    assert mask.crop((0, 0, 118 - 17, 256)).getextrema() == (255, 255)
    assert sum(mask.crop((103, 0, 116, 256)).histogram()[1:255]) > 0


async def test_pictures_in_the_making_are_glimpsed(imaging: Imaging) -> None:
    picture = await imaging.normalise(saved(quarters(300, 200)), side=256)

    made = await imaging.glimpse(saved(photo()), picture=picture)
    small = await imaging.glimpse(saved(noise(900, "RGB")), limit=50_000)

    assert (made.size, made.extension) == (Size(512, 341), "jpg")
    assert len(small.data) <= 50_000
    for answer in (b"", b"<html>", SMALL[:50]):
        with pytest.raises(NonsenseAnswer):
            await imaging.glimpse(answer)


def share_of(mask: bytes) -> float:
    """The share of a mask that is repainted."""
    counts = opened(mask).getchannel("A").histogram()
    return counts[0] / sum(counts)


async def test_room_around_a_picture(imaging: Imaging) -> None:
    done = await imaging.outpaint(SMALL, Margins(left=1.0), side=256)

    assert done.picture.geometry.source == Size(64, 32)
    assert opened(done.mask).size == (256, 256)


async def test_framings_reach_the_workers(imaging: Imaging) -> None:
    framing = Framing(side=2048, fit=Fit.KEEP, limit=20_000_000)

    picture = await imaging.frame(photograph("retina.jpg").read_bytes(), framing)

    assert picture.geometry.canvas == Size(1411, 1411)


async def test_more_than_the_room_does_is_a_mistake(imaging: Imaging) -> None:
    for framing in (Framing(side=4096), Framing(side=0), Framing(limit=10)):
        with pytest.raises(ValueError, match=r"\d"):
            await imaging.frame(SMALL, framing)
    for margins in (Margins(left=-1), Margins(top=9)):
        with pytest.raises(ValueError, match="Margins"):
            await imaging.outpaint(SMALL, margins)
    picture = await imaging.normalise(SMALL, side=32)
    for feather in (-1, MAX_FEATHER + 1):
        with pytest.raises(ValueError, match=str(feather)):
            await imaging.mask(Adjusted(recipe=Named("left"), feather=feather), picture)


async def test_fits_and_notes_reach_the_caller(imaging: Imaging) -> None:
    picture = await imaging.normalise(saved(quarters(64, 32)), side=256, fit=Fit.CROP)

    assert Note.CROPPED in picture.notes


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", EmptyPicture),
        (b"%PDF-1.7", NotAPicture),
        (SMALL[:60], DamagedPicture),
        (b"\xff" * 50_000_001, PictureTooLarge),
    ],
)
async def test_refusals_reach_the_caller(
    data: bytes, kind: type[Exception], imaging: Imaging
) -> None:
    with pytest.raises(kind) as caught:
        await imaging.normalise(data, what="mask")

    assert getattr(caught.value, "values", {})["what"] == "mask"


async def test_nonsense_answers_are_the_providers(imaging: Imaging) -> None:
    for answer in (b"", b"<html>", SMALL[:50]):
        with pytest.raises(NonsenseAnswer):
            await imaging.finish(answer, limit=100_000)


async def test_a_limit_that_no_picture_keeps_is_a_mistake(imaging: Imaging) -> None:
    with pytest.raises(ValueError, match="100"):
        await imaging.finish(SMALL, limit=100)


async def test_one_worker_does_many_jobs_and_is_then_replaced() -> None:
    async with open_imaging(workers=1, limits=Limits(jobs=2)) as imaging:
        for _ in range(5):
            await imaging.normalise(SMALL, side=256)
        health = imaging.health()

    assert health.done == 5
    assert health.retired == 2
    assert health.workers == 1
    assert health.killed == 0


async def test_work_waits_its_turn_in_the_injected_way() -> None:
    reasons: list[str] = []

    async def park(awaitable: Awaitable[T], reason: str) -> T:
        reasons.append(reason)
        return await awaitable

    async with open_imaging(workers=1, park=park) as imaging:
        await asyncio.gather(*(imaging.normalise(SMALL, side=256) for _ in range(3)))

    assert reasons == ["a free picture worker"] * 2


async def test_a_full_queue_is_busy() -> None:
    async with open_imaging(workers=1, queue_limit=2) as imaging:
        jobs = [asyncio.ensure_future(imaging.normalise(SMALL, side=256)) for _ in range(6)]
        ended = await asyncio.gather(*jobs, return_exceptions=True)
        health = imaging.health()

    assert [type(end) for end in ended].count(TooBusy) == 3
    assert health.done == 3
    assert health.waiting == health.busy == 0


async def test_workers_are_gone_after_closing() -> None:
    async with open_imaging() as imaging:
        await asyncio.gather(*(imaging.normalise(SMALL, side=256) for _ in range(2)))
        pids = imaging.pids

    assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    with pytest.raises(Closing):
        await imaging.normalise(SMALL)


async def test_closing_ends_running_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_workers(monkeypatch, "wire.receive(connection); time.sleep(60)")
    async with open_imaging(workers=1) as imaging:
        job = asyncio.ensure_future(imaging.normalise(SMALL))
        waiting = asyncio.ensure_future(imaging.normalise(SMALL))
        await started(imaging)

    for ended in (job, waiting):
        with pytest.raises(Closing):
            await ended


async def test_a_cancelled_job_ends_its_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_workers(monkeypatch, "wire.receive(connection); time.sleep(60)")
    async with open_imaging(workers=1) as imaging:
        job = asyncio.ensure_future(imaging.normalise(SMALL))
        await started(imaging)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        monkeypatch.undo()

        assert (await imaging.normalise(SMALL, side=256)).geometry.side == 256
        assert imaging.health().killed == 1


def test_a_worker_that_was_ended_just_as_it_answered_is_not_lent_again() -> None:
    idle = crew.Crew(Limits())
    worker = idle.take()
    worker.kill()
    idle.give_back(worker, last=False)

    assert idle.pids == []
    assert idle.figures.retired == 1


async def started(imaging: Imaging) -> None:
    """Wait until a worker process lives."""
    for _ in range(500):
        if imaging.pids:
            return
        await asyncio.sleep(0.01)
    pytest.fail("no worker started")


# --- workers that fail ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "kind"),
    [
        ("wire.receive(connection); os.kill(os.getpid(), signal.SIGSEGV)", DamagedPicture),
        ("wire.receive(connection); os._exit(3)", DamagedPicture),
        ("wire.receive(connection); os.kill(os.getpid(), signal.SIGALRM)", PictureTooHeavy),
        ("wire.receive(connection); os.kill(os.getpid(), signal.SIGXCPU)", PictureTooHeavy),
        ("wire.receive(connection); os.kill(os.getpid(), signal.SIGKILL)", PictureTooHeavy),
        ("wire.receive(connection); time.sleep(60)", PictureTooHeavy),
        ("time.sleep(60)", PictureTooHeavy),
        ("wire.receive(connection); connection.close(); time.sleep(60)", DamagedPicture),
        (
            "wire.receive(connection); connection.sendall(b'\\xff' * 99); time.sleep(9)",
            DamagedPicture,
        ),
        ("wire.receive(connection); wire.send(connection, Frame({}, ()))", DamagedPicture),
        (
            "wire.receive(connection); wire.send(connection, Frame({'bug': 'KeyError'}))",
            DamagedPicture,
        ),
        (
            "wire.receive(connection); wire.send(connection, Frame({'refusal': 'SystemExit'}))",
            DamagedPicture,
        ),
        ("os._exit(1)", DamagedPicture),
    ],
)
async def test_whatever_a_worker_does_it_is_one_refusal_and_the_next_is_served(
    program: str,
    kind: type[Exception],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.05)
    monkeypatch.setattr(crew, "_TRY_AGAIN_SECONDS", 0.3)
    fake_workers(monkeypatch, program)
    data = saved(noise(300))
    async with open_imaging(workers=1, limits=Limits(wall_seconds=0.5)) as imaging:
        with caplog.at_level(logging.WARNING), pytest.raises(kind):
            await imaging.normalise(data)
        assert "replaced" in caplog.text
        monkeypatch.undo()

        assert (await imaging.normalise(SMALL, side=256)).geometry.side == 256
        assert imaging.health().refused == 1


async def test_no_process_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise BlockingIOError

    monkeypatch.setattr("subprocess.Popen", failing)
    async with open_imaging() as imaging:
        with pytest.raises(TooBusy):
            await imaging.normalise(SMALL)


async def test_killing_workers_under_load_loses_no_job() -> None:
    data = photograph("retina.jpg").read_bytes()
    async with open_imaging(workers=2) as imaging:

        async def job(number: int) -> bytes:
            made = await imaging.normalise(data)
            if number % 3 == 0:
                os.kill(imaging.pids[0], signal.SIGKILL)
            return made.data

        made = await asyncio.gather(*(job(number) for number in range(24)))
        health = imaging.health()

    assert len(set(made)) == 1
    assert health.done == 24
    assert health.killed >= 4


# --- limits, by the kernel --------------------------------------------------------------------


def test_limits_hold_against_a_worker_that_does_not_look_at_the_clock() -> None:
    slow = saved(photo("retina.jpg").resize((4000, 4000)), "AVIF", speed=10)
    head = {"job": "normalise", "what": "picture", **asdict(Framing(side=2048))}
    worker = Worker(Limits(wall_seconds=0.02))

    with pytest.raises(WorkerLostError) as caught:
        worker.ask(Frame(head, (slow,)))

    assert caught.value.exhausted


def test_a_worker_has_no_more_memory_than_it_may() -> None:
    head = {"job": "normalise", "what": "picture", **asdict(Framing(side=256))}
    worker = Worker(Limits(memory=20_000_000))

    reply = worker.ask(Frame(head, (saved(quarters(1900, 1900)),)))

    assert reply.head["refusal"] in {"PictureTooHeavy", "PictureTooLarge"}
    worker.close()


def test_a_socket_is_given_back_when_no_process_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: Limits) -> list[str]:
        return ["/nowhere/at/all"]

    monkeypatch.setattr(process, "command", missing)

    with pytest.raises(FileNotFoundError):
        Worker(Limits())
