"""How a command ends that cannot go on: one sentence and an exit code."""

import sys
from typing import Final, NoReturn

import click

EXIT_SETUP: Final = 78
"""The exit code for a wrong setting (EX_CONFIG): starting again would not help."""

EXIT_FAILED: Final = 1
"""The exit code for what may pass by itself, such as no network, and for bugs."""


def leave(sentence: str, code: int) -> NoReturn:
    """Say *sentence* and end the process with *code*."""
    click.echo(f"easel: {sentence}", err=True)
    sys.exit(code)
