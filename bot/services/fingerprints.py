"""Keyed hashes: the same person or prompt is recognised, and only the key tells whose.

A key may be changed: hashes are made with the newest key and say which one that was, and what an
older key made is still recognised while that is kept.
"""

import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path
from typing import Final

from bot.domain.errors import SetupError

_KEY_BYTES: Final = 32
_HEX: Final = "hex:"
_NAME, _DIGITS = 7, 56  # hexadecimal characters, which fit a column of 64 with the colon


class Fingerprints:
    """HMAC-SHA256 under a secret key, and under *older* ones that were in use before it."""

    def __init__(self, key: bytes, *older: bytes) -> None:
        self._keys = (key, *(each for each in older if each != key))

    def member(self, user_id: int) -> str:
        """Return what the provider is told instead of a member's id: 64 hexadecimal characters."""
        return _digest(self._keys[0], f"member:{user_id}")

    def prompt(self, prompt: str) -> str:
        """Return the fingerprint of *prompt*, blind to case and spacing: ``key:digits``."""
        return _named(self._keys[0], _normal(prompt))

    def earlier(self, prompt: str) -> tuple[str, ...]:
        """Return the fingerprints that older keys gave *prompt*."""
        return tuple(_named(key, _normal(prompt)) for key in self._keys[1:])

    def persons(self, guild_id: int, user_id: int) -> tuple[str, ...]:
        """Return what stands for a member on one server alone, by the newest key first."""
        return tuple(_named(key, f"person:{guild_id}:{user_id}") for key in self._keys)


def load_keys(path: Path) -> tuple[bytes, ...]:
    """Return the keys kept in the file *path*, the newest first; made (mode 600) where it is none.

    Raises:
        SetupError: the file cannot be read or made, or holds too little.
    """
    try:
        _make_key(path)
        stored = path.read_bytes()
    except OSError as error:
        cure = "Make it readable and writable for Easel, or set HASH_KEY."
        raise SetupError(
            f"The key file {path} cannot be used ({error.strerror}). {cure}"
        ) from error
    if len(stored) < _KEY_BYTES:
        raise SetupError(f"The key file {path} is damaged. Restore it, or delete it to start anew.")
    if len(stored) % _KEY_BYTES:
        return (stored,)  # written by a person, who may choose any length
    return tuple(stored[at : at + _KEY_BYTES] for at in range(0, len(stored), _KEY_BYTES))


def key_of(secret: str) -> bytes:
    """Return the key that a setting names: its own bytes, or those that ``hex:`` spells out.

    Raises:
        SetupError: it begins with ``hex:`` and goes on otherwise.
    """
    if not secret.startswith(_HEX):
        return secret.encode()
    try:
        return bytes.fromhex(secret.removeprefix(_HEX))
    except ValueError:
        raise SetupError(
            "HASH_KEY or HASH_KEY_OLD begins with hex: but is not hexadecimal; correct it."
        ) from None


def write_keys(path: Path) -> list[Path]:
    """Write the keys of the file *path* as settings take them, a file (mode 600) each beside it.

    Returns:
        The files, for HASH_KEY_FILE and, where there is an older key, HASH_KEY_OLD_FILE; empty
        where there is no key file.

    Raises:
        SetupError: one cannot be read or written.
    """
    if not path.exists():
        return []
    written: list[Path] = []
    for name, key in zip((".txt", ".old.txt"), load_keys(path), strict=False):
        file = path.with_name(path.name + name)
        try:
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as to:
                to.write(f"{_HEX}{key.hex()}\n")
        except OSError as error:
            raise SetupError(
                f"The key file {file} cannot be written ({error.strerror})."
            ) from error
        written.append(file)
    return written


def rotate_key(path: Path, *, forget: bool = False) -> None:
    """Put a new key into the file *path* before the one in use, or *forget* those before that.

    The file is there whole at any moment.

    Raises:
        SetupError: it cannot be used, or there is no older key to forget.
    """
    keys = load_keys(path)
    if forget and not keys[1:]:
        raise SetupError(f"The key file {path} has no older key; there is nothing to forget.")
    if len(keys[0]) != _KEY_BYTES:
        raise SetupError(
            f"The key file {path} was not made by Easel; set HASH_KEY to a new key and "
            "HASH_KEY_OLD to what the file holds."
        )
    kept = keys[:1] if forget else (secrets.token_bytes(_KEY_BYTES), keys[0])
    new = path.with_name(f".{path.name}.new")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(b"".join(kept))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise SetupError(
            f"The key file {path} cannot be written ({error.strerror}); it is as it was."
        ) from error


def _normal(prompt: str) -> str:
    return "prompt:" + " ".join(prompt.casefold().split())


def _named(key: bytes, text: str) -> str:
    """Return a digest that tells which key made it."""
    return f"{sha256(b'easel key:' + key).hexdigest()[:_NAME]}:{_digest(key, text)[:_DIGITS]}"


def _digest(key: bytes, text: str) -> str:
    data = text.encode("utf-8", "surrogatepass")
    return hmac.new(key, data, sha256).hexdigest()


def _make_key(path: Path) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(_KEY_BYTES))
