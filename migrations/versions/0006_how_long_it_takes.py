"""The quality that a request was made in, so that it can be said how long such ones take."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column; nobody knows it of earlier requests."""
    op.add_column("jobs", sa.Column("quality", sa.String(length=32), nullable=True))
