"""No question on the way of a request reads a whole table."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.quota import Scope, Unit
from bot.domain.usage import Dimension
from bot.storage import bookings, counters, daily, grants, ledger, reports, rules
from bot.storage.counters import Holders, Key
from bot.storage.database import Connection, Database
from bot.storage.sqlite_file import driver

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
WHOSE = Holders(1, 3, 2)
Question = Callable[[Connection], object]


def key(scope: Scope) -> Key:
    return Key(1, scope, 2, Unit.DOLLARS, "day", NOW, NOW + timedelta(days=1))


def plan(connection: Connection, question: Question) -> str:
    """Return how SQLite answers the statement that *question* sends."""
    sent: list[str] = []
    plain = driver(connection)
    plain.set_trace_callback(sent.append)
    question(connection)
    plain.set_trace_callback(None)
    return "; ".join(step[3] for step in plain.execute(f"EXPLAIN QUERY PLAN {sent[0]}"))


QUESTIONS: list[tuple[Question, str]] = [
    (lambda c: bookings.held(c, "x"), "USING INDEX sqlite_autoindex_bookings_1"),
    (lambda c: bookings.held_in(c, key(Scope.BOT), lock=True), "USING INDEX ix_bookings_held"),
    (lambda c: bookings.held_in(c, key(Scope.MEMBER), lock=True), "USING INDEX ix_bookings_held"),
    (
        lambda c: counters.live(c, WHOSE, NOW, lock=True),
        "INDEX sqlite_autoindex_counters_1",
    ),
    (lambda c: ledger.used_in(c, key(Scope.BOT)), "INDEX ix_ledger_at (at>? AND at<?)"),
    (lambda c: ledger.used_in(c, key(Scope.SERVER)), "INDEX ix_ledger_guild_at"),
    (lambda c: ledger.used_in(c, key(Scope.MEMBER)), "INDEX ix_ledger_member_at"),
    (lambda c: ledger.used_in(c, key(Scope.CHANNEL)), "INDEX ix_ledger_channel_at"),
    (lambda c: ledger.gone_by(c, key(Scope.MEMBER), NOW, 1), "INDEX ix_ledger_member_at"),
    (lambda c: bookings.close(c, "x", "settled", NOW), "INDEX sqlite_autoindex_bookings_1"),
    (lambda c: rules.concerning(c, 1, 2, 3), "INDEX sqlite_autoindex_quota_rules_1"),
    (lambda c: ledger.tally_of(c, "x"), "INDEX sqlite_autoindex_ledger_1"),
    (
        lambda c: daily.by_name(c, 1, Dimension.MEMBER, NOW.date(), NOW.date()),
        "USING PRIMARY KEY (guild_id=? AND dimension=? AND day>? AND day<?)",
    ),
    (
        lambda c: daily.by_day(c, 1, Dimension.ALL, "", NOW.date(), NOW.date()),
        "USING PRIMARY KEY (guild_id=? AND dimension=? AND day>? AND day<?)",
    ),
    (lambda c: daily.first_day(c, 1), "USING PRIMARY KEY (guild_id=? AND dimension=?)"),
    (lambda c: reports.running(c, 1), "USING INDEX ix_jobs_unfinished"),
    (
        lambda c: grants.usable(c, 1, 2, frozenset(), NOW, lock=True),
        "INDEX ix_grants_scope (guild_id=?)",
    ),
]


@pytest.mark.parametrize(("question", "index"), QUESTIONS)
async def test_questions_use_their_index(
    database: Database, question: Question, index: str
) -> None:
    found = await database.write(lambda connection: plan(connection, question))

    assert index in found
    for few in (
        "SCAN bookings USING INDEX ix_bookings_held",
        "SCAN jobs USING INDEX ix_jobs_unfinished",
    ):
        found = found.replace(few, "")
    assert "SCAN" not in found
