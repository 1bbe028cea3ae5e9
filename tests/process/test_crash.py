"""A few of the moments at which `make crash` kills Easel, each with one seed, at each test run."""

from pathlib import Path

import pytest

from tests.process.crash_points import POINTS
from tests.process.crash_run import Run

BY_NAME = {point.name: point for point in POINTS}
FEW = (
    ("booking", 1),
    ("deferred", 1),
    ("imaging", 1),
    ("storing", 1),
    ("edited", 3),
    ("settling", 2),
    ("posted", 1),
    ("recovering: told in the channel", 2),
)


@pytest.mark.parametrize(("name", "seed"), FEW, ids=[name for name, _ in FEW])
async def test_killed(name: str, seed: int, tmp_path: Path) -> None:
    await Run(BY_NAME[name], seed, tmp_path).live()
