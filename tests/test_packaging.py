"""What is shipped: the wheel, the pinned requirements and the image's recipe."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import packages_distributions
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
ROOMS = ("bot", "cogs", "migrations")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
ASKED = [
    *PROJECT["project"]["dependencies"],
    *(each for extra in EXTRAS.values() for each in extra),
]
SETS = ("build", "run", "demo", "fast", "heic", "dev")
ONLY_FOR_THE_DEMO = {"simcord", "av", "linkify-it-py"}
ONLY_FOR_US = {"pytest", "ruff", "basedpyright", "playwright", "setuptools", "uv"}


def pinned(name: str) -> Mapping[str, str]:
    """Return the versions that one requirements file pins, by normalised name."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    found = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", text, re.MULTILINE)
    return {canonicalize_name(package): version for package, version in found}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of what it is made of."""
    source = tmp_path_factory.mktemp("source")
    for room in ROOMS:
        shutil.copytree(ROOT / room, source / room, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    target = tmp_path_factory.mktemp("wheel")
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--wheel-dir")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, str(target), "."],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (built,) = target.glob("easel-*.whl")
    return built


def test_the_wheel_holds_every_file_of_the_rooms_and_nothing_else(wheel: Path) -> None:
    expected = {
        str(file.relative_to(ROOT))
        for room in ROOMS
        for file in (ROOT / room).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    with ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert held == expected


def test_the_wheel_has_the_script_and_the_licence(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = {name.partition(".dist-info/")[2]: name for name in archive.namelist()}
        scripts = archive.read(names["entry_points.txt"]).decode()

    assert "easel = bot.__main__:main" in scripts
    assert "licenses/LICENSE" in names


@pytest.mark.parametrize("name", SETS)
def test_every_requirement_has_hashes_and_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())

    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


@pytest.mark.parametrize("requirement", PROJECT["project"]["dependencies"])
def test_the_pins_are_what_the_project_asks_for(requirement: str) -> None:
    asked = Requirement(requirement)
    version = pinned("run")[canonicalize_name(asked.name)]

    assert version in asked.specifier


def test_everything_imported_is_asked_for() -> None:
    asked = {canonicalize_name(Requirement(each).name) for each in ASKED}
    homes = packages_distributions()
    imported = {
        name for room in ROOMS for file in (ROOT / room).rglob("*.py") for name in names_in(file)
    }
    foreign = imported - sys.stdlib_module_names - set(ROOMS)

    assert {
        name for name in foreign if not asked & {canonicalize_name(d) for d in homes[name]}
    } == set()


def names_in(file: Path) -> set[str]:
    """Return the top-level packages that *file* imports."""
    found = re.findall(
        r"^\s*(?:from|import) ([a-zA-Z_]\w*)[\w.]*(?: import|$)",
        file.read_text("utf-8"),
        re.MULTILINE,
    )
    return set(found)


def test_the_sets_agree_and_hold_only_what_they_are_for() -> None:
    run, demo, dev = pinned("run"), pinned("demo"), pinned("dev")

    assert run.items() <= demo.items() <= dev.items()
    assert not (ONLY_FOR_THE_DEMO | ONLY_FOR_US) & run.keys()
    assert demo.keys() >= ONLY_FOR_THE_DEMO
    assert not ONLY_FOR_US & demo.keys()
    assert pinned("build").items() <= dev.items()


def test_gpl_code_comes_only_where_it_is_asked_for() -> None:
    heic = pinned("heic")

    assert pinned("run").items() <= heic.items() <= pinned("dev").items()
    assert heic.keys() - pinned("run").keys() == {"pillow-heif"}
    assert "pillow-heif" not in pinned("demo")
    assert "ARG EXTRA=\n" in (ROOT / "Dockerfile").read_text("utf-8")


def test_what_makes_pictures_fast_is_optional_and_in_the_image() -> None:
    fast = pinned("fast")

    assert pinned("run").items() <= fast.items() <= pinned("dev").items()
    assert fast.keys() - pinned("run").keys() == {
        "cffi",
        "cykooz-resizer",
        "pycparser",
        "pyvips-binary",
    }
    assert "-r requirements/fast.txt" in (ROOT / "Dockerfile").read_text("utf-8")


def test_the_image_is_made_as_promised() -> None:
    recipe = (ROOT / "Dockerfile").read_text("utf-8")
    _, build, final = recipe.split("\nFROM ")

    assert "--require-hashes -r requirements/run.txt" in build
    assert "demo.txt" not in recipe
    assert "dev.txt" not in recipe
    assert "USER 10001:10001" in final
    assert "ca-certificates" in final
    assert "pip" not in final
    assert "HEALTHCHECK" in final
    assert "curl" not in final
