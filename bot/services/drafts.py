"""Keeps which pictures somebody chose until a form says what shall become of them.

A form's answer does not carry the message that it is about, and Easel may not read other people's
messages later; so what a press or a menu brought is kept for a while.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from bot.domain.asks import Command, Source
from bot.domain.clock import Clock
from bot.domain.drafts import Draft
from bot.domain.errors import AlreadyAnswered, NotYours
from bot.domain.messages import Slash
from bot.services.admission import new_code
from bot.storage import drafts
from bot.storage.database import Database

LIFE: Final = timedelta(minutes=15)
"""How long somebody has to fill a form in."""


class Drafts:
    """Keeps chosen pictures; nothing is booked for them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def keep(
        self,
        command: Command,
        sources: Sequence[Source],
        *,
        guild_id: int,
        user_id: int,
        found_in: str | None = None,
        private: bool = False,
        parent: str | None = None,
    ) -> Draft:
        """Keep *sources* for *user_id*, who is about to say what shall become of them."""
        draft = Draft(
            code=new_code(),
            guild_id=guild_id,
            user_id=user_id,
            command=command,
            sources=tuple(sources),
            found_in=found_in,
            private=private,
            parent=parent,
            expires_at=self._clock.now() + LIFE,
        )
        await self._database.write(lambda c: drafts.add(c, draft))
        return draft

    async def find(self, guild_id: int, code: str, user_id: int) -> Draft:
        """Return what is kept under *code*.

        Raises:
            AlreadyAnswered: it has expired.
            NotYours: *user_id* did not choose it.
        """
        now = self._clock.now()
        found = await self._database.read(lambda c: drafts.find(c, guild_id, code, now))
        if found is None:
            raise AlreadyAnswered
        if found.user_id != user_id:
            raise NotYours(command=Slash(found.command))
        return found
