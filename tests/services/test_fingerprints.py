"""Keyed hashes and their key."""

import stat
from pathlib import Path

import pytest

from bot.domain.errors import SetupError
from bot.services.fingerprints import Fingerprints, load_keys, rotate_key


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

    (key,) = load_keys(path)

    assert load_keys(path) == (key,)
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_damaged_key_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "easel.key"
    path.write_bytes(b"short")

    with pytest.raises(SetupError, match="damaged"):
        load_keys(path)
    assert path.read_bytes() == b"short"


def test_a_missing_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot be used"):
        load_keys(tmp_path / "nowhere" / "easel.key")


def test_what_an_older_key_made_is_recognised_by_it(tmp_path: Path) -> None:
    old, new = Fingerprints(b"k" * 32), Fingerprints(b"j" * 32, b"k" * 32)

    assert new.earlier("a RED kite") == (old.prompt("a red kite"),)
    assert old.earlier("a red kite") == ()
    assert new.prompt("a red kite").partition(":")[0] != old.prompt("a red kite").partition(":")[0]
    assert new.persons(1, 2)[1] == old.persons(1, 2)[0]
    assert new.persons(1, 2) != new.persons(2, 2), "a hash tells nothing of another server"
    assert all(len(each) == 64 for each in (new.prompt("x"), *new.persons(1, 2)))


def test_the_key_in_the_file_is_rotated_and_the_old_one_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "easel.key"
    (first,) = load_keys(path)

    rotate_key(path)
    second, *older = load_keys(path)
    assert older == [first]
    assert second != first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rotate_key(path)
    assert load_keys(path)[1:] == (second,), "only one is kept beside the newest"
    rotate_key(path, forget=True)
    assert len(load_keys(path)) == 1

    with pytest.raises(SetupError, match="no older key"):
        rotate_key(path, forget=True)
    path.write_bytes(b"a key that somebody wrote by hand, and long")
    assert load_keys(path) == (path.read_bytes(),)
    with pytest.raises(SetupError, match="HASH_KEY_OLD"):
        rotate_key(path)
    assert [each.name for each in tmp_path.iterdir()] == ["easel.key"]
