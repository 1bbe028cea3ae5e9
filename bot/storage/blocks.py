"""Questions and changes around members who may not ask for pictures."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, insert, select

from bot.domain.blocks import Block
from bot.storage.database import Connection
from bot.storage.tables import blocks, moderation_events


def of(connection: Connection, guild_id: int) -> dict[int, Block]:
    """Return a server's blocks by member, those that have ended included."""
    query = select(blocks).where(blocks.c.guild_id == guild_id)
    return {row["user_id"]: Block(**row) for row in connection.execute(query).mappings()}


def find(connection: Connection, guild_id: int, user_id: int) -> Block | None:
    """Return a member's block, also one that has ended."""
    query = select(blocks).where(*_whose(guild_id, user_id))
    row = connection.execute(query).mappings().first()
    return None if row is None else Block(**row)


def put(connection: Connection, block: Block) -> None:
    """Let *block* hold in place of what the member had."""
    connection.execute(delete(blocks).where(*_whose(block.guild_id, block.user_id)))
    connection.execute(insert(blocks), asdict(block))


def declined_since(connection: Connection, guild_id: int, user_id: int, since: datetime) -> int:
    """Return how often what a member asked for was declined after *since*.

    What was declined for the finished picture is not theirs to foresee, and does not count.
    """
    events = moderation_events.c
    query = select(func.count()).where(
        events.guild_id == guild_id,
        events.user_id == user_id,
        events.at > since,
        events.stage != "output",
    )
    return connection.execute(query).scalar_one()


def _whose(guild_id: int, user_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return blocks.c.guild_id == guild_id, blocks.c.user_id == user_id
