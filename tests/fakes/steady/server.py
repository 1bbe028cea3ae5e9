"""Runs steady on the cut, for as long as a test needs."""

import platform
import re
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.steady import npm

SPEC = npm.HERE / "images_spec.json"
DOUBT = re.compile(r"\d ambiguous")
SteadyMissingError = npm.MissingError
_MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def program() -> Path:
    """Return steady's own program, installed if need be. Raises SteadyMissingError."""
    system = {"linux": "linux", "darwin": "darwin", "win32": "win32"}.get(sys.platform)
    machine = _MACHINES.get(platform.machine().lower())
    name = "steady.exe" if system == "win32" else "steady"
    npm.install()
    found = npm.MODULES / "@stdy" / f"cli-{system}-{machine}" / "bin" / name
    if not found.exists():
        raise SteadyMissingError(f"npm has no steady for {sys.platform} on {platform.machine()}.")
    return found


class DoubtfulRequestError(Exception):
    """A request matched no variant of a field that has several; the text is steady's own."""


@contextmanager
def running() -> Generator[str]:
    """Run steady on the cut and give its base URL.

    Steady answers 400 where a request is surely wrong. Where no variant of a field matches it only
    doubts, answers well, and says so at its end, which raises DoubtfulRequestError here. Raises
    SteadyMissingError where it cannot be had.
    """
    port = npm.free_port()
    options = ["--port", str(port), "--reject-on-sdk-error", "--quiet", "--no-color"]
    options.append("--validator-form-array-format=brackets")  # as the SDK sends lists of files
    command = [program(), *options, SPEC]
    with npm.serving(command, "Ready to accept") as served:
        yield f"http://127.0.0.1:{port}"
    if DOUBT.search(served.last_words):
        raise DoubtfulRequestError(served.last_words)
