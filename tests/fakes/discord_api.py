"""A loopback Discord: REST, gateway and file host on one port, strict about what it is sent.

In a test: `async with FakeDiscord() as discord`. By hand:
`python -m tests.fakes.discord_api --port 0` prints the environment that points a bot at it.
"""

import argparse
import asyncio
import contextlib
import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Self, TypeAlias, TypeVar, cast

from aiohttp import BodyPartReader, hdrs, web

from tests.fakes.discord_checks import Refusal, invalid
from tests.fakes.discord_faults import Fault, Faults, RateLimits
from tests.fakes.discord_gateway import Gateway
from tests.fakes.discord_messages import Messages, Upload, sign
from tests.fakes.discord_posts import Interaction
from tests.fakes.discord_replies import Answer, Call
from tests.fakes.discord_rest import Rest
from tests.fakes.discord_routes import CALLBACKS, ROUTES, Handler
from tests.fakes.discord_schema import Json, problems
from tests.fakes.discord_world import MIB, Guild, Member, User, World

T = TypeVar("T")
View: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

API = "/api/v10"
MAX_REQUEST = 25 * MIB
OPEN_TO_ALL = ("/interactions/", "/webhooks/")
_PART = re.compile(r"files\[(\d+)\]")


class FakeDiscord:
    """The whole of it. What a test reads: `world`, `calls`, `violations`, `gateway`, `faults`.

    Attributes:
        token: the bot token that is taken; every other is refused with 401 and 4004.
        calls: every request in the order of arrival, refused ones too.
        violations: what was sent against Discord's documentation, one line each.
    """

    def __init__(self, *, name: str = "easel") -> None:
        self.world = World()
        self.bot = self.world.add_user(name, bot=True)
        self.token = (
            f"{secrets.token_urlsafe(18)}.{secrets.token_urlsafe(6)}.{secrets.token_urlsafe(24)}"
        )
        self.faults = Faults()
        self.limits = RateLimits()
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self.messages = Messages(self.world, self.bot.id)
        self.gateway = Gateway(self.world, self.token, self.bot.id, self.bot.id)
        self.gateway.violations = self.violations
        self._rest = Rest(self.world, self.messages, self.gateway, self.bot.id)
        self._changed = self.gateway.changed
        self._runner: web.AppRunner | None = None
        self.origin = ""

    # Life

    async def start(self, port: int = 0) -> None:
        """Listen on the loopback address; *port* 0 takes any free one."""
        runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        self._runner = runner
        host, bound = cast("tuple[str, int]", runner.addresses[0])
        self.origin = f"http://{host}:{bound}"
        self.messages.origin = self.origin
        self.gateway.url = f"ws://{host}:{bound}/gateway"

    async def stop(self) -> None:
        await self.gateway.close()
        if self._runner:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def environment(self) -> dict[str, str]:
        """The settings that point a bot at this Discord."""
        return {
            "DISCORD_TOKEN": self.token,
            "DISCORD_API_URL": self.origin + API,
            "DISCORD_GATEWAY_URL": self.gateway.url,
        }

    # The world, as tests build and change it

    def add_guild(self, name: str, *members: User) -> Guild:
        """Make a server that the bot has joined."""
        guild = self.world.add_guild(name, *members)
        guild.members[self.bot.id] = Member(self.bot)
        return guild

    async def announce(self, guild: Guild) -> None:
        """Tell the bot of a server that was made after it connected."""
        await self.gateway.dispatch(
            "GUILD_CREATE", guild.created(guild.members[self.bot.id]), guild.id
        )

    async def interact(self, asked: Interaction) -> None:
        """Send an interaction to the bot; its three seconds begin now."""
        self.world.interactions[asked.token] = asked
        asked.sent_at = self.world.clock.now()
        asked.started = time.perf_counter()
        await self.gateway.dispatch("INTERACTION_CREATE", asked.payload, asked.guild_id)

    # Waiting

    def notify(self) -> None:
        self._changed.set()

    async def until(
        self,
        look: Callable[[], T],
        *,
        within: float = 30.0,
        what: str = "",
        poll: float | None = None,
    ) -> T:
        """Return what *look* returns as soon as it is true; asked after all that happens.

        With *poll* it is also asked every so many seconds, for what Discord does not see.

        Raises:
            TimeoutError: not true after *within* real seconds.
        """
        ends = time.perf_counter() + within
        while not (found := look()):
            self._changed.clear()
            left = ends - time.perf_counter()
            if left <= 0:
                raise TimeoutError(f"{what or 'it'} did not happen in {within} s: {self._tail()}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), min(left, poll or left))
        return found

    def _tail(self) -> str:
        return "; ".join(f"{call.route} {call.status}/{call.code}" for call in self.calls[-6:])

    # Serving

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=2 * MAX_REQUEST)
        app.router.add_get("/gateway", self._gateway)
        app.router.add_get("/attachments/{owner}/{id}/{name}", self._file)
        app.router.add_get("/ephemeral-attachments/{owner}/{id}/{name}", self._file)
        for route, (handler, schema) in ROUTES.items():
            method, path = route.split(" ")
            app.router.add_route(method, API + path, self._serve(route, handler, schema))
        app.router.add_route("*", "/{path:.*}", self._unknown)
        return app

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        return await self.gateway.serve(request)

    async def _unknown(self, request: web.Request) -> web.Response:
        self.violations.append(f"{request.method} {request.path}: no such address")
        return web.json_response({"message": "404: Not Found", "code": 0}, status=404)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """Serve an attachment as the file host does: only with a good, unexpired signature."""
        fault = self.faults.take("GET attachment")
        if fault:
            await asyncio.sleep(fault.delay)
            if fault.hold:
                await fault.hold.wait()
            if fault.status:
                return web.Response(
                    status=fault.status, text=fault.body or "", headers=fault.headers
                )
        stored = self.world.files.get(int(request.match_info["id"]))
        if stored is None or request.path != stored.path():
            return web.Response(status=404, text="This content is no longer available.")
        ends = int(request.query.get("ex", "0"), 16)
        good = request.query.get("hm") == sign(stored.path(), ends)
        if not good or ends < self.world.clock.now():
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=stored.data, content_type=stored.media_type)

    def _serve(self, route: str, handler: Handler, schema: str | None) -> View:
        async def serve(request: web.Request) -> web.StreamResponse:
            call = Call(
                route=route,
                method=request.method,
                path=request.path,
                params=dict(request.match_info),
                query=dict(request.query),
                payload=None,
                at=time.perf_counter(),
            )
            self.calls.append(call)
            try:
                return await self._answer(request, call, handler, schema)
            finally:
                self.notify()

        return serve

    async def _answer(
        self, request: web.Request, call: Call, handler: Handler, schema: str | None
    ) -> web.StreamResponse:
        headers: dict[str, str] = {"Via": "1.1 loopback"}
        try:
            await self._read(request, call)
            self._authorize(request)
            allowed, told = self.limits.take(call.route, _major(call))
            headers |= told
            if not allowed:
                wait = float(headers["Retry-After"])
                limited = {
                    "message": "You are being rate limited.",
                    "retry_after": wait,
                    "global": False,
                }
                return _reply(call, 429, limited, headers)
            return await self._act(request, call, handler, schema, headers)
        except Refusal as refusal:
            call.code = refusal.code
            if refusal.status == 400 and refusal.code != 40060:
                self._report(call, *(refusal.lines or [refusal.message]))
            body: Json = {"message": refusal.message, "code": refusal.code}
            if refusal.lines:
                body["errors"] = {
                    "_errors": [{"code": "INVALID", "message": x} for x in refusal.lines]
                }
            return _reply(call, refusal.status, body, headers)

    async def _act(
        self,
        request: web.Request,
        call: Call,
        handler: Handler,
        schema: str | None,
        headers: dict[str, str],
    ) -> web.StreamResponse:
        fault = self.faults.take(call.route) or Fault()
        if fault.delay:
            await asyncio.sleep(fault.delay)
        replaced = bool(fault.status or fault.drop or fault.body)
        answer: Answer = None
        if fault.after or not replaced:
            self._validate(call, schema)
            answer = handler(self._rest, call)
        if fault.hold:
            await fault.hold.wait()
        if fault.drop:
            call.status = -1
            if request.transport:
                request.transport.abort()
            return web.Response()
        if fault.body is not None:
            call.status = fault.status or 200
            told = headers | {hdrs.CONTENT_TYPE: "text/html"} | fault.headers
            return web.Response(status=call.status, text=fault.body, headers=told)
        if fault.status:
            call.code = fault.code
            return _reply(call, fault.status, fault.json(), headers | fault.headers)
        return _reply(call, 204 if answer is None else 200, answer, headers)

    async def _read(self, request: web.Request, call: Call) -> None:
        """Read JSON or a form into *call*. Raises Refusal where it is too large or unreadable."""
        if (request.content_length or 0) > MAX_REQUEST:
            raise Refusal(413, 40005, "Request entity too large")
        if request.content_type == "multipart/form-data":
            await self._read_form(request, call)
            return
        text = await request.text()
        if not text:
            return
        if request.content_type != "application/json":
            raise invalid(f"content type {request.content_type}")
        try:
            call.payload = json.loads(text)
        except ValueError:
            raise Refusal(400, 50109, "The request body contains invalid JSON.") from None

    async def _read_form(self, request: web.Request, call: Call) -> None:
        size = 0
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise invalid("a form within the form")
            data = bytes(await part.read())
            size += len(data)
            if size > MAX_REQUEST:
                raise Refusal(413, 40005, "Request entity too large")
            named = _PART.fullmatch(part.name or "")
            if part.name == "payload_json":
                call.payload = json.loads(data)
            elif named and part.filename:
                media_type = part.headers.get(hdrs.CONTENT_TYPE, "")
                call.uploads.append(
                    Upload(part=int(named[1]), name=part.filename, data=data, media_type=media_type)
                )
            else:
                self._report(call, f"form part {part.name!r} with file name {part.filename!r}")

    def _authorize(self, request: web.Request) -> None:
        if request.path.removeprefix(API).startswith(OPEN_TO_ALL):
            return
        if request.headers.get(hdrs.AUTHORIZATION) != f"Bot {self.token}":
            raise Refusal(401, 0, "401: Unauthorized")
        if not request.headers.get(hdrs.USER_AGENT, "").startswith("DiscordBot ("):
            self.violations.append(f"{request.path}: User-Agent is not of the documented form")

    def _validate(self, call: Call, schema: str | None) -> None:
        """Report unknown fields, and refuse wrong shapes as Discord does."""
        if schema is None:
            return
        if schema == "callback":
            schema = CALLBACKS.get(
                cast("int", call.body.get("type")), "PongInteractionCallbackRequest"
            )
        many = call.method == "PUT"
        items = cast("list[object]", call.payload) if many else [call.body]
        found = [line for item in items for line in problems(schema, item)]
        unknown = [line for line in found if line.endswith("Discord knows")]
        self._report(call, *unknown)
        if len(found) > len(unknown):
            raise invalid(*(line for line in found if line not in unknown))

    def _report(self, call: Call, *lines: str) -> None:
        self.violations += [f"{call.route}: {line}" for line in lines]


def _major(call: Call) -> str:
    names = ("channel_id", "guild_id", "token", "application_id")
    return next((call.params[name] for name in names if name in call.params), "")


def _reply(call: Call, status: int, body: object, headers: dict[str, str]) -> web.Response:
    call.status = status
    if body is None:
        return web.Response(status=204, headers=headers)
    told = headers | {hdrs.CONTENT_TYPE: "application/json"}  # no charset: discord.py compares it
    return web.Response(body=json.dumps(body).encode(), status=status, headers=told)


async def _serve_by_hand(port: int) -> None:
    discord = FakeDiscord()
    discord.add_guild("workshop", discord.world.add_user("ann"))
    await discord.start(port)
    try:
        for name, value in discord.environment.items():
            print(f"{name}={value}", flush=True)  # noqa: T201 - its output is for a person
        await asyncio.Event().wait()
    finally:
        await discord.stop()


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve_by_hand(parser.parse_args().port))


if __name__ == "__main__":
    main()
