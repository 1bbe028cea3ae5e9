"""The record of what managers changed, page by page."""

from typing import Final

from bot.domain.audit import AuditPage
from bot.storage import audit
from bot.storage.database import Database

PAGE: Final = 10


class AuditLog:
    """What managers of a server changed: rules, grants, settings, other people's pictures."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, guild_id: int, *, before_id: int | None = None, after_id: int | None = None
    ) -> AuditPage:
        """Return a server's newest entries, or those next to the one that is named."""
        return await self._database.read(
            lambda connection: audit.page(
                connection, guild_id, most=PAGE, before_id=before_id, after_id=after_id
            )
        )
