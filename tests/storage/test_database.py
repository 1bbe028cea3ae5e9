"""Units of work: whole or not at all, one after another, whatever happens around them."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Event
from time import perf_counter

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from bot.domain.errors import StorageBusy
from bot.storage.database import Connection, Database, open_database
from bot.storage.probe import write_nothing
from bot.storage.sqlite_file import driver
from bot.storage.tables import guilds


def add(connection: Connection, guild_id: int) -> None:
    connection.execute(
        text("INSERT INTO guilds (guild_id, choices, changed_at) VALUES (:id, '{}', 0)"),
        {"id": guild_id},
    )


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(guilds)).scalar_one()


async def test_what_was_written_can_be_read(database: Database) -> None:
    await database.write(partial(add, guild_id=1))

    assert await database.read(count) == 1


async def test_the_result_of_the_work_comes_back(database: Database) -> None:
    assert await database.write(lambda connection: count(connection) + 41) == 41


async def test_nothing_remains_of_work_that_fails(database: Database) -> None:
    def work(connection: Connection) -> None:
        add(connection, 1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.write(work)

    assert await database.read(count) == 0
    await database.write(partial(add, guild_id=2))
    assert await database.read(count) == 1


async def test_what_a_statement_raises_comes_through(database: Database) -> None:
    await database.write(partial(add, guild_id=1))

    with pytest.raises(IntegrityError):
        await database.write(partial(add, guild_id=1))


async def test_errors_never_show_what_people_wrote(database: Database) -> None:
    row = {"guild_id": 1, "choices": {"prompt": "a secret prompt"}}

    with pytest.raises(IntegrityError) as caught:
        await database.write(lambda c: c.execute(insert(guilds), row))

    assert "secret" not in str(caught.value)


async def test_reading_cannot_write(database: Database) -> None:
    with pytest.raises(OperationalError, match="readonly"):
        await database.read(partial(add, guild_id=1))


async def test_a_question_sees_one_instant(database: Database, path: Path) -> None:
    def question(connection: Connection) -> tuple[int, int]:
        before = count(connection)
        with closing(sqlite3.connect(path)) as other:
            other.execute("INSERT INTO guilds VALUES (1, '{}', 0)")
            other.commit()
        return before, count(connection)

    assert await database.read(question) == (0, 0)
    assert await database.read(count) == 1


async def test_units_run_one_after_another(database: Database) -> None:
    def increment(connection: Connection) -> None:
        now = connection.execute(text("SELECT changed_at FROM guilds")).scalar_one()
        connection.execute(text("UPDATE guilds SET changed_at = :next"), {"next": now + 1})

    await database.write(partial(add, guild_id=1))
    await asyncio.gather(*(database.write(increment) for _ in range(100)))

    total = await database.read(lambda c: c.scalar(text("SELECT changed_at FROM guilds")))
    assert total == 100


async def test_more_questions_than_readers_wait_for_each_other(database: Database) -> None:
    answers = await asyncio.gather(*(database.read(count) for _ in range(40)))

    assert answers == [0] * 40


class Gate:
    """Work that waits in the writer until the test opens it."""

    def __init__(self) -> None:
        self.entered, self.opened = Event(), Event()

    def __call__(self, connection: Connection) -> None:
        self.entered.set()
        assert self.opened.wait(5)
        add(connection, 1)

    async def reached(self) -> None:
        assert await asyncio.to_thread(self.entered.wait, 5)


async def test_a_cancelled_caller_still_has_whole_work(database: Database) -> None:
    gate = Gate()
    caller = asyncio.create_task(database.write(gate))
    await gate.reached()

    caller.cancel()
    await asyncio.sleep(0)
    caller.cancel()  # impatient
    await asyncio.sleep(0)
    assert not caller.done()
    gate.opened.set()

    with pytest.raises(asyncio.CancelledError):
        await caller
    assert await database.read(count) == 1


async def test_a_caller_cancelled_in_the_queue_still_has_whole_work(database: Database) -> None:
    gate = Gate()
    first = asyncio.create_task(database.write(gate))
    await gate.reached()
    second = asyncio.create_task(database.write(partial(add, guild_id=2)))
    await asyncio.sleep(0)

    second.cancel()
    await asyncio.sleep(0)
    gate.opened.set()

    with pytest.raises(asyncio.CancelledError):
        await second
    await first
    assert await database.read(count) == 2


async def test_a_cancelled_caller_hides_what_the_work_raised(database: Database) -> None:
    gate = Gate()

    def fail(connection: Connection) -> None:
        gate(connection)
        add(connection, 1)  # again

    caller = asyncio.create_task(database.write(fail))
    await gate.reached()
    caller.cancel()
    await asyncio.sleep(0)
    gate.opened.set()

    with pytest.raises(asyncio.CancelledError):
        await caller
    assert await database.read(count) == 0


async def test_a_cancelled_question_leaves_the_readers_usable(database: Database) -> None:
    for _ in range(8):  # twice as many as there are readers
        question = asyncio.create_task(database.read(count))
        await asyncio.sleep(0.001)
        question.cancel()
        await asyncio.gather(question, return_exceptions=True)

    assert await database.read(count) == 0


async def test_work_handed_over_before_closing_is_done(url: str) -> None:
    async with open_database(url) as database:
        handed_over = [
            asyncio.create_task(database.write(partial(add, guild_id=i))) for i in (1, 2)
        ]
        await asyncio.sleep(0)
    await asyncio.gather(*handed_over)

    async with open_database(url) as database:
        assert await database.read(count) == 2


class Locked:
    """Another program that holds the write lock."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, *_: object) -> None:
        self._connection.close()


