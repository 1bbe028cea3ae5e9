"""The hostile files through real workers; ``python -m tests.imaging.corpus`` runs all of them."""

import pytest

from bot.imaging.pool import open_imaging
from tests.imaging.corpus import score
from tests.imaging.hostile import FAMILIES, cases

pytestmark = pytest.mark.usefixtures("kept_workers")

SLOW = {"real bombs", "scan bombs"}


@pytest.mark.parametrize("family", sorted(FAMILIES.keys() - SLOW))
async def test_hostile_files_end_well(family: str) -> None:
    found = cases(skip=frozenset(FAMILIES.keys() - {family}))
    async with open_imaging(workers=1) as imaging:
        scores = await score(imaging, found)
        health = imaging.health()

    assert scores[family].failures == []
    assert health.killed == 0


def test_the_same_seed_gives_the_same_files() -> None:
    skip = frozenset(FAMILIES.keys() - {"bit flips", "splices", "random bytes"})

    assert [case.data for case in cases(3, skip=skip)] == [
        case.data for case in cases(3, skip=skip)
    ]


def test_there_are_hundreds_of_files_that_nobody_should_send() -> None:
    skip = frozenset({"real bombs", "scan bombs", "metadata bombs"})

    assert sum(1 for _ in cases(skip=skip)) > 600
