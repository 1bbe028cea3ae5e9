"""Forgetting a member: nothing is left of them, the books add up, and blocks still hold."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from bot.bootstrap import Services
from bot.domain.errors import (
    Blocked,
    ContentRefused,
    QuotaFull,
    StillRunning,
    StorageBusy,
    UserError,
)
from bot.domain.quota import Rule, Scope, Unit
from bot.domain.windows import Window
from bot.services.privacy import ACTION, QUIET_HOUR, Receipt
from bot.storage import audit
from bot.storage.check_ledger import differences
from bot.storage.database import Connection
from bot.storage.erasing import PSEUDONYMS
from bot.storage.person import SOMEBODY
from tests.services.clocks import FrozenClock
from tests.services.studio import GUILD, Told, Wall, answer, ask, open_studio, picture
from tests.storage.people import CANARY, beside, cells, fill, traces

ANN, BOB, MONA = 812_345_678_901_234_567, 823_456_789_012_345_678, 834_567_890_123_456_789
ELSEWHERE = GUILD + 1


@pytest.fixture
def told() -> Told:
    return Told(answer(picture()))


@pytest.fixture
async def services(
    tmp_path: Path,
    clock: FrozenClock,
    told: Told,
    database_kind: str,
) -> AsyncGenerator[Services]:
    more = {"DEFAULT_MEMBER_PICTURES_PER_DAY": "2"}
    async with open_studio(tmp_path, clock, told, **more) as opened:
        yield opened


async def asks(services: Services, user_id: int = ANN, guild_id: int = GUILD) -> None:
    """Let a member ask for a picture, and whatever comes of it happen."""
    usual = ask(prompt=CANARY)
    theirs = ask(
        prompt=CANARY,
        asker=type(usual.asker)(user_id=user_id),
        place=type(usual.place)(guild_id=guild_id, channel_id=20),
    )
    ticket = await services.studio.admit(theirs)
    with suppress(UserError):
        await services.studio.perform(ticket, Wall())


async def left_of(services: Services, user_id: int) -> list[str]:
    return await services.database.read(lambda c: cells(c, user_id, CANARY))


async def books(services: Services) -> list[str]:
    return await services.database.read(differences)


async def erased(services: Services, user_id: int = ANN) -> Receipt:
    return await services.privacy.erase(user_id)


async def test_no_column_of_any_table_has_a_deleted_member(services: Services) -> None:
    await services.database.write(lambda c: fill(c, GUILD, ANN, BOB))
    await services.database.write(lambda c: fill(c, ELSEWHERE, ANN, BOB))
    before = set(await left_of(services, ANN))
    assert {"jobs.user_id", "ledger.user_id", "audit.target", "jobs.prompt"} <= before

    receipt = await erased(services)

    left = await services.database.read(lambda c: cells(c, ANN))
    assert left == []
    assert receipt.servers == 2
    assert receipt.rows["jobs"] == 2
    assert receipt.mentions >= 2
    assert receipt.remembered == 2, "a lifetime limit is used, and a block without end holds"


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_no_byte_of_a_deleted_member_is_left_in_any_file(
    services: Services, tmp_path: Path
) -> None:
    await asks(services)
    await services.database.write(lambda c: fill(c, ELSEWHERE, ANN, BOB))
    there = traces(beside(tmp_path / "easel.db"), ANN)
    assert {each.partition(" ")[0] for each in there} == {"number", "digits", "words"}
    assert any("wal" in each for each in there)

    receipt = await erased(services)

    assert receipt.is_scrubbed
    names = {each.name for each in beside(tmp_path / "easel.db")}
    assert {"easel.db", "easel.db-wal", "easel.db-shm"} <= names
    assert [
        each for each in traces(beside(tmp_path / "easel.db"), ANN) if "words" not in each
    ] == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_no_byte_of_their_words_is_left(services: Services, tmp_path: Path) -> None:
    for _ in range(2):
        await asks(services)
    await services.database.write(lambda c: c.execute(text("PRAGMA user_version")))
    assert "words in easel.db-wal" in traces(beside(tmp_path / "easel.db"), ANN)

    await erased(services)

    assert traces(beside(tmp_path / "easel.db"), ANN) == []


async def test_the_books_add_up_and_the_ledger_keeps_its_sums(
    services: Services, told: Told
) -> None:
    await asks(services)
    await asks(services, BOB)
    told.outcome = ContentRefused(stage="input", categories=("violence",))
    await asks(services)
    sums = text("SELECT count(*), sum(pictures), sum(micros), sum(at) FROM ledger")
    before = await services.database.read(lambda c: c.execute(sums).one())
    daily = text("SELECT sum(requests), sum(pictures), sum(micros), sum(refused) FROM daily")
    rolled = await services.database.read(lambda c: c.execute(daily).one())

    await erased(services)

    assert await books(services) == []
    assert await services.database.read(lambda c: c.execute(sums).one()) == before
    assert await services.database.read(lambda c: c.execute(daily).one()) == rolled
    users = text("SELECT DISTINCT user_id FROM ledger ORDER BY 1")
    stands, bob = await services.database.read(lambda c: c.execute(users).scalars().all())
    assert bob == BOB
    assert stands in PSEUDONYMS


async def test_what_was_used_is_counted_on_and_no_more_than_that(
    services: Services, clock: FrozenClock
) -> None:
    await asks(services)
    await erased(services)
    await asks(services)

    with pytest.raises(QuotaFull):
        await asks(services)
    assert await books(services) == []
    assert await services.privacy.show(ANN) != ()

    await erased(services)
    await erased(services)
    with pytest.raises(QuotaFull):
        await asks(services)
    clock.advance(days=1)
    await services.sweeping.sweep()
    assert (
        await services.database.read(
            lambda c: c.execute(text("SELECT count(*) FROM erasures")).scalar_one()
        )
        == 0
    )
    await asks(services)
    assert await books(services) == []


async def test_a_block_is_not_escaped(services: Services, clock: FrozenClock) -> None:
    await services.conduct.block(GUILD, ANN, by=MONA, lasts=None, reason="spam")

    receipt = await erased(services)

    assert receipt.remembered == 1
    assert await left_of(services, ANN) == []
    with pytest.raises(Blocked) as refused:
        await asks(services)
    assert "spam" in str(refused.value.values)
    (held,) = await services.conduct.blocked(GUILD)
    assert held.user_id in PSEUDONYMS
    assert await services.conduct.unblock(GUILD, ANN, by=MONA)
    await asks(services)


async def test_strikes_are_not_escaped(services: Services, told: Told) -> None:
    await services.guilds.change(GUILD, MONA, strikes=2)
    told.outcome = ContentRefused(stage="input", categories=("violence",))
    await asks(services)
    await erased(services)
    await asks(services)

    with pytest.raises(Blocked):
        await asks(services)


async def test_a_rule_against_somebody_is_not_escaped(services: Services) -> None:
    rule = Rule(scope=Scope.MEMBER, scope_id=ANN, unit=Unit.PICTURES, window=Window.DAY, amount=0)
    await services.quotas.set_rule(GUILD, rule, by=MONA)
    await erased(services)
    assert await left_of(services, ANN) == []

    with pytest.raises(QuotaFull):
        await asks(services)


async def test_nothing_is_deleted_while_a_request_runs(services: Services, told: Told) -> None:
    told.gate = asyncio.Event()
    running = asyncio.create_task(asks(services))
    await told.asked.wait()

    with pytest.raises(StillRunning) as refused:
        await erased(services)

    assert str(refused.value.values["code"]).startswith("#")
    assert "jobs.user_id" in await left_of(services, ANN)
    told.gate.set()
    await running
    await erased(services)
    assert await left_of(services, ANN) == []


async def test_the_audit_has_the_receipt_and_nobodys_name(services: Services) -> None:
    await asks(services)

    receipt = await erased(services)

    page = await services.database.read(lambda c: audit.page(c, GUILD, most=5))
    (entry,) = page.entries
    assert (entry.action, entry.target) == (ACTION, f"receipt {receipt.code}")
    assert entry.user_id in PSEUDONYMS
    assert entry.after == dict(receipt.rows)


async def test_others_keep_everything(services: Services) -> None:
    await asks(services, BOB)
    before = await services.privacy.show(BOB)
    await asks(services)

    await erased(services)

    assert await services.privacy.show(BOB) == before
    assert await services.privacy.show(ANN) == ()


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_log_that_is_read_is_emptied_later(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.privacy._PAUSES", (0.0,))
    await asks(services)
    with closing(sqlite3.connect(tmp_path / "easel.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM jobs").fetchone()
        receipt = await erased(services)
        assert not receipt.is_scrubbed
        assert traces(beside(tmp_path / "easel.db"), ANN) != []
        reader.execute("COMMIT")

    assert await services.privacy.catch_up()

    assert traces(beside(tmp_path / "easel.db"), ANN) == []
    assert not await services.privacy.catch_up(), "there is nothing more to do"


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_large_file_is_written_anew_when_few_are_there(
    services: Services, clock: FrozenClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.privacy.SMALL", 0)
    monkeypatch.setattr(services.privacy, "_most", 0)
    await asks(services)
    clock.at = clock.at.replace(hour=QUIET_HOUR - 1)

    assert not (await erased(services)).is_scrubbed
    assert not await services.privacy.catch_up()
    clock.advance(hours=1)
    assert await services.privacy.catch_up()

    assert traces(beside(tmp_path / "easel.db"), ANN) == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_copies_between_the_cells_of_pages_go_too(
    services: Services, tmp_path: Path, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that come in no order make pages split, which leaves copies that no row has."""
    monkeypatch.setattr(services.privacy, "_most", 0)
    left = list[str]()
    for seed in range(2, 50):
        await services.database.write(partial(_scattered, seed=seed))
        await erased(services)
        if left := traces(beside(tmp_path / "easel.db"), ANN):
            break
    assert left == ["number in easel.db"], "no page kept a copy, so this shows nothing"
    clock.at = clock.at.replace(hour=QUIET_HOUR)

    assert await services.privacy.catch_up()

    assert traces(beside(tmp_path / "easel.db"), ANN) == []


