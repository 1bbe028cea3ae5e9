"""Kill Easel at every moment of a request, with many seeds: `make crash` (CRASH="--seeds 20").

Prints a line for each point; a failure is lived through again with `--point NAME --seed N`.
"""

import argparse
import asyncio
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.process.crash_points import POINTS, Point
from tests.process.crash_run import Run
from tests.process.stage import open_stage


async def lived(point: Point, seed: int, gate: asyncio.Semaphore) -> str:
    """Return what went wrong in one run, or nothing."""
    async with gate:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            try:
                async with asyncio.timeout(240):
                    await Run(point, seed, Path(folder)).live()
            except Exception:  # noqa: BLE001 - whatever it is, it is a failure of this run
                return traceback.format_exc()
    return ""


async def live_all(points: list[Point], seeds: list[int], at_once: int) -> bool:
    """Live through every point with every seed; whether all went well."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_stage(Path(folder)) as stage:
            await stage.learn()
    gate, well = asyncio.Semaphore(at_once), True
    print(
        f"{'killed':<34} {'passed':>6} {'failed':>6} {'seconds':>8}  seeds that failed", flush=True
    )
    for point in points:
        started = time.perf_counter()
        outcomes = await asyncio.gather(*(lived(point, seed, gate) for seed in seeds))
        failed = {s: told for s, told in zip(seeds, outcomes, strict=True) if told}
        seconds = time.perf_counter() - started
        numbers = f"{len(seeds) - len(failed):>6} {len(failed):>6} {seconds:>8.1f}"
        print(f"{point.name:<34} {numbers}  {' '.join(map(str, failed))}", flush=True)
        for seed, told in failed.items():
            well = False
            print(
                f'  --point "{point.name}" --seed {seed}\n{told[-3000:]}',
                file=sys.stderr,
                flush=True,
            )
    return well


def main() -> int:
    """Return 1 where anything was not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--point", action="append", choices=[each.name for each in POINTS])
    parser.add_argument("--seed", action="append", type=int)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--at-once", type=int, default=3, help="runs at the same time")
    chosen = parser.parse_args()
    points = [each for each in POINTS if not chosen.point or each.name in chosen.point]
    seeds = chosen.seed or list(range(1, chosen.seeds + 1))
    print(f"{len(points)} points, {len(seeds)} seeds each", flush=True)
    return 0 if asyncio.run(live_all(points, seeds, chosen.at_once)) else 1


if __name__ == "__main__":
    sys.exit(main())
