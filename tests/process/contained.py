"""Starts the installed package as the container does: a read-only root, and nobody's rights.

Needs the rights of root on Linux, to mount; what runs inside has none of them.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from tests.process.processes import ROOT, Child, Launch, Start

UID = 10001
APP = Path("/app")
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ssl", "/etc/passwd", "/etc/hosts")

# Arguments: the new root, the data, how many things are mounted, those (what, where), a command.
MOUNT = f"""
set -eu
root=$1 data=$2 things=$3; shift 3
mount -t tmpfs -o mode=755,size=1m root "$root"
mkdir "$root/proc" "$root/dev" "$root/tmp" "$root/data"
mount --bind /proc "$root/proc"
mount --bind /dev "$root/dev"
mount -t tmpfs -o mode=1777,size=64m,nosuid,nodev,noexec tmp "$root/tmp"
mount --bind "$data" "$root/data"
while [ "$things" -gt 0 ]; do
    if [ -d "$1" ]; then mkdir -p "$root$2"
    else mkdir -p "$(dirname "$root$2")"; : > "$root$2"; fi
    mount --bind "$1" "$root$2"
    mount -o remount,bind,ro,nosuid "$root$2"
    shift 2; things=$((things - 1))
done
mount -o remount,ro "$root"
exec chroot "$root" /usr/bin/setpriv --reuid {UID} --regid {UID} --clear-groups --no-new-privs \\
    --bounding-set=-all --inh-caps=-all -- /usr/bin/env --ignore-environment --chdir=/data "$@"
"""


def installed(folder: Path) -> Path:
    """Install the package's wheel into *folder*, without what it needs, and return that."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    alone = ("--no-deps", "--no-index", "--no-build-isolation")
    source, wheels = folder / "source", folder / "wheels"
    kept = ["pyproject.toml", "README.md", "LICENSE", "bot", "cogs", "migrations"]
    source.mkdir(parents=True)
    for each in kept:
        copy = shutil.copytree if (ROOT / each).is_dir() else shutil.copy
        copy(ROOT / each, source / each)
    subprocess.run([*pip, "wheel", *alone, "--wheel-dir", wheels, source], check=True)
    (wheel,) = wheels.glob("easel-*.whl")
    subprocess.run([*pip, "install", *alone, "--target", folder / "app", wheel], check=True)
    return folder / "app"


def contained(app: Path) -> Launch:
    """Return how to start the script `easel` of *app*; the folder of each start becomes /data."""

    python = {sys.base_prefix, sys.prefix, sysconfig.get_path("purelib")}
    things = [(each, each) for each in (*SYSTEM, *sorted(python)) if Path(each).exists()]
    things.append((str(app), str(APP)))

    async def start(start: Start) -> Child:
        root = start.folder.with_name(f"{start.folder.name}-root")
        root.mkdir(exist_ok=True)
        os.chown(start.folder, UID, UID)
        environment = {
            **{name: value for name, value in start.environment.items() if name != "TMPDIR"},
            # what the image decides
            "HOME": "/data",
            "PATH": f"{APP}/bin:/usr/bin:/bin",
            "PYTHONPATH": str(APP),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "DATABASE_URL": "sqlite+aiosqlite:////data/easel.db",
        }
        return await asyncio.create_subprocess_exec(
            *_as_root(),
            *("unshare", "--mount", "--propagation", "private", "sh", "-c", MOUNT, "mount"),
            *(str(root), str(start.folder), str(len(things))),
            *(each for pair in things for each in pair),
            *(f"{name}={value}" for name, value in environment.items()),
            *(str(APP / "bin" / "easel"), *start.arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=start.out,
            stderr=start.err,
            start_new_session=True,
        )

    return start


def _as_root() -> Sequence[str]:
    return () if os.geteuid() == 0 else ("sudo", "--non-interactive")


def can_contain() -> bool:
    """Whether this machine lets us mount."""
    asked = (*_as_root(), "unshare", "--mount", "true")
    try:
        return subprocess.run(asked, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
