"""The loopback Discord's gateway: identify, heartbeats, events, resume; zlib-stream if asked."""

import asyncio
import json
import secrets
import time
import zlib
from collections import deque
from dataclasses import dataclass, field
from typing import Any, cast

from aiohttp import WSCloseCode, WSMsgType, web

from tests.fakes.discord_schema import Json
from tests.fakes.discord_world import World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, _UNUSED, RESUME = range(7)
RECONNECT, MEMBERS, INVALID, HELLO, ACK = range(7, 12)

UNKNOWN_OPCODE, NOT_AUTHENTICATED, BAD_TOKEN = 4001, 4003, 4004
BAD_SHARD, TOO_FEW_SHARDS = 4010, 4011
BAD_INTENTS, DISALLOWED_INTENTS = 4013, 4014

APART, LATE = 5.0, 0.25
"""Seconds between identifies of several shards, and what a busy machine may make of them."""

PRIVILEGED = (1 << 1) | (1 << 8) | (1 << 15)
KNOWN_INTENTS = (1 << 26) - 1


@dataclass(slots=True, eq=False)
class Connection:
    """One websocket. Sends in order; compresses as one stream when the URL asked for it."""

    socket: web.WebSocketResponse
    packer: Any = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(self, payload: Json) -> None:
        text = json.dumps(payload)
        async with self.lock:
            if self.socket.closed:
                return
            if self.packer is None:
                await self.socket.send_str(text)
                return
            packed = self.packer.compress(text.encode()) + self.packer.flush(zlib.Z_SYNC_FLUSH)
            await self.socket.send_bytes(packed)


@dataclass(slots=True, eq=False)
class Session:
    """What one shard has been told: kept when its connection breaks, so that it can resume."""

    id: str
    shard: tuple[int, int]
    intents: int
    connection: Connection | None
    sequence: int = 0
    sent: deque[Json] = field(default_factory=lambda: deque[Json](maxlen=2000))
    resumes: int = 0

    def owns(self, guild_id: int | None) -> bool:
        place, count = self.shard
        return place == ((guild_id or 0) >> 22) % count

    async def dispatch(self, event: str, data: Json) -> None:
        self.sequence += 1
        payload: Json = {"op": DISPATCH, "t": event, "s": self.sequence, "d": data}
        self.sent.append(payload)
        if self.connection:
            await self.connection.send(payload)


