"""The documents name every setting, and what they say of permissions is true."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.checkup import invite
from bot.domain.errors import UserError
from bot.domain.guild import GuildChoices
from bot.domain.presets import PRESETS, Preset
from bot.domain.quota import WHOSE, Scope, Unit, shown
from bot.domain.retention import PURGE
from bot.settings import Settings, is_secret
from bot.storage.personal import REGISTRY, Entry
from bot.ui.permissions import PERMISSIONS

ROOT = Path(__file__).parent.parent
WORDS = (
    "domain/errors", "services/sharding", "storage/backup", "storage/shard_locks",
    "storage/sqlite_file", "ui/failures", "ui/results",
)  # fmt: skip
PERMISSION_NAMES = (
    "View Channels",
    "Send Messages",
    "Send Messages in Threads",
    "Embed Links",
    "Attach Files",
    "Read Message History",
)


def read(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_stands_in_the_example_and_the_docs(name: str) -> None:
    field = Settings.model_fields[name]
    row = next(
        line for line in read("docs/settings.md").splitlines() if f"| `{name.upper()}`" in line
    )
    example = next(
        line
        for line in read(".env.example").splitlines()
        if line.startswith((f"{name.upper()}=", f"#{name.upper()}="))
    )

    assert field.description
    assert field.description in row
    assert ("†" in row) == is_secret(field)
    if not is_secret(field) and isinstance(field.default, str | int):
        assert f"`{field.default}`" in row
        assert example.partition("=")[2] == str(field.default)


def test_the_pages_are_what_the_script_writes() -> None:
    script = [sys.executable, "scripts/written_pages.py", "--check"]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_the_readme_invites_with_exactly_the_permissions_needed() -> None:
    readme = read("README.md")
    link = invite(1).replace("client_id=1&", "client_id=APPLICATION_ID&")

    assert link in readme
    assert f"The number {PERMISSIONS.value} " in readme
    assert all(f"*{name}*" in readme for name in PERMISSION_NAMES)
    assert sum(1 for _, needed in PERMISSIONS if needed) == len(PERMISSION_NAMES)


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_word_of_the_command_line_is_in_the_operators_guide(command: str) -> None:
    assert f"| `easel {command}" in read("docs/operator.md")


@pytest.mark.parametrize("target", ["demo", "test", "check", "format", "setup", "run"])
def test_the_readme_names_the_targets_of_make(target: str) -> None:
    assert f"make {target}" in read("README.md")
    assert f"\n{target}: " in read("Makefile")


def test_every_reason_is_explained() -> None:
    page = read("docs/troubleshooting.md")

    for kind in all_kinds(UserError):
        if "message" in vars(kind):
            assert f"| `{kind.__name__}` |" in page


def all_kinds(family: type[UserError]) -> Iterator[type[UserError]]:
    for kind in family.__subclasses__():
        yield kind
        yield from all_kinds(kind)


def test_the_page_on_trouble_quotes_what_easel_says() -> None:
    rows = read("docs/troubleshooting.md").partition("## By the name")[0].splitlines()
    quoted = [found[1] for row in rows if (found := re.match(r"\| \*(.+?)\*", row))]
    quoted.remove("The application did not respond")  # Discord says that
    said = "".join(read(f"bot/{each}.py") for each in WORDS)
    said = said.replace("{whose}", WHOSE[Scope.BOT])
    assert len(quoted) > 3
    for words in (part.strip() for quote in quoted for part in quote.split("...")):
        assert words in said


@pytest.mark.parametrize("preset", Preset)
def test_the_page_on_quotas_says_what_presets_bring(preset: Preset) -> None:
    row = next(
        line for line in read("docs/quotas.md").splitlines() if line.startswith(f"| {preset} |")
    )
    start = PRESETS[preset]

    for rule in start.rules:
        amount = shown(rule.unit or Unit.JOBS, rule.amount).removesuffix(".00")
        assert amount in row or f"{rule.amount} a {rule.window}" in row
    assert f"gifts {'on' if start.settings['gifts'] else 'off'}" in row
    assert f"economy {'off' if start.settings['economy'] is None else 'from'}" in row
    assert f"{start.settings['economy'] or ''}" in row


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "THREAT_MODEL.md",
        *sorted(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")),
    ],
)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    here = (ROOT / page).parent
    targets = re.findall(r"\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)", read(page))

    assert [target for target in targets if not (here / target).exists()] == []


@pytest.mark.parametrize("entry", REGISTRY, ids=[each.table.name for each in REGISTRY])
def test_the_privacy_policy_names_what_is_stored_and_how_long(entry: Entry) -> None:
    assert f"| {entry.says} | {entry.retention.says} |" in read("docs/privacy-policy.md")


def test_the_privacy_policy_names_nothing_else() -> None:
    rows = read("docs/privacy-policy.md").partition("| what | how long |")[2].partition("\n\n")[0]

    assert len(rows.strip().splitlines()) - 1 == len(REGISTRY)
    assert f"purged {PURGE.days} days later" in read("docs/privacy-policy.md")
    assert f"purged {PURGE.days} days later" in read("docs/operator.md")
    usual = GuildChoices()
    for name in ("prompt_hours", "history_days", "log_days"):
        assert f"({getattr(usual, name)}" in read("docs/server-owner.md")
