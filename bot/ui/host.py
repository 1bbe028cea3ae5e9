"""What buttons, options and answers may ask of the client that runs them."""

from typing import Protocol

from bot.providers.base import ImageProvider
from bot.services.guilds import Guilds
from bot.services.queue import QueueDesk
from bot.services.studio import Studio


class Host(Protocol):
    """The client, as far as this room knows it."""

    @property
    def studio(self) -> Studio:
        """The studio that makes pictures."""
        ...

    @property
    def queue(self) -> QueueDesk:
        """Who waits for their turn."""
        ...

    @property
    def provider(self) -> ImageProvider:
        """The picture maker whose models are offered."""
        ...

    @property
    def guild_choices(self) -> Guilds:
        """What servers have chosen."""
        ...
