"""Looks at everything that Easel needs and says in plain words what is wrong and how to mend it."""

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date
from pathlib import Path
from typing import Final

from bot.domain.clock import Clock, SystemClock
from bot.domain.errors import DatabaseInUse, ProviderError, SetupError, UserError
from bot.domain.messages import Phrase
from bot.imaging.pool import Imaging, open_imaging
from bot.providers.base import Ending, Finding, ImageProvider, ProviderName
from bot.services.alerts import is_near, is_over
from bot.storage.address import SqliteFile, parse
from bot.storage.database import Database, open_database
from bot.storage.probe import write_nothing

Check = Callable[[], Awaitable[Sequence[Finding]]]
"""Looks at one part; a SetupError or UserError that it raises is a finding, too."""

CHECK_SECONDS: Final = 30.0
"""How long one check may take."""

ENOUGH_DISK: Final = 500_000_000
"""Bytes that should be free where the database is."""

_DOT: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000"
    "000d49444154789c63f8cfc0f01f00050001ff89993d1d0000000049454e44ae426082"
)  # a PNG of one pixel


async def examine(checks: Mapping[str, Check]) -> AsyncGenerator[Finding]:
    """Run *checks* one after the other and yield what each found; none can stop the others."""
    for subject, check in checks.items():
        for finding in await _findings(subject, check):
            yield finding


def machine_checks(database_url: str) -> dict[str, Check]:
    """Return the checks of what is on this machine.

    A database that is there is prepared as a start would; one that is not is left to the start.
    """

    async def database() -> list[Finding]:
        if (address := _not_there_yet(database_url)) is not None:
            return [_new_database_finding(address)]
        try:
            async with open_database(database_url) as opened:
                return [await database_finding(opened)]
        except DatabaseInUse:
            says = "A running Easel uses it; its page /readyz tells whether it takes writes."
            return [Finding(subject="Database", well=True, says=says)]

    async def disk() -> list[Finding]:
        return await asyncio.to_thread(_disk, database_url)

    async def workers() -> list[Finding]:
        async with open_imaging(workers=1) as imaging:
            return [await workers_finding(imaging)]

    return {"Database": database, "Disk": disk, "Image workers": workers}


def provider_check(
    opened: Callable[[], AbstractAsyncContextManager[ImageProvider]], *, clock: Clock | None = None
) -> Check:
    """Return the check of the picture maker that *opened* opens; nothing is spent."""
    today = (clock or SystemClock()).now().date()

    async def check() -> list[Finding]:
        async with opened() as provider:
            return [*await provider.check(), *await _other_endings(provider, today)]

    return check


def budget_check(provider: ProviderName, *, is_limited: bool) -> Check:
    """Return the check of the budget for all servers; without one nothing is wrong, but said."""

    async def check() -> list[Finding]:
        if provider == "sketch" or is_limited:
            return []
        says = (
            "MONTHLY_BUDGET_DOLLARS is empty and BOT_LIMITS names no dollars, so the managers of "
            "each server may raise what it spends; set one where you do not know them all."
        )
        return [Finding(subject="Budget", well=True, says=says)]

    return check


async def database_finding(database: Database) -> Finding:
    """Return what is to be said of *database*."""
    if await takes_writes(database):
        return Finding(subject="Database", well=True, says="It takes writes.")
    return Finding(
        subject="Database",
        well=False,
        says="Its version is missing.",
        cure="Restore a back-up, or name another file in DATABASE_URL.",
    )


async def workers_finding(imaging: Imaging) -> Finding:
    """Return what is to be said of the workers of *imaging*."""
    if await opens_pictures(imaging):
        return Finding(subject="Image workers", well=True, says="They open pictures.")
    return Finding(
        subject="Image workers",
        well=False,
        says="They made nothing of a picture.",
        cure="This may be a bug in Easel.",
    )


async def takes_writes(database: Database) -> bool:
    """Tell whether *database* takes a write now; raises what `Database.write` raises."""
    return await database.write(write_nothing)


async def opens_pictures(imaging: Imaging) -> bool:
    """Tell whether a worker opens a picture now; raises what `Imaging.normalise` raises."""
    if imaging.health().busy:
        return True  # at work; a further job would only wait
    return bool((await imaging.normalise(_DOT, side=16)).data)


async def _findings(subject: str, check: Check) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check()
    except TimeoutError:
        says, cure = (
            f"No answer came in {CHECK_SECONDS:.0f} seconds.",
            "Look at the network and retry.",
        )
    except SetupError as error:
        says, cure = str(error), ""
    except UserError as error:
        says, cure = Phrase(error.message, **error.said), Phrase(error.tip, **error.said)
    except Exception as error:  # noqa: BLE001 - one broken part must not hide the others
        says, cure = (
            f"Looking failed with {type(error).__name__}: {error}",
            "This may be a bug in Easel.",
        )
    return [Finding(subject=subject, well=False, says=says, cure=cure)]


async def _other_endings(provider: ImageProvider, today: date) -> list[Finding]:
    """Return which models end besides the bot's own, of which the provider's check tells.

    They are no problem of the operator's, only of those who choose them.
    """
    try:
        found = await provider.endings()
    except ProviderError:
        return []  # the provider's check says why
    own = next(iter(provider.models), None)
    return [
        Finding(subject="Model", well=True, says=_ending_in_words(ending, today))
        for ending in found
        if ending.model != own and is_near(ending, today)
    ]


def _ending_in_words(ending: Ending, today: date) -> str:
    after = f"; its successor is {ending.successor}" if ending.successor else ""
    if ending.day is None:
        return f"{ending.model}, which members can choose, is no longer offered{after}."
    verb = "was shut down" if is_over(ending, today) else "shuts down"
    return f"{ending.model}, which members can choose, {verb} on {ending.day.isoformat()}{after}."


def _not_there_yet(database_url: str) -> SqliteFile | None:
    address = parse(database_url)
    if not isinstance(address, SqliteFile):
        return None
    there = any(each.exists() for each in (address.path, address.beside("-wal"), address.restoring))
    return None if there else address


def _new_database_finding(address: SqliteFile) -> Finding:
    directory = _existing(address.path.parent)
    if directory.is_dir() and os.access(directory, os.W_OK | os.X_OK):
        return Finding(
            subject="Database", well=True, says=f"There is none yet; a start makes {address.path}."
        )
    return Finding(
        subject="Database",
        well=False,
        says=f"There is none yet, and {directory} cannot be written.",
        cure="Give the user that runs Easel write access to it, or change DATABASE_URL.",
    )


def _disk(database_url: str) -> list[Finding]:
    address = parse(database_url)
    if not isinstance(address, SqliteFile):
        return []
    directory = _existing(address.path.parent)
    free = shutil.disk_usage(directory).free
    return [
        Finding(
            subject="Disk",
            well=free >= ENOUGH_DISK,
            says=f"{free / 1e9:.1f} GB are free in {directory}.",
            cure="" if free >= ENOUGH_DISK else "Make room, or move the database to another disk.",
        )
    ]


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())
