"""Requests that wait for their price to be agreed to, and members' wishes for more."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make both tables."""
    _confirmations()
    _wishes()


def _confirmations() -> None:
    op.create_table(
        "confirmations",
        sa.Column("id", ID, nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("interaction_id", ID, nullable=False),
        sa.Column("application_id", ID, nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("guild_id", ID, nullable=False),
        sa.Column("channel_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("command", sa.String(length=16), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("cheaper", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("parent", sa.String(length=12), nullable=True),
        sa.Column("micros", ID, nullable=False),
        sa.Column("cheaper_micros", ID, nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_confirmations"),
        sa.UniqueConstraint("code", name="uq_confirmations_code"),
        sa.UniqueConstraint("interaction_id", name="uq_confirmations_interaction_id"),
    )
    op.create_index("ix_confirmations_expires_at", "confirmations", ["expires_at"])


def _wishes() -> None:
    op.create_table(
        "wishes",
        sa.Column("id", ID, nullable=False),
        sa.Column("guild_id", ID, nullable=False),
        sa.Column("channel_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("window", sa.String(length=16), nullable=False),
        sa.Column("amount", ID, nullable=False),
        sa.Column("command", sa.String(length=16), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("quality", sa.String(length=32), nullable=True),
        sa.Column("micros", ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("card_channel_id", ID, nullable=True),
        sa.Column("card_message_id", ID, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_by", ID, nullable=True),
        sa.Column("granted", ID, nullable=True),
        sa.Column("grant_until", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wishes"),
    )
    op.create_index(
        "uq_wishes_open",
        "wishes",
        ["guild_id", "user_id", "scope", "unit", "window"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_wishes_member", "wishes", ["guild_id", "user_id"])
