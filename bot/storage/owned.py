"""Which rows are this process's to work on: those of the servers on its shards."""

from sqlalchemy import Column, ColumnElement, Integer, literal, true

from bot.domain.shards import Shards

_BELOW = literal(22, Integer)  # bits of an id under those that tell its shard


def owned(guild_id: Column[int], shards: Shards) -> ColumnElement[bool]:
    """Return the condition that *guild_id* is of a server on one of *shards*."""
    if shards.are_all:
        return true()
    return (guild_id.bitwise_rshift(_BELOW) % shards.count).in_(shards.ids)
