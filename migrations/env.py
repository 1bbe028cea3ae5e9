"""What Alembic runs: one history for SQLite and PostgreSQL.

`bot.storage.migrate` hands over a connection that is already in a transaction. Without one the SQL
is written out for the dialect that the configuration's attributes name.
"""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from bot.storage.tables import metadata
from bot.storage.types import Json, UtcMs

_PLAIN: dict[type, str] = {UtcMs: "sa.BigInteger()", Json: "sa.Text()"}


def _render(_kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    return _PLAIN.get(item.__class__, False)


def _run() -> None:
    attributes = context.config.attributes
    context.configure(
        connection=attributes.get("connection"),
        dialect_name=attributes.get("dialect"),
        target_metadata=metadata,
        render_item=_render,
        render_as_batch=True,
        literal_binds=context.is_offline_mode(),
        on_version_apply=attributes.get("on_version_apply"),
    )
    with context.begin_transaction():
        context.run_migrations()


_run()
