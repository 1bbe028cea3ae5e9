"""Writes what the documents repeat of the code: .env.example, the settings, the models.

`python scripts/written_pages.py` writes them; with `--check` it only tells which are stale.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap

from pydantic import SecretStr
from pydantic.fields import FieldInfo

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.domain.errors import UserError  # noqa: E402 - the path comes first
from bot.domain.pictures import Shape  # noqa: E402
from bot.providers.base import Capabilities, Operation  # noqa: E402
from bot.providers.models import DEFAULT_MODEL, MODELS, Model  # noqa: E402
from bot.settings import Settings, is_secret, takes  # noqa: E402

MARKS = ("<!-- {}: written by `make format` -->", "<!-- end of {} -->")

MODEL_COLUMNS = (
    "model", "commands", "sizes", "qualities", "letters", "pictures in", "guides", "file types",
    "previews", "ends",
)  # fmt: skip
COMMANDS = {Operation.GENERATE: "imagine", Operation.EDIT: "edit", Operation.VARY: "vary"}

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
        yield path, _between_marks(path.read_text("utf-8"), "settings", table(fields))
    models = ROOT / "docs" / "providers.md"
    yield models, _between_marks(models.read_text("utf-8"), "models", model_table())
    reasons = ROOT / "docs" / "troubleshooting.md"
    yield reasons, _between_marks(reasons.read_text("utf-8"), "reasons", reason_table())


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
    return "" if value is None or value in (frozenset(), ()) else str(value)


def model_table() -> str:
    """Return every model and what it takes as a Markdown table; equal models share a row."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for model in MODELS.values():
        alike.setdefault(_facts(model), []).append(_model_name(model))
    rows = (f"| {' | '.join((', '.join(names), *facts))} |" for facts, names in alike.items())
    return "\n".join((f"| {' | '.join(MODEL_COLUMNS)} |", "|---" * len(MODEL_COLUMNS) + "|", *rows))


def reason_table() -> str:
    """Return every error that people read as a Markdown table, in the order of their names."""
    rows = (
        f"| `{kind.__name__}` | {_cell(kind.message)} | {_cell(kind.tip)} |"
        for kind in sorted(_kinds(UserError), key=lambda each: each.__name__)
    )
    return "\n".join(("| reason | what it says | what to do |", "|---|---|---|", *rows))


def _kinds(family: type[UserError]) -> set[type[UserError]]:
    """Return the errors of *family* that are raised: those that have words of their own."""
    found = {each for kind in family.__subclasses__() for each in _kinds(kind)}
    return found | ({family} if "message" in vars(family) and family is not UserError else set())


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "\\<")


def _facts(model: Model) -> tuple[str, ...]:
    can = model.can
    return (
        ", ".join(word for operation, word in COMMANDS.items() if operation in can.operations),
        _sizes(can),
        _words(can.qualities),
        f"{can.max_prompt:,}",
        str(can.pictures or "no"),
        _guides(can),
        _words(can.formats),
        str(can.previews or "no"),
        "" if model.ends is None else model.ends.isoformat(),
    )


def _model_name(model: Model) -> str:
    default = " (default)" if model.name == DEFAULT_MODEL else ""
    return f"`{model.name}`{default}"


def _sizes(can: Capabilities) -> str:
    if can.sizes.free is not None:
        rule = can.sizes.free
        return (
            f"any, in steps of {rule.step}, to {rule.longest}, {rule.ratio}:1, "
            f"{rule.least / 1e6:.2f} to {rule.most / 1e6:.1f} megapixels"
        )
    sizes = dict.fromkeys((*can.sizes.shapes.values(), *can.sizes.exact))
    return ", ".join(str(size) for size in sizes)


def _guides(can: Capabilities) -> str:
    square = Shape.SQUARE in can.sizes.shapes and not can.own_shape
    found = (
        (can.masks, "mask"),
        (can.markup, "drawing"),
        (can.pictures and square, "squares only"),
        (can.styles, f"style ({', '.join(can.styles)})"),
        (can.backgrounds, "background"),
        (can.verbatim, "verbatim"),
    )
    return ", ".join(word for holds, word in found if holds)


def _words(values: tuple[str, ...]) -> str:
    return ", ".join(values) or "no"


def _entry(name: str, field: FieldInfo) -> str:
    words = f"{field.description} Takes {takes(field)}."
    comment = "\n".join(f"# {line}" for line in wrap(words, 96))
    mark = "" if name in NEEDED else "#"
    return f"{comment}\n{mark}{name.upper()}={default(field)}\n"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _between_marks(page: str, name: str, text: str) -> str:
    begins, ends = (mark.format(name) for mark in MARKS)
    before, _, rest = page.partition(begins)
    _, _, after = rest.partition(ends)
    return f"{before}{begins}\n{text}\n{ends}{after}"


if __name__ == "__main__":
    sys.exit(main())
