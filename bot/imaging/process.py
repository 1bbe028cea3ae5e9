"""One worker process seen from the bot: started, asked with a deadline, killed on any doubt.

Everything here blocks and runs on a thread of the pool. Deadlines are the kernel's: the worker's
own alarm and processor limit, and the socket's timeout here, which no event loop can stretch.
"""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import bot
from bot.imaging import wire
from bot.imaging.values import Limits
from bot.imaging.wire import BrokenFrameError, Frame

_START = (
    "import sys; root = sys.argv.pop(1); root in sys.path or sys.path.append(root)\n"
    "from bot.imaging.worker import main; main(sys.argv[1:])"
)
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1", "VIPS_WARNING": "0"}
GRACE_SECONDS = 2.0
_OUTSIDE = frozenset({-signal.SIGKILL, -signal.SIGTERM})
_EXHAUSTED = frozenset({-signal.SIGALRM, -signal.SIGXCPU})


class WorkerLostError(Exception):
    """A worker ended without an answer that holds.

    Attributes:
        exhausted: whether a limit of ours ended it.
        outside: whether someone else killed it, so that the job itself may be good.
        why: a few words for the log.
    """

    def __init__(self, why: str, *, exhausted: bool = False, outside: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.exhausted = exhausted
        self.outside = outside

    @property
    def broken(self) -> bool:
        """Whether it ended by itself, over what the file holds."""
        return not (self.exhausted or self.outside)


class Worker:
    """A running worker process."""

    def __init__(self, limits: Limits) -> None:
        """Start the process; it is ready when its first answer comes."""
        ours, theirs = socket.socketpair()
        self.jobs = 0
        self._limits = limits
        self._ours = ours
        self._killed = False
        with theirs:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                    command(limits),
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    env=_ENVIRONMENT,
                    start_new_session=True,
                )
            except BaseException:
                ours.close()
                raise

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def killed(self) -> bool:
        """Whether it was ended by us, maybe after its last answer."""
        return self._killed

    def ask(self, frame: Frame) -> Frame:
        """Send one job and return the reply. Raises WorkerLostError; the worker is dead then."""
        self.jobs += 1
        try:
            self._ours.settimeout(self._limits.wall_seconds + GRACE_SECONDS)
            wire.send(self._ours, frame)
            reply = wire.receive(self._ours)
        except (BrokenFrameError, OSError) as error:
            raise self._lost(error) from error
        if "bug" in reply.head:
            self.close()
            raise WorkerLostError(str(reply.head["bug"])[:200])
        return reply

    def _lost(self, error: Exception) -> WorkerLostError:
        if isinstance(error, TimeoutError):
            self.close()
            return WorkerLostError("silent past its deadline", exhausted=True)
        if isinstance(error, BrokenFrameError) and str(error) != "closed":
            self.close()
            return WorkerLostError(f"bad frame: {error}")
        ours, code = self._killed, self._ended()
        return WorkerLostError(
            f"ended with {code}",
            exhausted=code in _EXHAUSTED,
            outside=code in _OUTSIDE and not ours,
        )

    def _ended(self) -> int:
        """Reap a process whose socket is closed; one that lingers is killed."""
        try:
            code = self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            code = 0
        self.close()
        return code

    def kill(self) -> None:
        """End the process now; safe from any thread. `close` must still follow."""
        self._killed = True
        self._process.kill()

    def close(self) -> None:
        """End the process and give everything back."""
        self.kill()
        self._process.wait()
        self._ours.close()


def command(limits: Limits) -> list[str]:
    """Return what starts a worker: isolated from the environment, with our own code in reach."""
    root = str(Path(bot.__file__ or "").resolve().parent.parent)
    numbers = (limits.memory, limits.cpu_seconds, limits.wall_seconds, limits.jobs)
    options = ["-I", "-B"] if sys.dont_write_bytecode else ["-I"]
    return [sys.executable, *options, "-c", _START, root, *map(str, numbers)]
