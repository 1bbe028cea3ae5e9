"""More kinds of limits: effects, channels, rolling windows; grants that are revoked and given on.

Columns are added in place. SQLite would lose a table's triggers if it were rebuilt, so no batch.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns, and the record of what grants bore, append-only as the ledger is."""
    limit, none = sa.text("'limit'"), sa.text("0")
    op.add_column(
        "quota_rules",
        sa.Column("effect", sa.String(length=16), server_default=limit, nullable=False),
    )
    op.add_column("counters", sa.Column("since", sa.BigInteger(), nullable=True))
    op.add_column("grants", sa.Column("passed_on", ID, server_default=none, nullable=False))
    op.add_column("grants", sa.Column("revoked_at", sa.BigInteger(), nullable=True))
    op.add_column("grants", sa.Column("gift_of", ID, nullable=True))
    op.create_index("ix_ledger_channel_at", "ledger", ["guild_id", "channel_id", "at"])
    _grant_uses()
    if op.get_context().dialect.name == "sqlite":
        for action in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER grant_uses_no_{action} BEFORE {action.upper()} ON grant_uses "
                "BEGIN SELECT RAISE(ABORT, 'grant_uses is append-only'); END"
            )
    else:
        op.execute(
            "CREATE TRIGGER grant_uses_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
            "ON grant_uses FOR EACH STATEMENT EXECUTE FUNCTION easel_append_only()"
        )


def _grant_uses() -> None:
    op.create_table(
        "grant_uses",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=32), nullable=False),
        sa.Column("grant_id", ID, nullable=False),
        sa.Column("holder", sa.String(length=16), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("amount", ID, nullable=False),
        sa.Column("guild_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_grant_uses"),
        sa.UniqueConstraint(
            "reference",
            "grant_id",
            "holder",
            "unit",
            name="uq_grant_uses_reference_grant_id_holder_unit",
        ),
    )
    op.create_index("ix_grant_uses_grant", "grant_uses", ["grant_id"])
    op.create_index("ix_grant_uses_guild_at", "grant_uses", ["guild_id", "holder", "unit", "at"])
