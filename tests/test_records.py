"""The operator's commands for a person's and a server's data, and for the key: real processes."""

import asyncio
import json
import re
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.services.fingerprints import load_keys
from bot.storage.address import SqliteFile
from bot.storage.database import Connection, open_database
from bot.storage.tables import jobs
from tests.fakes.discord_api import FakeDiscord
from tests.migrated import migrated
from tests.storage.people import beside, fill, traces
from tests.test_cli import easel, start, until_ready
from tests.web.test_health import free_port

ANN, BOB, GUILD, ELSEWHERE = (
    812_345_678_901_234_567,
    823_456_789_012_345_678,
    1_012_345_678_901_234_567,
    1_023_456_789_012_345_678,
)


async def filled(directory: Path, kind: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the settings of a database that knows Ann on two servers."""
    environ = {"IMAGE_PROVIDER": "sketch", "HASH_KEY": "k" * 32}
    if kind == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    else:
        url = migrated(directory / "easel.db")
    async with open_database(url) as database:
        for guild_id in (GUILD, ELSEWHERE):
            await database.write(lambda c, guild_id=guild_id: fill(c, guild_id, ANN, BOB))
    return {**environ, "DATABASE_URL": url}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_person_is_shown_and_deleted(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    environ = await filled(tmp_path, kind, request)

    shown = await easel(tmp_path, environ, "person", "show", str(ANN))
    assert shown.code == 0, shown.err
    written = json.loads(shown.out)
    assert written["user_id"] == ANN
    assert {"jobs", "ledger", "audit"} <= {each["table"] for each in written["stored"]}
    asked = await easel(tmp_path, environ, "person", "delete", str(ANN))
    assert asked.code == 1
    assert "It cannot be undone" in asked.out
    assert (await easel(tmp_path, environ, "person", "show", str(ANN))).code == 0

    done = await easel(tmp_path, environ, "person", "delete", str(ANN), "--yes")

    assert done.code == 0, done.err
    assert re.search(r"^Erased on 2 servers; the receipt is \w{8}\.$", done.out, re.MULTILINE)
    again = await easel(tmp_path, environ, "person", "delete", str(ANN), "--yes")
    assert (again.code, again.err.splitlines()[-1]) == (3, f"easel: Nothing is stored of {ANN}.")
    gone = await easel(tmp_path, environ, "person", "show", str(ANN))
    assert (gone.code, gone.out) == (3, "")
    if kind == "sqlite":
        assert [
            each for each in traces(beside(tmp_path / "easel.db"), ANN) if "wo" not in each
        ] == []


async def test_what_is_shown_can_go_to_a_file_of_its_own(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    environ = await filled(tmp_path, "sqlite", request)
    words = ("person", "show", str(ANN), "--file", "ann.json")

    done = await easel(tmp_path, environ, *words)

    file = tmp_path / "ann.json"
    assert (done.code, file.stat().st_mode & 0o777) == (0, 0o600)
    assert json.loads(file.read_text("utf-8"))["user_id"] == ANN
    refused = await easel(tmp_path, environ, *words)
    assert refused.code == 78
    assert "name a new file" in refused.err


async def test_a_server_is_shown_and_purged(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    environ = await filled(tmp_path, "sqlite", request)

    shown = await easel(tmp_path, environ, "server", "show", str(GUILD))
    assert shown.code == 0, shown.err
    assert "  2 jobs" in shown.out
    done = await easel(tmp_path, environ, "server", "delete", str(GUILD), "--yes")
    assert done.code == 0, done.err
    assert "the ledger keeps its sums" in done.out

    gone = await easel(tmp_path, environ, "server", "show", str(GUILD))
    assert gone.code == 3
    assert (await easel(tmp_path, environ, "server", "show", str(ELSEWHERE))).code == 0
    here = GUILD.to_bytes(8, "big")
    assert not any(here in each.read_bytes() for each in beside(tmp_path / "easel.db"))


@pytest.mark.parametrize("whose", [("person", ANN), ("server", GUILD)])
async def test_what_has_not_ended_is_not_deleted(
    whose: tuple[str, int], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    environ = await filled(tmp_path, "sqlite", request)
    with closing(sqlite3.connect(tmp_path / "easel.db")) as connection:
        connection.execute("UPDATE jobs SET finished_at = NULL")
        connection.commit()

    done = await easel(tmp_path, environ, whose[0], "delete", str(whose[1]), "--yes")

    assert done.code == 1
    assert "has not come to its end; start Easel, let it finish" in done.err
    assert (await easel(tmp_path, environ, whose[0], "show", str(whose[1]))).code == 0


async def test_beside_a_running_easel_one_may_look_and_not_delete(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    environ = await filled(tmp_path, "sqlite", request)
    async with open_database(environ["DATABASE_URL"]):
        shown = await easel(tmp_path, environ, "person", "show", str(ANN))
        done = await easel(tmp_path, environ, "person", "delete", str(ANN), "--yes")
        turned = await easel(tmp_path, {**environ, "HASH_KEY": ""}, "rotate-key")

    assert shown.code == 0, shown.err
    for each in (done, turned):
        assert each.code == 78
        assert "Another Easel already uses" in each.err


async def test_the_key_is_changed_and_the_old_one_forgotten(tmp_path: Path) -> None:
    environ = {"IMAGE_PROVIDER": "sketch", "DATABASE_URL": migrated(tmp_path / "easel.db")}
    key = SqliteFile(tmp_path / "easel.db").key
    (first,) = load_keys(key)

    done = await easel(tmp_path, environ, "rotate-key")
    assert done.code == 0, done.err
    assert load_keys(key)[1:] == (first,)
    asked = await easel(tmp_path, environ, "rotate-key", "--forget-old")
    assert (asked.code, "It cannot be undone" in asked.out) == (1, True)
    assert load_keys(key)[1:] == (first,)
    assert (await easel(tmp_path, environ, "rotate-key", "--forget-old", "--yes")).code == 0
    assert len(load_keys(key)) == 1

    own = await easel(tmp_path, {**environ, "HASH_KEY": "k" * 16}, "rotate-key")
    assert own.code == 78
    assert "HASH_KEY_OLD to the one in use" in own.err
    half = await easel(
        tmp_path, {**environ, "HASH_KEY_OLD": "k" * 16}, "person", "delete", str(ANN), "--yes"
    )
    assert half.code == 78
    assert "HASH_KEY_OLD is set, but HASH_KEY is not" in half.err


async def test_a_server_that_left_while_easel_was_off_is_found(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The gateway of this fake says in READY which servers there are, as Discord does."""
    async with FakeDiscord() as discord:
        here = discord.add_guild("Art Club", discord.world.add_user("ann"))
        environ = await filled(tmp_path, "sqlite", request)
        async with open_database(environ["DATABASE_URL"]) as database:
            await database.write(lambda c: fill(c, here.id, ANN, BOB))
            await database.write(lambda c: by_application(c, discord.bot.id))
        port = str(free_port())
        more = {**environ, **discord.environment, "HEALTH_PORT": port}
        process = await start(tmp_path, more, "run")
        await until_ready(f"http://127.0.0.1:{port}", process)
        async with asyncio.timeout(20):
            while not (found := departed(tmp_path / "easel.db")):
                assert process.child.returncode is None
                await asyncio.sleep(0.05)
        process.send(signal.SIGTERM)
        done = await process.ended()

    assert done.code == 0, done.err
    assert found == [GUILD, ELSEWHERE]


def by_application(connection: Connection, application_id: int) -> None:
    """Let all requests have been made with this application."""
    connection.execute(update(jobs).values(application_id=application_id))


def departed(path: Path) -> list[int]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT guild_id FROM departures ORDER BY 1").fetchall()
    return [each for (each,) in rows]


@pytest.mark.parametrize("command", ["person", "server"])
async def test_what_is_no_id_of_discords_deletes_nothing(command: str, tmp_path: Path) -> None:
    ended = await easel(tmp_path, {"IMAGE_PROVIDER": "sketch"}, command, "delete", "5", "--yes")

    assert ended.code == 2
    assert "'5' is no id" in ended.err
    assert not (tmp_path / "data").exists()
