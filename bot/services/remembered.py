"""What is read often and changed seldom, remembered by server while it holds."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_MOST: Final = 4096  # servers; one process has fewer


class Remembered(Generic[T]):
    """Remembers what *read* returns. One process owns a server, so that is what holds."""

    def __init__(self, read: Callable[[int], Awaitable[T]]) -> None:
        self._read = read
        self._known: OrderedDict[int, T] = OrderedDict()
        self._changes = 0
        self._reading = asyncio.Lock()

    async def of(self, guild_id: int) -> T:
        """Return what holds for a server."""
        if guild_id not in self._known:
            async with self._reading:  # a whole server may ask at once: it is read once
                if guild_id not in self._known:
                    return await self._anew(guild_id)
        self._known.move_to_end(guild_id)
        return self._known[guild_id]

    def forget(self, guild_id: int) -> None:
        """Read anew what is asked for next; to be called once a change was written, or may be."""
        self._changes += 1
        self._known.pop(guild_id, None)

    async def _anew(self, guild_id: int) -> T:
        changes = self._changes
        found = await self._read(guild_id)
        if changes == self._changes:  # what was read still holds
            self._known[guild_id] = found
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        return found
