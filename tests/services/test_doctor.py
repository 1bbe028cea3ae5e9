"""The doctor: one finding a part, none hides another, and each problem names its cure."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from bot.domain.errors import DamagedPicture, NotSetUp, ProviderUnreachable, SetupError
from bot.imaging.pool import Imaging, open_imaging
from bot.providers.base import Ending, Finding, ImageProvider, ProviderName
from bot.services import doctor
from bot.services.doctor import (
    Check,
    budget_check,
    database_finding,
    examine,
    machine_checks,
    opens_pictures,
    provider_check,
    takes_writes,
    workers_finding,
)
from bot.settings import limits_money, load_settings
from bot.storage.database import open_database
from tests.services.clocks import FrozenClock
from tests.services.studio import Told, answer, picture


def url_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


async def found(checks: Mapping[str, Check]) -> list[Finding]:
    return [finding async for finding in examine(checks)]


async def fine() -> Sequence[Finding]:
    return [Finding(subject="fine", well=True, says="works")]


def failing(error: Exception) -> Check:
    async def check() -> Sequence[Finding]:
        raise error

    return check


async def test_this_machine_is_well(tmp_path: Path) -> None:
    findings = await found(machine_checks(url_of(tmp_path / "data" / "easel.db")))

    assert [finding.subject for finding in findings] == ["Database", "Disk", "Image workers"]
    assert [finding for finding in findings if not finding.well] == []
    assert str(tmp_path) in findings[1].says


@pytest.mark.parametrize(
    ("provider", "environ", "says"),
    [
        ("openai", {}, ["MONTHLY_BUDGET_DOLLARS is empty and BOT_LIMITS"]),
        ("openai", {"BOT_LIMITS": "9 pictures a day"}, ["MONTHLY_BUDGET_DOLLARS is empty and"]),
        ("openai", {"BOT_LIMITS": "$9 a day"}, []),
        ("openai", {"MONTHLY_BUDGET_DOLLARS": "50"}, []),
        ("openai", {"MONTHLY_BUDGET_DOLLARS": "0"}, []),
        ("sketch", {}, []),
    ],
)
async def test_a_missing_budget_is_said_but_not_wrong(
    provider: ProviderName, environ: dict[str, str], says: list[str]
) -> None:
    limited = limits_money(load_settings(environ))
    findings = await found({"Budget": budget_check(provider, is_limited=limited)})

    assert [finding.well for finding in findings] == [True for _ in says]
    assert [finding.says[: len(text)] for finding, text in zip(findings, says, strict=True)] == says


async def test_a_damaged_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "easel.db"
    file.write_bytes(b"not a database at all" * 100)

    finding, *others = await found(machine_checks(url_of(file)))

    assert (finding.subject, finding.well) == ("Database", False)
    assert "is not a SQLite database" in finding.says
    assert [other.well for other in others] == [True, True]
    assert file.read_bytes().startswith(b"not a database")


async def test_a_database_in_use_by_a_running_easel_is_well(tmp_path: Path) -> None:
    url = url_of(tmp_path / "easel.db")
    async with open_database(url):
        finding = (await found({"database": machine_checks(url)["Database"]}))[0]

    assert finding.well
    assert "running Easel uses it" in finding.says


async def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nearly_full(_path: Path) -> SimpleNamespace:
        return SimpleNamespace(free=12_000_000)

    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    check = machine_checks(url_of(tmp_path / "not" / "yet" / "easel.db"))["Disk"]

    (finding,) = await found({"disk": check})

    assert not finding.well
    assert finding.says == f"0.0 GB are free in {tmp_path}."
    assert "Make room" in finding.cure


async def test_a_database_elsewhere_has_no_disk_here() -> None:
    check = machine_checks("postgresql+asyncpg://easel:secret@127.0.0.1/easel")["Disk"]

    assert await found({"disk": check}) == []


@pytest.mark.parametrize(
    ("error", "says", "cure"),
    [
        (SetupError("NAME is wrong; correct it."), "NAME is wrong; correct it.", ""),
        (DamagedPicture(what="picture"), "Your picture is damaged", "Save it again"),
        (ProviderUnreachable(), "could not be reached", "Ask again"),
        (RuntimeError("odd"), "failed with RuntimeError: odd", "may be a bug"),
    ],
)
async def test_one_broken_part_does_not_hide_the_others(
    error: Exception, says: str, cure: str
) -> None:
    first, second = await found({"broken": failing(error), "fine": fine})

    assert (first.subject, first.well) == ("broken", False)
    assert says in first.says
    assert cure in first.cure
    assert second.well


async def test_a_part_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent() -> Sequence[Finding]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(doctor, "CHECK_SECONDS", 0.02)

    first, second = await found({"silent": silent, "fine": fine})

    assert "No answer came" in first.says
    assert second.well


async def test_the_provider_answers_for_itself() -> None:
    closed: list[bool] = []

    class Provider(Told):
        async def check(self) -> list[Finding]:
            return [Finding(subject="key", well=False, says="refused", cure="Get another.")]

        async def endings(self) -> tuple[Ending, ...]:
            raise NotSetUp

    @asynccontextmanager
    async def opened() -> AsyncGenerator[ImageProvider]:
        yield Provider(answer(picture()))
        closed.append(True)

    (finding,) = await found({"key": provider_check(opened)})

    assert (finding.subject, finding.well) == ("key", False)
    assert closed == [True]


async def test_every_offered_model_that_ends_is_named_beside_the_bots_own() -> None:
    clock = FrozenClock()
    today = clock.now().date()
    ends = (
        Ending(model="told-1", day=today, successor="the provider's check says that"),
        Ending(model="told-draw", day=today + timedelta(days=9), successor="told-1"),
        Ending(model="past", day=today),
        Ending(model="gone", day=None),
        Ending(model="far", day=today + timedelta(days=61)),
    )

    @asynccontextmanager
    async def opened() -> AsyncGenerator[ImageProvider]:
        yield Told(answer(picture()), ends=ends)

    findings = await found({"key": provider_check(opened, clock=clock)})

    assert [finding.says for finding in findings] == [
        "told-draw, which members can choose, shuts down on 2026-11-27; its successor is told-1.",
        "past, which members can choose, was shut down on 2026-11-18.",
        "gone, which members can choose, is no longer offered.",
    ]
    assert all(finding.well for finding in findings)


async def test_a_database_that_lost_its_version(tmp_path: Path) -> None:
    async with open_database(url_of(tmp_path / "easel.db")) as database:
        assert await takes_writes(database)
        await database.write(lambda connection: connection.exec_driver_sql(FORGET).close())
        assert not await takes_writes(database)
        finding = await database_finding(database)

    assert (finding.well, finding.says) == (False, "Its version is missing.")


async def test_workers_that_are_at_work_are_not_given_more() -> None:
    class Busy:
        def health(self) -> SimpleNamespace:
            return SimpleNamespace(busy=1)

    assert await opens_pictures(cast("Imaging", Busy()))


async def test_a_worker_opens_a_picture() -> None:
    async with open_imaging(workers=1) as imaging:
        assert await opens_pictures(imaging)
        assert (await workers_finding(imaging)).well


async def test_a_worker_that_makes_nothing_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(_imaging: Imaging) -> bool:
        return False

    monkeypatch.setattr(doctor, "opens_pictures", nothing)

    assert not (await workers_finding(cast("Imaging", None))).well


FORGET = "DELETE FROM alembic_version"
