"""The command line as an operator meets it: real processes, exit codes, one sentence.

Most of them are born with what they import; `started` are those where the whole start counts.
"""

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncGenerator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import aiohttp
import pytest

from tests.fakes.discord_api import FakeDiscord
from tests.fakes.discord_schema import Json
from tests.process.nursery import born
from tests.process.processes import Child, Launch, Start, started
from tests.web.test_health import free_port

ROOT = Path(__file__).parent.parent
MENU = 3  # a command in the menu of a message
CANARY = "canary-0123456789-canary"
STRANGE = " in the file .env is no setting of Easel."
NOBODY = "http://127.0.0.1:9/api/v10"  # the discard port: nothing listens there


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended and what it said."""

    code: int | None
    out: str
    err: str


@pytest.fixture
async def discord() -> AsyncGenerator[FakeDiscord]:
    async with FakeDiscord() as fake:
        yield fake


@dataclass(frozen=True, slots=True)
class Running:
    """A process and what it writes."""

    child: Child
    out: IO[bytes]
    err: IO[bytes]

    def send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # it may just have ended
            if self.child.returncode is None:
                os.kill(self.child.pid, number)

    async def ended(self) -> Ended:
        async with asyncio.timeout(60):
            code = await self.child.wait()
        return Ended(code, written(self.out), written(self.err))


def written(file: IO[bytes]) -> str:
    with file:
        file.seek(0)
        return file.read().decode()


async def start(
    directory: Path, environ: Mapping[str, str], *words: str, launch: Launch = born
) -> Running:
    """Start `python -m bot` in *directory* with nothing in its environment but *environ*."""
    base = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(directory)}
    out, err = TemporaryFile(), TemporaryFile()  # noqa: SIM115 - closed when they are read
    child = await launch(
        Start(
            arguments=("-m", "bot", *words),
            folder=directory,
            environment={**base, **environ},
            out=out.fileno(),
            err=err.fileno(),
        )
    )
    return Running(child, out, err)


async def easel(
    directory: Path, environ: Mapping[str, str], *words: str, launch: Launch = born
) -> Ended:
    return await (await start(directory, environ, *words, launch=launch)).ended()


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def last(text: str) -> str:
    return text.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({}, "easel: DISCORD_TOKEN is not set; copy"),
        ({"DISCORD_TOKEN": CANARY}, "easel: OPENAI_API_KEY is not set; put"),
        ({"DISCORD_TOKEN_FILE": "nowhere"}, "easel: DISCORD_TOKEN_FILE names the file nowhere"),
        ({"DISCORD_TOKEN": CANARY, "LOG_FORMAT": CANARY}, "easel: LOG_FORMAT must be text or json"),
    ],
)
async def test_a_wrong_setting_ends_with_78_and_one_sentence(
    environ: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    done = await easel(tmp_path, environ, "run")

    assert done.code == 78
    assert done.err.startswith(sentence)
    assert len(done.err.splitlines()) == 1
    assert CANARY not in done.err
    assert files(tmp_path) == []


async def test_a_file_with_settings_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f'DISCORD_TOKEN="{CANARY}"\nLOG_LEVEL=bad\nLOG_FORMAT=bad\n')

    done = await easel(tmp_path, {"LOG_LEVEL": "INFO", "DISCORD_TOKEN": ""}, "run")

    assert (done.code, done.err[:24]) == (78, "easel: LOG_FORMAT must b")


async def test_a_line_of_the_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"LOG_LEVEL=INFO\n\n# a token\nDISCORD_TOKEN='{CANARY}\n")

    done = await easel(tmp_path, {}, "run")

    assert (done.code, len(done.err.splitlines())) == (78, 1)
    assert done.err.startswith("easel: Line 4 of the file .env cannot be read; write NAME=value")
    assert CANARY not in done.err


async def test_without_the_file_a_missing_token_says_so(tmp_path: Path) -> None:
    nowhere = await easel(tmp_path, {}, "sync")
    (tmp_path / ".env").touch()
    there = await easel(tmp_path, {}, "sync")

    assert f"There is no file .env in {tmp_path}; start Easel where it is." in nowhere.err
    assert "There is no file" not in there.err


async def test_doctor_names_what_is_no_setting_in_the_file(tmp_path: Path) -> None:
    lines = ("MONTHLY_BUDGET_DOLARS=20", "", "DISCORD_TOKEN_FILE=", "EASEL_EXTRA=heic", CANARY)
    (tmp_path / ".env").write_text("\n".join((*lines, "COLOUR_OF_THE_MOON=1")))
    environ = {"IMAGE_PROVIDER": "sketch", "LOG_LEVLE": "of the environment"}

    done = await easel(tmp_path, environ, "doctor")

    told = [line for line in done.out.splitlines() if "Settings: " in line]
    assert done.code == 1
    assert [line.removeprefix("problem  Settings: ") for line in told] == [
        f"MONTHLY_BUDGET_DOLARS{STRANGE} Did you mean MONTHLY_BUDGET_DOLLARS?",
        "Line 5 of the file .env is no setting. Write NAME=value there.",
        f"COLOUR_OF_THE_MOON{STRANGE} docs/settings.md has all of them.",
    ]
    assert (CANARY in done.out + done.err, done.err) == (False, "")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("person", "show", "abc"), 2, "'abc' is no id; an id is a long number"),
        (("doctor", "--channel", "CHANNEL_ID"), 2, "'CHANNEL_ID' is no id; an id is a long number"),
        (("top", "foo"), 78, "foo is no HOST:PORT; write it as in 127.0.0.1:8080."),
        (("stops", "list", "127.0.0.1:0"), 78, "127.0.0.1:0 is no HOST:PORT"),
        (("jobs", "list"), 78, "cannot be used (ConnectionRefusedError); check its address"),
    ],
)
async def test_a_wrong_word_is_told_with_what_it_should_be(
    tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    away = {"DATABASE_URL": "postgresql://me:hush@127.0.0.1:9/easel"}  # nothing listens there

    done = await easel(tmp_path, away, *words)

    assert (done.code, says in done.err) == (code, True), done.err


async def test_a_refused_token_ends_with_78(discord: FakeDiscord, tmp_path: Path) -> None:
    environ = {**discord.environment, "DISCORD_TOKEN": CANARY, "IMAGE_PROVIDER": "sketch"}

    done = await easel(tmp_path, environ, "run")

    assert done.code == 78
    assert last(done.err).startswith("easel: Discord does not accept DISCORD_TOKEN. Reset it")
    assert "Traceback" not in done.err
    assert CANARY not in done.err


async def test_a_damaged_database_ends_with_78_and_stays(tmp_path: Path) -> None:
    (tmp_path / "easel.db").write_bytes(b"something else")
    environ = {
        "DISCORD_TOKEN": CANARY,
        "IMAGE_PROVIDER": "sketch",
        "DATABASE_URL": "sqlite+aiosqlite:///easel.db",
    }

    done = await easel(tmp_path, environ, "run")

    assert done.code == 78
    assert "is not a SQLite database and was left as it is" in last(done.err)
    assert (tmp_path / "easel.db").read_bytes() == b"something else"


async def test_discord_out_of_reach_ends_with_1(tmp_path: Path) -> None:
    environ = {"DISCORD_TOKEN": CANARY, "IMAGE_PROVIDER": "sketch", "DISCORD_API_URL": NOBODY}

    done = await easel(tmp_path, environ, "run")

    assert done.code == 1
    assert last(done.err).startswith("easel: Discord could not be reached")
    assert "Traceback" not in done.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_run_gets_ready_serves_health_and_stops_cleanly(
    number: signal.Signals, discord: FakeDiscord, tmp_path: Path
) -> None:
    discord.add_guild("Art Club", discord.world.add_user("ann"))
    port = str(free_port())
    environ = {**discord.environment, "IMAGE_PROVIDER": "sketch", "HEALTH_PORT": port}
    told = {**environ, "LOG_LEVEL": "DEBUG"}
    process = await start(tmp_path, told, "run", launch=started)
    await until_ready(f"http://127.0.0.1:{port}", process)

    process.send(number)
    done = await process.ended()

    assert done.code == 0, done.err
    assert "ready [bot.client] servers=1" in done.err
    assert "stopped [bot.running]" in last(done.err)
    assert discord.token not in done.err + done.out
    assert (tmp_path / "data" / "easel.db").exists()
    assert discord.violations == []


async def until_ready(url: str, process: Running) -> None:
    """Wait until both health pages say yes."""
    async with asyncio.timeout(40), aiohttp.ClientSession() as session:
        for page in ("readyz", "healthz"):
            while process.child.returncode is None and not await says_yes(session, f"{url}/{page}"):
                with suppress(TimeoutError):
                    await asyncio.wait_for(process.child.wait(), 0.05)


async def says_yes(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False


async def test_sync_needs_only_the_token(discord: FakeDiscord, tmp_path: Path) -> None:
    done = await easel(tmp_path, discord.environment, "sync")

    assert done.code == 0, done.err
    (registered,) = discord.world.commands.values()
    names = {seen(command) for command in registered}
    assert names >= {"/imagine", "/edit", "/vary"}
    assert {each["name_localizations"]["de"] for each in registered} > {"imagine", "limits"}
    assert "are registered for all servers" in done.out
    assert all(name in done.out for name in names)
    readme = (ROOT / "README.md").read_text("utf-8")
    typed = [path for command in registered for path in paths(command)]
    assert [path for path in typed if f"`{path}" not in readme] == []
    assert done.err == ""
    assert files(tmp_path) == []
    assert discord.violations == []


def seen(command: Json) -> str:
    """Return the name of *command* as members see it: what is in a menu is not typed."""
    return command["name"] if command.get("type") == MENU else f"/{command['name']}"


def paths(command: Json, before: str = "") -> list[str]:
    """Return what members see of *command*: itself, or each of its subcommands."""
    path = f"{before}{command['name']}" if before else seen(command)
    below = [option for option in command.get("options", []) if option["type"] in {1, 2}]
    return [deeper for each in below for deeper in paths(each, f"{path} ")] or [path]


async def test_sync_for_one_server(discord: FakeDiscord, tmp_path: Path) -> None:
    guild = discord.add_guild("Art Club")

    done = await easel(tmp_path, discord.environment, "sync", "--guild", str(guild.id))

    assert done.code == 0, done.err
    assert discord.world.commands.keys() == {guild.id}
    assert f"on server {guild.id}" in done.out


async def test_sync_without_a_token(tmp_path: Path) -> None:
    done = await easel(tmp_path, {}, "sync")

    assert (done.code, done.err[:32]) == (78, "easel: DISCORD_TOKEN is not set;")


async def test_doctor_finds_all_well(discord: FakeDiscord, tmp_path: Path) -> None:
    guild = discord.add_guild("Art Club")
    channel = next(iter(guild.channels))
    environ = {**discord.environment, "IMAGE_PROVIDER": "sketch"}
    assert (await easel(tmp_path, environ, "sync")).code == 0

    done = await easel(tmp_path, environ, "doctor", "--channel", str(channel))

    assert done.code == 0, done.out
    assert {line[:9] for line in done.out.splitlines()} == {"ok       "}
    assert f"Channel {channel}: " in done.out
    assert done.err == ""


async def test_doctor_names_each_problem_with_its_cure(tmp_path: Path) -> None:
    environ = {"DISCORD_TOKEN": CANARY, "DISCORD_API_URL": NOBODY}

    done = await easel(tmp_path, environ, "doctor")

    problems = [line for line in done.out.splitlines() if line.startswith("problem  ")]
    assert done.code == 1
    assert any("Token: Discord could not be reached" in line for line in problems)
    assert any("Key: OPENAI_API_KEY is not set" in line for line in problems)
    assert f"ok       Database: There is none yet; a start makes {tmp_path}/data/" in done.out
    assert files(tmp_path) == []
    assert CANARY not in done.out + done.err
    assert done.err == ""


async def test_migrate_says_from_where_to_where(tmp_path: Path) -> None:
    first = await easel(tmp_path, {}, "migrate", launch=started)
    second = await easel(tmp_path, {}, "migrate")

    with sqlite3.connect(tmp_path / "data" / "easel.db") as connection:
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    connection.close()
    assert (first.code, second.code) == (0, 0)
    assert first.out == f"The database went from revision none to {revision}.\n"
    assert second.out == f"The database already has revision {revision}.\n"


async def test_check_ledger_says_what_differs_and_changes_nothing(tmp_path: Path) -> None:
    none = await easel(tmp_path, {}, "check-ledger")
    await easel(tmp_path, {}, "migrate")
    well = await easel(tmp_path, {}, "check-ledger")
    with closing(sqlite3.connect(tmp_path / "data" / "easel.db")) as connection:
        connection.execute(
            """INSERT INTO counters VALUES
            (7, 'server', 0, 'pictures', 'day', 0, 86400000, 3, 0, 9, NULL)"""
        )
        connection.commit()
    wrong = await easel(tmp_path, {}, "check-ledger")

    assert (none.code, well.code, wrong.code) == (78, 0, 1)
    assert "There is no database" in none.err
    assert well.out == "Everything adds up.\n"
    assert wrong.out == (
        "The counter of server 0 on server 7, pictures day says 3 used, the ledger 0.\n"
    )
    assert last(wrong.err) == "easel: One thing does not add up; nothing was changed."
    assert rows(tmp_path / "data" / "easel.db", "SELECT used FROM counters") == [(3,)]


def rows(file: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(question).fetchall()


async def test_a_backup_is_made_while_easel_runs_and_restored_after(
    discord: FakeDiscord, tmp_path: Path
) -> None:
    discord.add_guild("Art Club", discord.world.add_user("ann"))
    port = str(free_port())
    environ = {**discord.environment, "IMAGE_PROVIDER": "sketch", "HEALTH_PORT": port}
    process = await start(tmp_path, environ, "run")
    await until_ready(f"http://127.0.0.1:{port}", process)

    made = await easel(tmp_path, {}, "backup", "kept.db")
    running = await easel(tmp_path, {}, "restore", "kept.db")
    process.send(signal.SIGTERM)
    assert (await process.ended()).code == 0
    again = await easel(tmp_path, {}, "backup", "kept.db")
    forced = await easel(tmp_path, {}, "backup", "--force", "kept.db")
    restored = await easel(tmp_path, {}, "restore", "kept.db")

    key = (tmp_path / "data" / "easel.db.key").read_bytes()
    assert made.code == 0, made.err
    assert f"{tmp_path}/kept.db holds" in made.out
    assert f"{tmp_path}/kept.db.key is the key beside it, a secret" in made.out
    assert (tmp_path / "kept.db.key").read_bytes() == key
    assert rows(tmp_path / "kept.db", "PRAGMA quick_check") == [("ok",)]
    assert (running.code, "stop it first" in running.err) == (78, True)
    assert (again.code, "say --force" in again.err) == (78, True)
    assert (forced.code, forced.out) == (0, made.out)
    assert restored.code == 0, restored.err
    assert f"{tmp_path}/data/easel.db is now the back-up, 0 requests" in restored.out
    assert f"{tmp_path}/data/easel-before-restore-" in restored.out
    assert "Start Easel with `easel run`" in last(restored.out)


async def test_a_backup_without_a_key_and_of_no_database(tmp_path: Path) -> None:
    nothing = await easel(tmp_path, {}, "backup")
    await easel(tmp_path, {}, "migrate")
    beside = await easel(tmp_path, {}, "backup")
    server = await easel(tmp_path, {"DATABASE_URL": "postgresql://me:hush@h/easel"}, "backup")

    assert (nothing.code, "nothing to back up" in nothing.err) == (78, True)
    assert beside.code == 0, beside.err
    assert f"{tmp_path}/data/easel-2" in beside.out
    assert "There is no key file; if HASH_KEY is set" in beside.out
    assert (server.code, "pg_dump" in server.err, "hush" in server.err) == (78, True, False)


async def test_a_restore_says_what_the_backup_lacks(tmp_path: Path) -> None:
    await easel(tmp_path, {}, "migrate")
    await easel(tmp_path, {}, "backup", "kept.db")

    done = await easel(tmp_path, {}, "restore", "kept.db")

    assert done.code == 0, done.err
    assert "The back-up has no key file beside it, so the key stays as it was." in done.out


async def test_the_demo_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "simcord.py").write_text("raise ModuleNotFoundError(name='simcord')")
    environ = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}

    done = await easel(tmp_path, environ, "demo", launch=started)

    assert done.code == 78
    assert "make demo" in done.err
    assert "`make demo`" in done.err


async def test_a_copy_goes_to_postgresql_only(tmp_path: Path) -> None:
    done = await easel(tmp_path, {}, "copy-database", "data/easel.db")

    assert done.code == 78
    assert done.err.startswith("easel: DATABASE_URL must name the PostgreSQL database")