async def test_a_lock_of_another_program_is_waited_for_briefly(
    database: Database, path: Path
) -> None:
    started = perf_counter()
    with Locked(path):
        answers = await asyncio.gather(
            *(database.write(partial(add, guild_id=i)) for i in range(5)), return_exceptions=True
        )
        assert await database.read(count) == 0  # reading goes on

    assert {type(answer) for answer in answers} == {StorageBusy}
    assert 1.0 < perf_counter() - started < 5  # for all five, not 1.2 s for each
    await database.write(partial(add, guild_id=1))


async def test_a_full_disk_refuses_work_and_nothing_else(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await database.write(partial(add, guild_id=1))

    def fill(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        row = {"guild_id": 2, "choices": "x" * 100_000, "at": 0}
        connection.execute(text("INSERT INTO guilds VALUES (:guild_id, :choices, :at)"), row)

    with pytest.raises(StorageBusy):
        await database.write(fill)

    assert "disk is full" in caplog.text
    assert await database.read(count) == 1
    await database.write(lambda c: c.execute(text("UPDATE guilds SET changed_at = 1")))


async def test_a_file_that_became_read_only_refuses_work(database: Database) -> None:
    def protect(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only=ON")

    await database.write(protect)

    with pytest.raises(StorageBusy):
        await database.write(partial(add, guild_id=1))


async def test_a_statement_of_ours_that_is_wrong_is_a_bug(database: Database) -> None:
    with pytest.raises(OperationalError, match="no such table"):
        await database.write(lambda c: c.execute(text("SELECT * FROM nowhere")))


# --- units that are committed together --------------------------------------------------------


async def together(database: Database, *units: Callable[[Connection], object]) -> list[object]:
    """Hand *units* over while the writer is busy, so that they are committed together."""
    gate = Gate()
    first = asyncio.create_task(database.write(gate))
    await gate.reached()
    waiting = [asyncio.create_task(database.write(unit)) for unit in units]
    await asyncio.sleep(0)
    gate.opened.set()
    await first
    return await asyncio.gather(*waiting, return_exceptions=True)


def fail(connection: Connection) -> None:
    add(connection, 99)
    raise ZeroDivisionError


async def test_of_units_committed_together_one_that_fails_is_undone_alone(
    database: Database,
) -> None:
    units = [partial(add, guild_id=2), fail, partial(add, guild_id=1), partial(add, guild_id=3)]

    answers = await together(database, *units)

    assert [type(each) for each in answers] == [
        type(None), ZeroDivisionError, IntegrityError, type(None)
    ]  # fmt: skip
    assert await database.read(count) == 3


async def test_what_sqlite_gives_up_with_another_unit_is_told_and_not_stored(
    database: Database,
) -> None:
    def give_up(connection: Connection) -> None:
        add(connection, 98)
        driver(connection).execute("ROLLBACK")
        raise sqlite3.OperationalError

    answers = await together(database, partial(add, guild_id=2), give_up, partial(add, guild_id=3))

    assert [type(each) for each in answers] == [
        StorageBusy, sqlite3.OperationalError, type(None)
    ]  # fmt: skip
    ids = await database.read(lambda c: list(c.scalars(select(guilds.c.guild_id))))
    assert sorted(ids) == [1, 3]


async def test_more_units_than_are_committed_together(database: Database) -> None:
    await together(database, *(partial(add, guild_id=number) for number in range(2, 202)))

    assert await database.read(count) == 201


async def test_a_unit_that_breaks_while_it_reads_bars_no_other(database: Database) -> None:
    """The exception keeps its frames, and these the cursor: SQLite refuses savepoints meanwhile."""

    def broken(connection: Connection) -> None:
        rows = connection.exec_driver_sql(
            "INSERT INTO notices VALUES ('a', 1, 1), ('b', 1, 1), ('c', 1, 1) RETURNING key"
        )
        for row in rows:
            raise ValueError(row)

    with pytest.raises(ValueError, match="a") as kept:
        await database.write(broken)

    assert await database.write(write_nothing)
    assert kept.value.__traceback__
