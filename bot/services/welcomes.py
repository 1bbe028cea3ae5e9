"""Saying hello to a server: once, whatever is restarted and however often Easel joins."""

from typing import Final

from bot.domain.clock import Clock
from bot.storage import notices
from bot.storage.database import Database

_HELLO: Final = "hello"


class Welcomes:
    """Remembers which servers were greeted.

    It is written down before it is said: a crash should rather lose a hello than repeat it.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def is_first(self, guild_id: int) -> bool:
        """Whether the server was not greeted before; from now on it was. Raises StorageBusy."""
        now = self._clock.now()
        wanted = [(_HELLO, guild_id)]
        return bool(await self._database.write(lambda c: notices.claim(c, wanted, now)))
