"""One worker process: takes a job from its socket, answers, takes the next. Ends on any doubt.

Started by `bot.imaging.process` with its limits as arguments; standard input is the socket.
"""

import os
import resource
import signal
import socket
import sys
from collections.abc import Callable

from bot.domain.errors import PictureError, PictureTooHeavy
from bot.imaging import jobs, plain_png, replies, wire
from bot.imaging.values import Limits
from bot.imaging.wire import BrokenFrameError, Frame

MAX_REQUEST = 256_000_000
"""Bytes that one request of ours may bring: files, masks, squares."""

_PAGE = resource.getpagesize()
_NICE = 10


def answer(frame: Frame, *, budget: int) -> Frame:
    """Do one job; refusals and our own bugs become frames. MemoryError is a refusal too."""
    try:
        return jobs.run(frame, budget=budget)
    except PictureError as error:
        last = isinstance(error.__cause__, MemoryError)
        return Frame({**replies.refusal_head(error), "last": last})
    except MemoryError:
        what = str(frame.head.get("what", "picture"))
        return Frame({**replies.refusal_head(PictureTooHeavy(what=what)), "last": True})
    except Exception as error:  # noqa: BLE001 - named to the bot, which ends this worker
        return Frame({"bug": f"{type(error).__name__} in {_where(error)}"})


def _where(error: BaseException) -> str:
    trace, where = error.__traceback__, "?"
    while trace is not None:
        where = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return where


def serve(
    connection: socket.socket,
    limits: Limits,
    *,
    arm: Callable[[Limits], None],
    disarm: Callable[[], None],
) -> None:
    """Answer jobs until the bot closes its end; *arm* and *disarm* run the clocks of one job."""
    while True:
        try:
            frame = wire.receive(connection, most=MAX_REQUEST)
        except (BrokenFrameError, OSError):
            return
        arm(limits)
        wire.send(connection, answer(frame, budget=budget_of(limits)))
        disarm()


def budget_of(limits: Limits) -> int:
    """Return what decoding may take: the rest is for the file, the square and its encoder."""
    return limits.memory * 17 // 20


def confine(limits: Limits) -> None:
    """Give up everything that opening pictures does not need. There is no way back."""
    os.nice(_NICE)
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    most = address_space() + limits.memory
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def address_space() -> int:
    """Return the bytes of address space that this process has now."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - one read
            return int(statm.read().split()[0]) * _PAGE
    except OSError:  # not Linux: a generous guess
        return 1_000_000_000


def arm(limits: Limits) -> None:
    """Let the kernel end this process when one job takes too long, in processor or wall time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + limits.cpu_seconds + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (most, hard))
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds)


def disarm() -> None:
    """Stop the alarm; the next job sets its own processor time."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def main(arguments: list[str]) -> None:
    """Run until standard input, a socket, closes."""
    memory, cpu_seconds, wall_seconds, count = arguments
    limits = Limits(
        memory=int(memory),
        cpu_seconds=int(cpu_seconds),
        wall_seconds=float(wall_seconds),
        jobs=int(count),
    )
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    plain_png.library()  # its code does not count as a picture's memory
    confine(limits)
    with socket.socket(fileno=sys.stdin.fileno()) as connection:
        serve(connection, limits, arm=arm, disarm=disarm)
