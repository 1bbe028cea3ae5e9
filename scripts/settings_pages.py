"""Writes .env.example and the tables of settings in the documents from bot/settings.py.

`python scripts/settings_pages.py` writes them; with `--check` it only tells which are stale.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap

from pydantic import SecretStr
from pydantic.fields import FieldInfo

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.settings import Settings, is_secret, takes  # noqa: E402 - the path comes first

MARKS = ("<!-- settings: written by `make format` -->", "<!-- end of settings -->")

DAGGER = " †"

HEAD = """\
# Settings of Easel. Copy this file to .env, fill in the first two, and take the "#" from what else
# you want to change. Each secret can also be read from a file: NAME_FILE=/path/to/it
# This file is written by `make format` from bot/settings.py.
"""

NEEDED = ("discord_token", "openai_api_key")

README_SETTINGS = (
    *NEEDED,
    "openai_base_url",
    "openai_model",
    "image_provider",
    "database_url",
    "default_member_pictures_per_day",
    "default_server_dollars_per_month",
    "member_jobs_at_once",
    "monthly_budget_dollars",
    "log_level",
    "log_format",
)


def main() -> int:
    """Write or check every page; the exit code is 1 where one is stale."""
    stale = [path for path, text in pages() if path.read_text("utf-8") != text]
    if "--check" not in sys.argv[1:]:
        for path, text in pages():
            path.write_text(text, "utf-8")
        return 0
    for path in stale:
        sys.stderr.write(f"{path.relative_to(ROOT)} is stale: run `make format`.\n")
    return 1 if stale else 0


def pages() -> Iterator[tuple[Path, str]]:
    """Yield each page that repeats the settings, with the text it should have."""
    yield ROOT / ".env.example", example()
    short = {name: Settings.model_fields[name] for name in README_SETTINGS}
    for path, fields in (
        (ROOT / "README.md", short),
        (ROOT / "docs" / "settings.md", Settings.model_fields),
    ):
        yield path, _between_marks(path.read_text("utf-8"), table(fields))


def example() -> str:
    """Return the text of .env.example."""
    return HEAD + "".join(
        f"\n{_entry(name, field)}" for name, field in Settings.model_fields.items()
    )


def table(fields: dict[str, FieldInfo]) -> str:
    """Return *fields* as a Markdown table."""
    rows = (
        f"| `{name.upper()}`{DAGGER if is_secret(field) else ''} | {field.description} "
        f"| {takes(field)} | {_code(default(field))} |"
        for name, field in fields.items()
    )
    return "\n".join(("| variable | what it does | takes | default |", "|---|---|---|---|", *rows))


def default(field: FieldInfo) -> str:
    """Return *field*'s default as one would write it; empty where there is none."""
    value: object = field.default
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return "" if value is None or value == frozenset() else str(value)


def _entry(name: str, field: FieldInfo) -> str:
    words = f"{field.description} Takes {takes(field)}."
    comment = "\n".join(f"# {line}" for line in wrap(words, 96))
    mark = "" if name in NEEDED else "#"
    return f"{comment}\n{mark}{name.upper()}={default(field)}\n"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _between_marks(page: str, text: str) -> str:
    before, _, rest = page.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    return f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}"


if __name__ == "__main__":
    sys.exit(main())