def _scattered(connection: Connection, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - no secret
    rows = [
        {
            "guild_id": GUILD,
            "user_id": ANN if n % 200 == 0 else 8 * 10**17 + random.randrange(25 * 10**15),
            "at": random.randrange(10**9),
        }
        for n in range(4000)
    ]
    event = text(
        "INSERT INTO moderation_events (guild_id, channel_id, user_id, command, model, source,"
        " stage, categories, fingerprint, at)"
        " VALUES (:guild_id, 1, :user_id, 'edit', 'm', 's', 'input', '[]', '', :at)"
    )
    connection.execute(event, rows)


async def test_a_busy_database_deletes_nothing_by_halves(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asks(services)

    def busy(*_args: object, **_values: object) -> None:
        raise StorageBusy

    monkeypatch.setattr(audit, "append", busy)
    with pytest.raises(StorageBusy):
        await erased(services)
    monkeypatch.undo()

    assert "jobs.prompt" in await left_of(services, ANN)
    assert await books(services) == []


async def test_pressing_twice_deletes_once(services: Services) -> None:
    await services.database.write(lambda c: fill(c, GUILD, ANN, BOB))

    first, second = await asyncio.gather(erased(services), erased(services))

    assert (first.servers, second.servers, second.mentions) == (1, 0, 0)
    receipts = text("SELECT count(*) FROM audit WHERE action = 'data deleted'")
    assert await services.database.read(lambda c: c.execute(receipts).scalar_one()) == 1


async def test_deleting_nothing_does_not_write_the_file_anew(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_args: object) -> None:
        raise AssertionError("it was written anew")

    monkeypatch.setattr(services.database, "scrub", never)

    receipt = await erased(services)

    assert (receipt.servers, receipt.is_scrubbed) == (0, True)


async def test_a_report_does_not_tell_the_language_of_who_made_it(services: Services) -> None:
    await services.database.write(lambda c: fill(c, GUILD, BOB, ANN))

    shown = await services.privacy.show(ANN)

    (cases,) = (each.rows for each in shown if each.table == "cases")
    about = [row for row in cases if row["about_id"] == ANN]
    assert about
    assert {row["locale"] for row in about} == {SOMEBODY}
