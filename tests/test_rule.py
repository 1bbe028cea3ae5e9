"""The rule of tests/conftest.py: where REQUIRE_ALL is set, nothing may be skipped."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SKIPPED = "import pytest\n\ndef test_one():\n    pytest.skip('no browser')\n"
SKIPPED_FILE = "import pytest\n\npytest.skip('no browser', allow_module_level=True)\n"
FAILS_AS_EXPECTED = "import pytest\n\n@pytest.mark.xfail\ndef test_one():\n    assert False\n"


@pytest.mark.parametrize(
    ("test", "required", "code"),
    [
        (SKIPPED, "", 0),
        (SKIPPED, "1", 1),
        (SKIPPED_FILE, "1", 2),
        (FAILS_AS_EXPECTED, "1", 0),
    ],
)
def test_nothing_may_be_skipped(test: str, required: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(test)
    options = ("-p", "tests.conftest", "-p", "no:cacheprovider", "-q", "--rootdir", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "REQUIRE_ALL": required, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == code, done.stdout
    assert ("REQUIRE_ALL is set, but this was skipped" in done.stdout) == (code != 0)
