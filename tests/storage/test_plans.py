"""No question on the way of a request reads a whole table."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from bot.domain.quota import Scope, Unit
from bot.storage import bookings, counters, grants, ledger, rules
from bot.storage.counters import Key
from bot.storage.database import Connection, Database
from bot.storage.sqlite_file import driver

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
Question = Callable[[Connection], object]


def key(scope: Scope) -> Key:
    return Key(1, scope, 2, Unit.DOLLARS, "day", NOW, NOW + timedelta(days=1))


def plan(connection: Connection, question: Question) -> str:
    """Return how SQLite answers the statement that *question* sends."""
    plans: list[str] = []

    def explain(statement: str, parameters: tuple[object], **_: object) -> None:
        steps = driver(connection).execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plans.append("; ".join(step[3] for step in steps))

    event.listen(connection, "before_cursor_execute", explain, named=True)
    question(connection)
    return plans[0]


QUESTIONS: list[tuple[Question, str]] = [
    (lambda c: bookings.held(c, "x"), "USING INDEX sqlite_autoindex_bookings_1"),
    (lambda c: bookings.held_in(c, key(Scope.BOT), lock=True), "USING INDEX ix_bookings_held"),
    (lambda c: bookings.held_in(c, key(Scope.MEMBER), lock=True), "USING INDEX ix_bookings_held"),
    (lambda c: counters.live(c, 1, 2, NOW, lock=True), "INDEX sqlite_autoindex_counters_1"),
    (lambda c: ledger.used_in(c, key(Scope.BOT)), "INDEX ix_ledger_at (at>? AND at<?)"),
    (lambda c: ledger.used_in(c, key(Scope.SERVER)), "INDEX ix_ledger_guild_at"),
    (lambda c: ledger.used_in(c, key(Scope.MEMBER)), "INDEX ix_ledger_member_at"),
    (lambda c: rules.concerning(c, 1, 2), "INDEX sqlite_autoindex_quota_rules_1"),
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
    assert "SCAN" not in found.replace("SCAN bookings USING INDEX ix_bookings_held", "")  # few
