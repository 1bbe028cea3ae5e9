"""A member's own requests on a server, as long as the server keeps them."""

from typing import Final

from bot.domain.history import HistoryPage, HistoryQuery
from bot.storage import history
from bot.storage.database import Database

PAGE: Final = 4
"""Requests of a page: a panel has room for so many with their pictures and buttons."""


class History:
    """Reads what members asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, query: HistoryQuery) -> HistoryPage:
        """Return the requests that are meant, newest first."""
        return await self._database.read(lambda c: history.page(c, query, most=PAGE))
