"""The environment of the command line, and the file .env beside it."""

import os
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Final

from dotenv.parser import Binding, parse_stream

from bot.domain.errors import SetupError
from bot.providers.base import Finding
from bot.settings import Settings, load_settings, variables

_FILE: Final = ".env"
_OF_DOCKER: Final = ("COMPOSE_", "DOCKER_", "EASEL_EXTRA")
"""How names begin that docker compose reads from the same file."""


def settings() -> Settings:
    """Return what the operator decided. Raises SetupError."""
    return load_settings(environment())


def database_url(chosen: Settings | None = None) -> str:
    """Return where the database is, by what is *chosen* or by the environment. Raises SetupError.

    It may hold a password.
    """
    return (chosen or settings()).database_url.get_secret_value()


def environment() -> Mapping[str, str]:
    """Return the environment, with what it lacks from the file .env here. Raises SetupError."""
    written = {each.key: each.value for each in _bindings() if each.key}
    both = (*written.items(), *os.environ.items())
    return {name: value for name, value in both if value}


def strangers() -> Sequence[Finding]:
    """Return what stands in the file .env and is no setting, for the doctor. Raises SetupError."""
    known = variables()
    return [_stranger(each, known) for each in _bindings() if _is_strange(each, known)]


def _bindings() -> Sequence[Binding]:
    """Return the lines of the file that say something."""
    file = Path(_FILE)
    try:
        text = file.read_text("utf-8-sig") if file.is_file() else ""
    except (OSError, ValueError):
        raise SetupError("The file .env cannot be read; correct its permissions.") from None
    found = list(parse_stream(StringIO(text)))
    if wrong := next((each for each in found if each.error), None):
        raise SetupError(
            f"Line {_number(wrong)} of the file .env cannot be read; write NAME=value there, and "
            "close each quote."
        )
    return [each for each in found if each.key]


def _is_strange(line: Binding, known: Collection[str]) -> bool:
    name = line.key or ""
    return line.value is None or not (name in known or name.startswith(_OF_DOCKER))


def _stranger(line: Binding, known: Collection[str]) -> Finding:
    name, number = line.key or "", _number(line)
    if line.value is None or not name.isidentifier():  # perhaps a part of a secret: not shown
        says, cure = f"Line {number} of the file .env is no setting.", "Write NAME=value there."
        return Finding(subject="Settings", well=False, says=says, cure=cure)
    nearest = get_close_matches(name.upper(), known, n=1)
    cure = f"Did you mean {nearest[0]}?" if nearest else "docs/settings.md has all of them."
    says = f"{name} in the file .env is no setting of Easel."
    return Finding(subject="Settings", well=False, says=says, cure=cure)


def _number(line: Binding) -> int:
    """Return in which line the name stands; the parser counts empty lines before it, too."""
    text = line.original.string
    return line.original.line + text[: len(text) - len(text.lstrip())].count("\n")
