"""A few of the moments at which `make crash` kills Easel, each with one seed, at each test run."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.process.crash_points import POINTS
from tests.process.crash_run import Run
from tests.process.nursery import Nursery, open_nursery

pytestmark = pytest.mark.asyncio(loop_scope="module")

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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nursery() -> AsyncIterator[Nursery]:
    async with open_nursery() as opened:
        yield opened


@pytest.mark.parametrize(("name", "seed"), FEW, ids=[name for name, _ in FEW])
async def test_killed(name: str, seed: int, nursery: Nursery, tmp_path: Path) -> None:
    await Run(BY_NAME[name], seed, tmp_path, nursery).live()
