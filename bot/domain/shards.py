"""Which servers are whose: Discord splits them into shards, and a process has some of these."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Shards:
    """The shards *ids*, in their order, of *count* in all.

    With the count 0 it is all of them, however many Discord will have us use.
    """

    count: int
    ids: tuple[int, ...]

    @property
    def are_all(self) -> bool:
        """Whether every server is on one of them."""
        return len(self.ids) >= self.count

    def owns(self, guild_id: int) -> bool:
        """Whether the server is on one of them; which one is Discord's rule."""
        return self.are_all or shard_of(guild_id, self.count) in self.ids

    def only(self, ids: Iterable[int]) -> "Shards":
        """Return those of *ids*."""
        return Shards(self.count, tuple(sorted(ids)))


ALL: Final = Shards(0, ())
"""Every shard, however many there will be."""


def shard_of(guild_id: int, count: int) -> int:
    """Return on which of *count* shards Discord has the server."""
    return (guild_id >> 22) % count


class Ownership:
    """Which shards are this process's at present; who waits for some has none yet."""

    def __init__(self, shards: Shards = ALL) -> None:
        self.shards = shards

    def owns(self, guild_id: int) -> bool:
        """Whether what concerns the server is done by this process."""
        return self.shards.owns(guild_id)
