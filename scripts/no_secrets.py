"""Looks for secrets in what git tracks; `.secrets.baseline` says what only looks like one.

`python scripts/no_secrets.py` names what is new and ends with 1; with `--write` it writes the
baseline anew: look at each line that this adds. A line that moves is no news.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from detect_secrets.core import baseline
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import default_settings

ROOT = Path(__file__).resolve().parent.parent
BASELINE = ROOT / ".secrets.baseline"
NONE_IN = re.compile(  # lock files, catalogues, and what is no text
    r"^requirements/|^tests/fakes/(steady/|discord_openapi)|^\.secrets\.baseline$"
    r"|\.(po|pot|mo|ttf|png|LICENSE)$"
)


def main() -> int:
    """Look, and say what was found."""
    os.chdir(ROOT)  # the names in the baseline are those from here
    with default_settings():
        found = SecretsCollection()
        found.scan_files(*_tracked())
        if "--write" in sys.argv[1:]:
            baseline.save_to_file(found, str(BASELINE))
            return 0
        known = baseline.load(json.loads(BASELINE.read_text("utf-8")))
    new = [secret for _, secret in found - known]
    for secret in new:
        sys.stderr.write(f"{secret.filename}:{secret.line_number}: {secret.type}\n")
    if new:
        sys.stderr.write("Where none of it is one, run `make secrets`; what is one is known now.\n")
    return 1 if new else 0


def _tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - whichever git there is
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    names = listed.stdout.split("\0")
    return [name for name in names if name and not NONE_IN.search(name) and (ROOT / name).exists()]


if __name__ == "__main__":
    sys.exit(main())
