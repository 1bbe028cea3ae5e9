"""The threat model names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", (ROOT / "THREAT_MODEL.md").read_text("utf-8"))))


@pytest.mark.parametrize("named", NAMED)
def test_every_threat_names_a_test_that_exists(named: str) -> None:
    file, _, name = named.partition("::")

    assert (ROOT / file).is_file()
    assert not name or f"def {name}(" in (ROOT / file).read_text("utf-8")
