"""Keyed hashes and their key."""

import stat
from pathlib import Path

import pytest

from bot.domain.errors import SetupError
from bot.services.fingerprints import Fingerprints, load_key


def test_the_same_person_is_recognised_and_not_named() -> None:
    prints = Fingerprints(b"k" * 32)

    assert prints.member(1234) == prints.member(1234)
    assert prints.member(1234) != prints.member(1235)
    assert "1234" not in prints.member(1234)
    assert prints.member(1234) != Fingerprints(b"j" * 32).member(1234)


def test_a_prompt_is_recognised_whatever_its_case_and_spacing() -> None:
    prints = Fingerprints(b"k" * 32)

    assert prints.prompt("A  red\nKITE") == prints.prompt("a red kite")
    assert prints.prompt("a red kite") != prints.prompt("a blue kite")
    assert prints.prompt("\ud800")


def test_the_key_is_made_once_and_kept_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "easel.key"

    key = load_key(path)

    assert load_key(path) == key
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_damaged_key_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "easel.key"
    path.write_bytes(b"short")

    with pytest.raises(SetupError, match="damaged"):
        load_key(path)
    assert path.read_bytes() == b"short"


def test_a_missing_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot be used"):
        load_key(tmp_path / "nowhere" / "easel.key")
