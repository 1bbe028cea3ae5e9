"""Keyed hashes: the same person or prompt is recognised, and only the key tells whose."""

import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

from bot.domain.errors import SetupError

_KEY_BYTES = 32


class Fingerprints:
    """HMAC-SHA256 under one secret key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def member(self, user_id: int) -> str:
        """Return what the provider is told instead of a member's id: 64 hexadecimal characters."""
        return self._digest(f"member:{user_id}")

    def prompt(self, prompt: str) -> str:
        """Return the fingerprint of *prompt*, blind to case and spacing."""
        return self._digest("prompt:" + " ".join(prompt.casefold().split()))

    def _digest(self, text: str) -> str:
        data = text.encode("utf-8", "surrogatepass")
        return hmac.new(self._key, data, sha256).hexdigest()


def load_key(path: Path) -> bytes:
    """Return the key kept in the file *path*, making it (mode 600) where there is none.

    Raises:
        SetupError: the file cannot be read or made, or holds too little.
    """
    try:
        _make_key(path)
        key = path.read_bytes()
    except OSError as error:
        cure = "Make it readable and writable for Easel, or set HASH_KEY."
        raise SetupError(
            f"The key file {path} cannot be used ({error.strerror}). {cure}"
        ) from error
    if len(key) < _KEY_BYTES:
        raise SetupError(f"The key file {path} is damaged. Restore it, or delete it to start anew.")
    return key


def _make_key(path: Path) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(_KEY_BYTES))
