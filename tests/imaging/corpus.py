"""Scores the room on hostile files: ``python -m tests.imaging.corpus [--rounds N] [FOLDER ...]``.

Every case of `tests.imaging.hostile`, and every file below each FOLDER (Pillow's own test images,
say), goes through real workers. Exit code 1 when anything ends other than as a good picture or one
clear refusal, takes longer than it may, or a worker grows.
"""

import argparse
import asyncio
import logging
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from time import perf_counter

from bot.domain.errors import PictureError
from bot.imaging.pool import Imaging, open_imaging
from tests.imaging.hostile import Case, Expect, cases, is_good
from tests.imaging.pictures import photograph

SIDE = 256
SECONDS = 5.0
MEMORY = 300_000_000
SERVED_SECONDS = 2.0
GRACE_SECONDS = 2.5
"""A worker that is killed is replaced in this time, on a loaded machine."""


_BY_LIMITS = ("ended with -14", "ended with -24", "silent past its deadline")


class Crashes(logging.Handler):
    """Gathers why workers ended that no limit of ours ended."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what is no end by a limit."""
        said = record.getMessage()
        if not said.endswith(_BY_LIMITS):
            self.found.append(said)


@dataclass(slots=True)
class Score:
    """What came of a family."""

    counts: Counter[str] = field(default_factory=Counter[str])
    seconds: list[float] = field(default_factory=list[float])
    failures: list[str] = field(default_factory=list[str])
    peak: int = 0


async def score(imaging: Imaging, found: Iterable[Case]) -> dict[str, Score]:
    """Put every case through *imaging* and return the scores by family."""
    scores: dict[str, Score] = {}
    for case in found:
        mine = scores.setdefault(case.family, Score())
        start = perf_counter()
        ended, said = await _end(imaging, case)
        seconds = perf_counter() - start
        mine.seconds.append(seconds)
        mine.peak = max(mine.peak, peak_memory(imaging.pids))
        mine.counts[ended] += 1
        right = ended in {"accept", "refuse"} and case.expect in {ended, Expect.EITHER}
        if not right:
            mine.failures.append(f"{case.name}: {ended}, not {case.expect} ({said})")
        if seconds > SECONDS + GRACE_SECONDS:
            mine.failures.append(f"{case.name}: {seconds:.1f} s")
    for mine in scores.values():
        if mine.peak > MEMORY:
            mine.failures.append(f"a worker had {mine.peak / 1e6:.0f} MB")
    return scores


async def _end(imaging: Imaging, case: Case) -> tuple[str, str]:
    try:
        made = await imaging.normalise(case.data, side=SIDE)
    except PictureError as error:
        clear = error.message.format(**error.values)
        return ("refuse", type(error).__name__) if clear else ("unclear", "")
    except Exception as error:  # noqa: BLE001 - what this program is there to find
        return "leak", repr(error)
    return ("accept", "") if is_good(made.data, made.geometry.side) else ("bad picture", "")


def files(folders: Iterable[Path]) -> Iterator[Case]:
    """Every file below *folders*, of which nobody knows what must become."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.stat().st_size <= 50_000_000:
                yield Case(
                    family=f"files {path.suffix.lower() or 'without a name'}",
                    name=path.name,
                    data=path.read_bytes(),
                    expect=Expect.EITHER,
                )


def peak_memory(pids: Iterable[int]) -> int:
    """Return the largest resident size that any of these processes ever had, in bytes."""
    peaks = [0]
    for pid in pids:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
        peaks += [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")]
    return max(peaks)


def say(line: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(f"{line}\n")


def report(scores: dict[str, Score]) -> list[str]:
    """Print a table and return the failures."""
    say(f"{'family':32}  files accept refuse slowest   peak failed")
    for family, one in scores.items():
        accepted, refused = one.counts["accept"], one.counts["refuse"]
        say(
            f"{family:32} {one.counts.total():6} {accepted:6} {refused:6}"
            f" {max(one.seconds):6.2f}s {one.peak / 1e6:3.0f} MB {len(one.failures):6}"
        )
    return [f"{family}: {said}" for family, one in scores.items() for said in one.failures]


async def run(seeds: Iterable[int], folders: list[Path]) -> int:
    """Run everything and return an exit code."""
    crashes = Crashes()
    logging.getLogger("bot.imaging").addHandler(crashes)
    async with open_imaging() as imaging:
        found = chain(chain.from_iterable(cases(seed) for seed in seeds), files(folders))
        failures = report(await score(imaging, found))
        say(str(imaging.health()))
    failures += crashes.found
    say("\n".join(failures) or "nothing failed")
    return 1 if failures else 0


async def kill_under_load(times: int) -> int:
    """Kill a busy worker *times* times while pictures keep coming; return an exit code."""
    data = photograph("retina.jpg").read_bytes()
    lost, slowest = 0, 0.0
    async with open_imaging() as imaging:

        async def one_after_another() -> None:
            nonlocal lost
            while health().killed < times:
                try:
                    await imaging.normalise(data)
                except PictureError:
                    lost += 1

        health = imaging.health
        load = [asyncio.ensure_future(one_after_another()) for _ in range(8)]
        while health().killed < times:
            await _done_more_than(imaging, health().done)
            before, start = health().killed, perf_counter()
            os.kill(random.choice(imaging.pids), signal.SIGKILL)  # noqa: S311
            await _more_than(before, lambda: health().killed)
            await _done_more_than(imaging, health().done)
            slowest = max(slowest, perf_counter() - start)
        await asyncio.gather(*load)
        say(f"{imaging.health()}; {lost} jobs lost; next served after {slowest:.2f} s at most")
    return 1 if lost or slowest > SERVED_SECONDS else 0


async def _done_more_than(imaging: Imaging, count: int) -> None:
    await _more_than(count, lambda: imaging.health().done)


async def _more_than(count: int, figure: Callable[[], int]) -> None:
    while figure() <= count:  # noqa: ASYNC110 - a figure that nobody announces
        await asyncio.sleep(0.001)


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=1, help="seeds to generate from")
    parser.add_argument("--kills", type=int, help="only kill workers under load, this many times")
    arguments = parser.parse_args()
    if arguments.kills:
        return asyncio.run(kill_under_load(arguments.kills))
    return asyncio.run(run(range(1, arguments.rounds + 1), arguments.folders))


if __name__ == "__main__":
    sys.exit(main())