class Gateway:
    """All sessions of the application. `identifies` and `violations` are for tests to read.

    Attributes:
        away: whether nobody gets through to it, as in an outage; `drop` ends what is connected.
        knocks: how many came while it was away.
        shards: how many are recommended.
        max_concurrency: how many of several shards may identify within `APART` seconds.
        refuses: the close code that everyone gets who identifies or resumes, where there is one.
    """

    def __init__(self, world: World, token: str, bot_id: int, application_id: int) -> None:
        self._world = world
        self._token = token
        self._bot_id = bot_id
        self._application_id = application_id
        self._connections: set[Connection] = set()
        self.url = ""
        self.heartbeat_seconds = 41.25
        self.allowed_privileged = 0
        self.shards = 1
        self.max_concurrency = 1
        self._identified: dict[int, float] = {}
        self.away = False
        self.refuses: int | None = None
        self.sessions: dict[str, Session] = {}
        self.identifies: list[Json] = []
        self.heartbeats = 0
        self.knocks = 0
        self.violations: list[str] = []
        self.changed = asyncio.Event()

    def connected(self, guild_id: int | None = None) -> Session | None:
        """Return the session that hears of the server now, if there is one."""
        found = [item for item in self.sessions.values() if item.connection and item.owns(guild_id)]
        return found[-1] if found else None

    async def dispatch(self, event: str, data: Json, guild_id: int | None) -> bool:
        """Send an event to the server's shard; while it is away, keep it for the resume."""
        session = self.connected(guild_id)
        waiting = [item for item in self.sessions.values() if item.owns(guild_id)]
        session = session or (waiting[-1] if waiting else None)
        if session is None:
            return False
        await session.dispatch(event, data)
        return session.connection is not None

    async def drop(self, code: int = 4000) -> None:
        """Break every connection, as a network or Discord does."""
        for connection in list(self._connections):
            await connection.socket.close(code=code)

    async def ask_to_reconnect(self) -> None:
        for connection in list(self._connections):
            await connection.send({"op": RECONNECT, "d": None})

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Hold one connection of the bot's."""
        if self.away:
            self.knocks += 1
            self.changed.set()
            raise web.HTTPServiceUnavailable
        query = request.query
        if query.get("v") != "10" or query.get("encoding") != "json":
            self.violations.append(f"gateway: opened with {dict(query)}")
        socket = web.WebSocketResponse(max_msg_size=4096, compress=False)
        await socket.prepare(request)
        streamed = query.get("compress") == "zlib-stream"
        connection = Connection(socket, zlib.compressobj() if streamed else None)
        self._connections.add(connection)
        session: Session | None = None
        try:
            hello = {"heartbeat_interval": int(self.heartbeat_seconds * 1000)}
            await connection.send({"op": HELLO, "d": hello})
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                session = await self._hear(
                    connection, session, json.loads(cast("str", message.data))
                )
        finally:
            self._connections.discard(connection)
            if session and session.connection is connection:
                session.connection = None
            self.changed.set()
        return socket

    async def close(self) -> None:
        for connection in list(self._connections):
            await connection.socket.close(code=WSCloseCode.GOING_AWAY)

    async def _hear(
        self, connection: Connection, session: Session | None, payload: Json
    ) -> Session | None:
        operation, data = payload.get("op"), payload.get("d")
        if operation == HEARTBEAT:
            self.heartbeats += 1
            await connection.send({"op": ACK, "d": None})
        elif operation == IDENTIFY:
            return await self._identify(connection, cast("Json", data))
        elif operation == RESUME:
            return await self._resume(connection, cast("Json", data))
        elif session is None:
            await connection.socket.close(code=NOT_AUTHENTICATED)
        elif operation not in {PRESENCE, VOICE, MEMBERS}:
            self.violations.append(f"gateway: unknown opcode {operation}")
            await connection.socket.close(code=UNKNOWN_OPCODE)
        return session

    async def _identify(self, connection: Connection, data: Json) -> Session | None:
        self.identifies.append({key: value for key, value in data.items() if key != "token"})
        intents, shard = data.get("intents"), data.get("shard") or [0, 1]
        refused = self._refuse(data.get("token"), intents, shard)
        if refused:
            await connection.socket.close(code=refused)
            self.changed.set()
            return None
        self._space(shard)
        session = Session(
            secrets.token_hex(16), (shard[0], shard[1]), cast("int", intents), connection
        )
        self.sessions[session.id] = session
        await session.dispatch("READY", self._ready(session))
        for guild in list(self._world.guilds.values()):
            if session.owns(guild.id) and self._bot_id in guild.members:
                await session.dispatch("GUILD_CREATE", guild.created(guild.members[self._bot_id]))
        self.changed.set()
        return session

    def _space(self, shard: list[int]) -> None:
        """Note a shard that comes too soon after another one that counts with it."""
        bucket, now = shard[0] % self.max_concurrency, time.monotonic()
        if shard[1] > 1 and now - self._identified.get(bucket, -APART) < APART - LATE:
            self.violations.append(f"gateway: shard {shard} identified too soon")
        self._identified[bucket] = now

    def _refuse(self, token: object, intents: object, shard: list[int]) -> int | None:
        if self.refuses:
            return self.refuses
        if token != self._token:
            return BAD_TOKEN
        if not isinstance(intents, int) or intents & ~KNOWN_INTENTS:
            return BAD_INTENTS
        if intents & PRIVILEGED & ~self.allowed_privileged:
            return DISALLOWED_INTENTS
        return None if 0 <= shard[0] < shard[1] else BAD_SHARD

    def _ready(self, session: Session) -> Json:
        mine = [item for item in self._world.guilds.values() if self._bot_id in item.members]
        return {
            "v": 10,
            "user": self._world.users[self._bot_id].json()
            | {"verified": True, "mfa_enabled": True},
            "guilds": [
                {"id": str(item.id), "unavailable": True} for item in mine if session.owns(item.id)
            ],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": list(session.shard),
            "application": {"id": str(self._application_id), "flags": 0},
            "session_type": "normal",
            "private_channels": [],
            "presences": [],
            "relationships": [],
            "geo_ordered_rtc_regions": [],
            "user_settings": {},
            "guild_join_requests": [],
            "_trace": [],
        }

    async def _resume(self, connection: Connection, data: Json) -> Session | None:
        if self.refuses:
            await connection.socket.close(code=self.refuses)
            return None
        session = self.sessions.get(str(data.get("session_id")))
        if session is None or data.get("token") != self._token:
            await connection.send({"op": INVALID, "d": False})
            return None
        for payload in list(session.sent):
            if payload["s"] > int(data["seq"]):
                await connection.send(payload)
        session.connection = connection
        session.resumes += 1
        await session.dispatch("RESUMED", {"_trace": []})
        self.changed.set()
        return session
