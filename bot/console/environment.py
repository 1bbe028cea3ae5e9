"""The environment of the command line, and the file .env beside it."""

import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from bot.domain.errors import SetupError
from bot.settings import Settings, load_settings


def settings() -> Settings:
    """Return what the operator decided. Raises SetupError."""
    return load_settings(environment())


def environment() -> Mapping[str, str]:
    """Return the environment, with what it lacks from the file .env here. Raises SetupError."""
    file = Path(".env")
    try:
        written = dotenv_values(file, interpolate=False) if file.is_file() else {}
    except (OSError, ValueError):
        raise SetupError("The file .env cannot be read; correct its permissions.") from None
    both = (*written.items(), *os.environ.items())
    return {name: value for name, value in both if value}
