"""What was kept long enough goes, what servers left behind goes, and nothing else."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import ColumnElement, Table, false, insert, text, true

from bot.bootstrap import Services
from bot.domain.asks import Asker, Place
from bot.domain.quota import Scope, Unit
from bot.domain.retention import CASE_TEXT, MEMBER_DAYS, NOTICES
from bot.services.sweeping import Sweeping
from bot.storage import erasing, tables
from bot.storage.check_ledger import differences
from bot.storage.database import Connection, Database
from bot.storage.retention import SWEEPS, sweep_some
from tests.services.clocks import FrozenClock
from tests.services.studio import GUILD, Told, Wall, answer, ask, open_studio, picture
from tests.storage.people import AT, CANARY, cells, fill

ANN, BOB, MONA = 812_345_678_901_234_567, 823_456_789_012_345_678, 834_567_890_123_456_789
ELSEWHERE = 1_012_345_678_901_234_567


@pytest.fixture
async def services(
    tmp_path: Path,
    clock: FrozenClock,
    database_kind: str,
) -> AsyncGenerator[Services]:
    more = {"MONTHLY_BUDGET_DOLLARS": "100"}
    async with open_studio(tmp_path, clock, Told(answer(picture())), **more) as opened:
        yield opened


async def rows(database: Database, table: str, where: str = "TRUE") -> int:
    question = text(f"SELECT count(*) FROM {table} WHERE {where}")  # noqa: S608 - names of ours
    return await database.read(lambda c: c.execute(question).scalar_one())


async def asks(services: Services, guild_id: int = GUILD) -> None:
    theirs = ask(
        prompt=CANARY,
        asker=Asker(user_id=ANN),
        place=Place(guild_id=guild_id, channel_id=guild_id + 1),
    )
    await services.studio.perform(await services.studio.admit(theirs), Wall())


@pytest.mark.parametrize(
    ("table", "usual", "chosen"),
    [
        ("jobs", 365, "history_days"),
        ("moderation_events", 180, "log_days"),
        ("cases", 180, "log_days"),
        ("wishes", 180, "log_days"),
        ("audit", 180, "log_days"),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_servers_choose_how_long_their_rows_are_kept(
    services: Services, clock: FrozenClock, table: str, usual: int, chosen: str
) -> None:
    database = services.database
    await database.write(lambda c: fill(c, GUILD, ANN, BOB))
    await database.write(lambda c: fill(c, ELSEWHERE, ANN, BOB))
    await services.guilds.change(ELSEWHERE, MONA, **{chosen: 30})  # pyright: ignore[reportArgumentType]
    here, there = f"guild_id = {GUILD}", f"guild_id = {ELSEWHERE}"
    if table == "audit":
        there += " AND action != 'settings'"
    before = await rows(database, table, here)
    assert before > 0

    clock.at = AT
    clock.advance(days=30)
    await services.sweeping.sweep()
    assert await rows(database, table, here) == before
    assert await rows(database, table, there) == 0
    clock.at = AT
    clock.advance(days=usual, milliseconds=-1)
    await services.sweeping.sweep()
    assert await rows(database, table, here) == before
    clock.advance(milliseconds=1)
    await services.sweeping.sweep()
    assert await rows(database, table, here) == 0
    assert await rows(database, "ledger") == 2


async def test_what_still_runs_waits_or_holds_is_kept(
    services: Services, clock: FrozenClock
) -> None:
    database = services.database
    await database.write(lambda c: fill(c, GUILD, ANN, BOB))

    def kept_open(connection: Connection) -> None:
        connection.execute(text("UPDATE jobs SET finished_at = NULL"))
        connection.execute(text("UPDATE cases SET state = 'open'"))
        connection.execute(text("UPDATE blocks SET until = NULL"))

    await database.write(kept_open)
    clock.advance(days=5000)
    await services.sweeping.sweep()

    assert await rows(database, "jobs") == 2
    assert await rows(database, "cases") == 3
    assert await rows(database, "blocks") == 2
    assert await rows(database, "cases", "text != ''") == 0
    for gone in ("drafts", "notices", "erasures", "moderation_events", "audit"):
        assert await rows(database, gone) == 0, gone


async def test_texts_of_reports_go_before_the_reports(
    services: Services, clock: FrozenClock
) -> None:
    await services.database.write(lambda c: fill(c, GUILD, ANN, BOB))
    clock.at = AT + CASE_TEXT

    await services.sweeping.sweep()

    assert await rows(services.database, "cases") == 3
    assert await rows(services.database, "cases", "text != ''") == 0


async def test_much_is_deleted_in_small_parts(
    services: Services, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = [{"key": f"key {i}", "guild_id": GUILD, "told_at": AT} for i in range(1201)]
    await services.database.write(lambda c: c.execute(insert(tables.notices), notice))
    clock.at = AT + NOTICES
    writes: list[object] = []
    write = services.database.write

    async def counted(work: Callable[[Connection], object]) -> object:
        writes.append(await write(work))
        return writes[-1]

    monkeypatch.setattr(services.database, "write", counted)

    swept = await services.sweeping.sweep()

    assert swept["notices"] == 1201
    assert writes[:4] == [500, 500, 201, 0]


async def test_a_server_is_purged_thirty_days_after_it_left(
    services: Services, clock: FrozenClock
) -> None:
    database = services.database
    await asks(services)
    await asks(services, ELSEWHERE)
    for guild_id in (GUILD, ELSEWHERE):
        await services.guilds.change(guild_id, MONA, prompt_hours=700)
        await services.quotas.grant(
            guild_id, Scope.MEMBER, ANN, Unit.PICTURES, 3, reason="won", expires_at=None, by=MONA
        )
    sums = text("SELECT count(*), sum(pictures), sum(micros) FROM ledger")
    before = await database.read(lambda c: c.execute(sums).one())
    sweeping = services.sweeping
    await sweeping.left([ELSEWHERE])
    clock.advance(days=29, hours=23)
    assert await sweeping.purge_left({GUILD}, lambda _: True) == []
    clock.advance(hours=1)
    assert await sweeping.purge_left({GUILD}, lambda _: False) == [], "it is another process's"
    assert await sweeping.purge_left({GUILD, ELSEWHERE}, lambda _: True) == [], "it is there again"

    assert await sweeping.purge_left({GUILD}, lambda _: True) == [ELSEWHERE]

    left = await database.read(lambda c: cells(c, ELSEWHERE, str(ELSEWHERE + 1)))
    assert left == []
    assert await database.read(lambda c: c.execute(sums).one()) == before
    assert await database.read(differences) == []
    assert await rows(database, "ledger", f"user_id = {ANN}") == 1
    assert await rows(database, "jobs", f"guild_id = {GUILD}") == 1
    assert await sweeping.purge_left({GUILD}, lambda _: True) == []


async def test_another_bots_token_marks_nothing(services: Services) -> None:
    await services.database.write(lambda c: fill(c, GUILD, ANN, BOB))
    ticket = await services.studio.admit(ask())
    own = ticket.ask.origin.application_id

    await services.sweeping.compare({ELSEWHERE}, lambda _: True, own + 1)
    assert await rows(services.database, "departures") == 0
    await services.sweeping.compare({ELSEWHERE}, lambda _: True, own)
    assert await rows(services.database, "departures", f"guild_id = {GUILD}") == 1


async def test_what_happened_while_easel_was_off_is_found(
    services: Services, clock: FrozenClock
) -> None:
    await services.database.write(lambda c: fill(c, GUILD, ANN, BOB))
    await services.database.write(lambda c: fill(c, ELSEWHERE, ANN, BOB))
    sweeping: Sweeping = services.sweeping
    await sweeping.left([GUILD])

    await sweeping.compare({GUILD}, lambda each: each == GUILD)
    assert await rows(services.database, "departures") == 0, "others' servers are theirs to mark"
    await sweeping.compare({GUILD}, lambda _: True)
    clock.advance(days=10)
    await sweeping.compare({GUILD}, lambda _: True)

    assert await rows(services.database, "departures", f"guild_id = {ELSEWHERE}") == 1
    clock.advance(days=20)
    assert await sweeping.purge_left({GUILD}, lambda _: True) == [ELSEWHERE], "the first day counts"


async def test_a_server_whose_request_has_not_ended_waits(
    services: Services, clock: FrozenClock
) -> None:
    await services.database.write(lambda c: fill(c, ELSEWHERE, ANN, BOB))
    unended = text("UPDATE jobs SET finished_at = NULL")
    await services.database.write(lambda c: c.execute(unended))
    await services.sweeping.left([ELSEWHERE])
    clock.advance(days=31)

    await services.sweeping.purge_left(set(), lambda _: True)

    assert await rows(services.database, "jobs") == 2


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_purge_looks_at_no_other_servers_bookings(services: Services) -> None:
    def plan(connection: Connection) -> list[str]:
        asked: list[str] = []
        connection.connection.set_trace_callback(asked.append)  # pyright: ignore[reportAttributeAccessIssue]
        with erasing.allowed(connection, "test"):
            erasing.purge(connection, tables.bookings, ELSEWHERE, 5)
        connection.connection.set_trace_callback(None)  # pyright: ignore[reportAttributeAccessIssue]
        (found,) = (each for each in asked if each.lstrip().startswith("SELECT bookings"))
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {found}")
        return [str(step.detail) for step in steps]

    steps = await services.database.write(plan)

    assert any("SEARCH bookings" in step for step in steps)
    assert not any(step.startswith("SCAN") for step in steps)


async def test_a_block_that_was_renewed_meanwhile_is_not_swept(
    services: Services, clock: FrozenClock
) -> None:
    await services.database.write(lambda c: fill(c, GUILD, ANN, BOB))
    there = await rows(services.database, "blocks")
    (blocks,) = (each for each in SWEEPS if each.table is tables.blocks)
    looks = iter([true(), false()])  # due when it was looked for, not when it is deleted

    def due(_table: Table, _before: datetime) -> ColumnElement[bool]:
        return next(looks)

    renewed = replace(blocks, due=due)

    await services.database.write(lambda c: sweep_some(c, renewed, GUILD, clock.now()))

    assert await rows(services.database, "blocks") == there


async def test_days_of_single_members_go_after_three_years(
    services: Services, clock: FrozenClock
) -> None:
    for guild_id in (GUILD, ELSEWHERE):
        await services.database.write(lambda c, guild_id=guild_id: fill(c, guild_id, ANN, BOB))
    of_members = "dimension IN ('member', 'member-month')"
    others = await rows(services.database, "daily", f"NOT {of_members}")
    assert await rows(services.database, "daily", of_members) > 0
    clock.at = AT + MEMBER_DAYS
    clock.advance(days=31)

    await services.sweeping.sweep()

    assert await rows(services.database, "daily", of_members) == 0
    assert await rows(services.database, "daily", f"NOT {of_members}") == others
