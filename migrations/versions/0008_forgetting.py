"""Forgetting people and servers: what stands in for them, and the one way around the triggers."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
RECORDS = ("ledger", "audit", "grant_uses")
SUMS = {  # what no erasing changes: the books must still add up
    "ledger": "reference, kind, command, model, pictures, micros, price_known, price_version, at",
    "grant_uses": "reference, grant_id, holder, unit, amount, at",
    "audit": "guild_id, action, at",
}
UNLESS_ERASING = "NOT EXISTS (SELECT 1 FROM erasing)"


def upgrade() -> None:
    """Make the tables, and let records be unnamed where a row stands in ``erasing``."""
    _tables()
    if op.get_context().dialect.name == "postgresql":
        _on_postgresql()
    else:
        _on_sqlite()


def _tables() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", ID, nullable=False),
        sa.Column("guild_id", ID, nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("pseudonym", ID, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
    op.create_index("ix_erasures_person", "erasures", ["guild_id", "person"])
    op.create_table(
        "departures",
        sa.Column("guild_id", ID, autoincrement=False, nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name="pk_departures"),
    )
    op.create_table(
        "erasing",
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_erasing"),
    )


def _on_sqlite() -> None:
    for table in RECORDS:
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        op.execute(f"DROP TRIGGER {table}_no_update")
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
            f"WHEN {UNLESS_ERASING} {refuse}"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OF {SUMS[table]} ON {table} {refuse}"
        )
        if table != "ledger":  # whose lines stay for ever
            op.execute(f"DROP TRIGGER {table}_no_delete")
            op.execute(
                f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
                f"WHEN {UNLESS_ERASING} {refuse}"
            )


def _on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION easel_never() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    op.execute(
        "CREATE OR REPLACE FUNCTION easel_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN IF TG_OP = 'UPDATE' OR (TG_OP = 'DELETE' AND TG_TABLE_NAME <> 'ledger') THEN "
        "IF EXISTS (SELECT 1 FROM erasing) THEN RETURN NULL; END IF; END IF; "
        "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in RECORDS:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OF {SUMS[table]} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION easel_never()"
        )
