"""Price before spending: dear requests wait until their asker has agreed to the price."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from bot.domain.asks import remember
from bot.domain.clock import Clock
from bot.domain.confirmations import Confirmation
from bot.domain.errors import AlreadyAnswered, NotYours
from bot.domain.messages import Slash
from bot.domain.shards import Ownership
from bot.providers.base import ImageProvider
from bot.services.admission import AlreadyAsked, Quote, new_code, where_of
from bot.services.cheaper import Cheaper, cheaper_than, pinned
from bot.storage import confirmations
from bot.storage.database import Connection, Database

LIFE: Final = timedelta(minutes=13)
"""How long a card waits: its interaction's token, which takes it back, lives 15 minutes."""


@dataclass(frozen=True, slots=True)
class Card:
    """A request that waits, what is quoted for it, and a cheaper version of it if there is one."""

    waiting: Confirmation
    quote: Quote
    cheaper: Cheaper | None


class Confirmations:
    """Keeps requests until their price is agreed to; nothing is booked for them."""

    def __init__(
        self, database: Database, provider: ImageProvider, clock: Clock, ownership: Ownership
    ) -> None:
        self._database = database
        self._provider = provider
        self._clock = clock
        self._ownership = ownership

    @staticmethod
    def is_needed(quote: Quote) -> bool:
        """Whether the server wants the price of this to be agreed to first."""
        limit = quote.choices.ask_above
        return limit is not None and quote.estimate.micros > limit

    async def keep(self, quote: Quote) -> Card:
        """Keep what *quote* is for until its asker answers.

        There is a cheaper version only where the price has to be agreed to.

        Raises:
            AlreadyAsked: the same interaction was delivered before.
        """
        asks = self.is_needed(quote)
        limit = quote.choices.ask_above or 0
        cheaper = cheaper_than(quote, self._provider, limit) if asks else None
        waiting = self._waiting(quote, cheaper)
        await self._database.write(partial(_keep, waiting=waiting))
        return Card(waiting, quote, cheaper)

    async def find(self, guild_id: int, code: str, user_id: int) -> Confirmation:
        """Return what waits under *code*.

        Raises:
            AlreadyAnswered: it was answered, or it has expired.
            NotYours: *user_id* did not ask for it.
        """
        now = self._clock.now()
        found = await self._database.read(lambda c: confirmations.find(c, guild_id, code, now))
        if found is None:
            raise AlreadyAnswered
        if found.user_id != user_id:
            raise NotYours(command=Slash(found.command))
        return found

    async def cancel(self, waiting: Confirmation) -> None:
        """Forget the request. Raises AlreadyAnswered: it was answered just now."""
        now = self._clock.now()
        if not await self._database.write(lambda c: confirmations.take(c, waiting.code, now)):
            raise AlreadyAnswered

    async def expire(self) -> list[Confirmation]:
        """Forget what nobody answered in time, and return it."""
        now, shards = self._clock.now(), self._ownership.shards
        return await self._database.write(lambda c: confirmations.take_expired(c, now, shards))

    def _waiting(self, quote: Quote, cheaper: Cheaper | None) -> Confirmation:
        ask = quote.ask
        return Confirmation(
            code=new_code(),
            interaction_id=ask.origin.interaction_id,
            application_id=ask.origin.application_id,
            token=ask.origin.token,
            guild_id=ask.place.guild_id,
            channel_id=ask.place.channel_id,
            user_id=ask.asker.user_id,
            command=ask.command,
            options=remember(pinned(quote)),
            cheaper=remember(cheaper.ask) if cheaper else None,
            place={"locale": ask.asker.locale, **where_of(ask.place)},
            prompt=ask.prompt,
            parent=ask.parent,
            micros=quote.estimate.micros,
            cheaper_micros=cheaper.micros if cheaper else None,
            expires_at=self._clock.now() + LIFE,
        )


def _keep(connection: Connection, waiting: Confirmation) -> None:
    if confirmations.known_interaction(connection, waiting.interaction_id):
        raise AlreadyAsked
    confirmations.add(connection, waiting)
