"""A simulated server with its people, and its page in the local browser."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Final
from urllib.parse import unquote

import discord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.env import Env
from simcord.http import router

from bot.client import EaselClient
from bot.demo.page import DemoPage

WELCOME: Final = """\
**Welcome to Easel's demo.** Everything on this page is simulated: no token, no key, and play money.
- `/imagine` a picture from words; `/edit` or `/vary` one that you upload.
- Press the buttons under a result; then become Sam, above, and press them again.
- As Greta, who runs this server, try `/easel setup`, `/quota panel`, `/usage server`, `/modlog`.
- A prompt with the word *forbidden* shows what a refusal looks like."""

_TICK: Final = 0.1  # seconds between looks at what the bot did by itself
_SETTLE: Final = 20.0  # seconds that an action may take before the page says so


@asynccontextmanager
async def open_simulation(client: EaselClient) -> AsyncGenerator[Env]:
    """Start *client* in a simulated Discord whose time is the real one."""
    env = Env(client, settle_timeout=_SETTLE, check_errors=False, shard_count=1)
    env.backend.clock.advance((datetime.now(UTC) - env.now()).total_seconds())
    env.backend.bot_user.name = "Easel"
    try:
        _decode_paths()
        await env.start()
        vars(client.tree).pop("on_error", None)  # or each refusal would count as a failed action
        await client.tree.sync()
        yield env
    finally:
        await env.shutdown()
        await client.close()


def _decode_paths() -> None:
    """Let the simulator read ``@original`` in an address as it is on the wire, encoded."""
    dispatch = router.dispatch

    def decoded(backend: Any, method: str, path: str, **options: Any) -> Any:  # noqa: ANN401
        return dispatch(backend, method, unquote(path), **options)

    router.dispatch = decoded


@asynccontextmanager
async def open_page(env: Env, client: EaselClient, port: int) -> AsyncGenerator[DemoPage]:
    """Make the server and serve its page on loopback; *port* 0 takes any that is free."""
    channel, people = _populate(env)
    await env.settle()
    room = client.get_channel(channel.id)
    if isinstance(room, discord.TextChannel):
        await room.send(WELCOME)
    await env.settle()
    async with DemoPage(env, channel, people, port=port) as page:
        yield page


async def keep_alive(env: Env, page: DemoPage) -> None:
    """Let time pass, and show what the bot does by itself, until the page is closed.

    The page is refreshed only when the bot has spoken: a refresh disturbs who is clicking. Time
    stands still while somebody acts, so that a slow machine keeps Discord's three seconds.
    """
    spoken, last = len(env.http_requests), perf_counter()
    while await page.still_open(_TICK):
        async with page.turn:
            now, said = perf_counter(), len(env.http_requests)
            env.backend.clock.advance(now - last)
        if said != spoken:
            await page.refresh()
        last, spoken = now, said


def _populate(env: Env) -> tuple[ChannelHandle, list[MemberActor]]:
    owner = env.create_user("owner", global_name="The owner")
    guild = env.create_guild("Easel demo", owner=owner)
    moderator = guild.create_role(
        "Moderator", permissions=discord.Permissions(manage_messages=True), color=0x57C9A5
    )
    manager = guild.create_role(
        "Manager",
        permissions=discord.Permissions(manage_guild=True, manage_messages=True),
        color=0xE0A458,
    )
    people = [
        guild.add_member(env.create_user("ann", global_name="Ann")),
        guild.add_member(
            env.create_user("mona", global_name="Mona (moderator)"), roles=[moderator]
        ),
        guild.add_member(env.create_user("greta", global_name="Greta (manager)"), roles=[manager]),
        guild.add_member(env.create_user("sam", global_name="Sam (stranger)")),
    ]
    topic = "A simulation: no token, no key, play money"
    return guild.create_text_channel("art-room", topic=topic), people
