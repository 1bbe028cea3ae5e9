"""What the loopback Discord refuses, asked directly: no bot in between."""

import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest

from tests.fakes.discord_api import API, FakeDiscord
from tests.fakes.discord_faults import Fault
from tests.fakes.discord_schema import Json, problems
from tests.fakes.discord_world import MIB, Channel, Overwrite
from tests.process.harness import Answer, Person

USER_AGENT = "DiscordBot (https://example.org, 1)"
MESSAGES = "POST /channels/{channel_id}/messages"
SILENT: Json = {"parse": []}


class Caller:
    """A bot by hand: what it sends, it sends as told."""

    def __init__(self, fake: FakeDiscord, session: aiohttp.ClientSession) -> None:
        self.discord = fake
        self._session = session
        self.guild = fake.add_guild("workshop", fake.world.add_user("ann"))
        self.room = next(iter(self.guild.channels.values()))
        ann = next(user for user in fake.world.users.values() if user.name == "ann")
        self.ann = Person(fake, ann, self.guild)
        self.headers = {"Authorization": f"Bot {fake.token}", "User-Agent": USER_AGENT}

    async def call(
        self, method: str, path: str, body: object = None, *files: bytes
    ) -> tuple[int, Any]:
        """Return the status, and the answer's JSON."""
        form = None
        if files:
            form = aiohttp.FormData(quote_fields=False)
            form.add_field("payload_json", json.dumps(body), content_type="application/json")
            for place, data in enumerate(files):
                form.add_field(f"files[{place}]", io.BytesIO(data), filename=f"{place}.png")
        url = self.discord.origin + API + path
        sent = None if files else body
        async with self._session.request(
            method, url, json=sent, data=form, headers=self.headers
        ) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else {}

    async def code(
        self, method: str, path: str, body: object = None, *files: bytes
    ) -> tuple[int, int]:
        status, answer = await self.call(method, path, body, *files)
        return status, answer.get("code", 0)

    async def post(
        self, body: object, *files: bytes, room: Channel | None = None
    ) -> tuple[int, int]:
        return await self.code("POST", f"/channels/{(room or self.room).id}/messages", body, *files)

    async def asked(self) -> Answer:
        """Let Ann use a command, with nobody connected who could answer."""
        self.discord.world.commands[None] = [COMMAND]
        asked = self.ann.asks.slash(self.room, "ask", {})
        await self.discord.interact(asked)
        return Answer(self.discord, asked)

    async def respond(self, answer: Answer, body: Json) -> tuple[int, int]:
        asked = answer.interaction
        return await self.code("POST", f"/interactions/{asked.id}/{asked.token}/callback", body)

    def webhook(self, answer: Answer, rest: str = "") -> str:
        return f"/webhooks/{self.discord.bot.id}/{answer.interaction.token}{rest}"


COMMAND: Json = {
    "id": "5",
    "name": "ask",
    "type": 1,
    "default_member_permissions": None,
    "nsfw": False,
}


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with FakeDiscord() as fake, aiohttp.ClientSession() as session:
        yield Caller(fake, session)


async def test_wants_the_token(caller: Caller) -> None:
    caller.headers["Authorization"] = "Bot other"

    assert await caller.code("GET", "/users/@me") == (401, 0)


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"content": "x" * 2001}, (400, 50035)),
        ({"content": ""}, (400, 50006)),
        ({"content": 3}, (400, 50035)),
        ({"flags": 1 << 15, "content": "x"}, (400, 50035)),
        ({"embeds": [{"image": {"url": "attachment://none.png"}}]}, (400, 50035)),
        ({"content": "x", "attachments": [{"id": "0"}]}, (400, 50035)),
        ({"content": "x", "message_reference": {"message_id": "9"}}, (400, 50035)),
    ],
)
async def test_refuses_messages(caller: Caller, body: Json, answer: tuple[int, int]) -> None:
    assert await caller.post(body) == answer
    assert caller.discord.violations


async def test_reports_unknown_fields_but_takes_them(caller: Caller) -> None:
    assert await caller.post({"content": "x", "colour": 1}) == (200, 0)
    assert caller.discord.violations == [
        f"{MESSAGES}: MessageCreateRequest: colour is not a field that Discord knows"
    ]


async def test_limits_files_and_requests(caller: Caller) -> None:
    assert await caller.post({}, b"x" * (10 * MIB + 1)) == (413, 40005)
    assert await caller.post({}, *[b"x" * (9 * MIB)] * 3) == (413, 40005)
    assert await caller.post({}, *[b"x"] * 11) == (400, 50035)
    caller.guild.upload_limit = 25 * MIB
    assert await caller.post({}, b"x" * (10 * MIB + 1)) == (200, 0)


async def test_knows_permissions(caller: Caller) -> None:
    bot = caller.discord.bot.id
    silent = discord.Permissions(send_messages=True).value
    caller.room.overwrites[bot] = Overwrite(deny=silent, member=True)
    assert await caller.post({"content": "x"}) == (403, 50013)
    caller.room.overwrites[caller.guild.id] = Overwrite(deny=discord.Permissions.all().value)
    assert await caller.post({"content": "x"}) == (403, 50001)
    assert await caller.code("GET", "/channels/9") == (404, 10003)
    del caller.guild.members[bot]
    assert await caller.code("GET", f"/guilds/{caller.guild.id}") == (403, 50001)


async def test_keeps_closed_doors_for_direct_messages(caller: Caller) -> None:
    status, opened = await caller.call(
        "POST", "/users/@me/channels", {"recipient_id": str(caller.ann.user.id)}
    )
    assert (status, opened["type"]) == (200, 1)
    path = f"/channels/{opened['id']}/messages"
    assert await caller.code("POST", path, {"content": "x"}) == (200, 0)
    caller.ann.user.takes_dms = False
    assert await caller.code("POST", path, {"content": "x"}) == (403, 50007)


async def test_sees_pings(caller: Caller) -> None:
    for rules in (None, {"parse": ["everyone"]}, SILENT, {"users": ["7"]}):
        body: Json = {"content": "@everyone <@7> <@&8>"}
        await caller.post(body | ({} if rules is None else {"allowed_mentions": rules}))

    pings = [message.pings for message in caller.ann.sees(caller.room)]
    assert pings == [["everyone", "users 7", "roles 8"], ["everyone"], [], ["users 7"]]


async def test_limits_rates_by_channel(caller: Caller) -> None:
    body = {"content": "x", "allowed_mentions": SILENT}
    answers = [await caller.post(body) for _ in range(6)]

    assert [status for status, _ in answers] == [200] * 5 + [429]
    other = caller.discord.world.add_channel(caller.guild, "other")
    assert await caller.post(body, room=other) == (200, 0)


async def test_plays_its_script(caller: Caller) -> None:
    faults = caller.discord.faults
    faults.on(MESSAGES, Fault(status=503, times=2))
    faults.on(MESSAGES, Fault(drop=True, after=True))

    assert [(await caller.post({"content": "a"}))[0] for _ in range(2)] == [503, 503]
    with pytest.raises(aiohttp.ClientError):
        await caller.post({"content": "b"})
    assert [message.content for message in caller.ann.sees(caller.room)] == ["b"]
    assert faults.hit == [MESSAGES] * 3


async def test_takes_commands_within_the_limits(caller: Caller) -> None:
    path = f"/applications/{caller.discord.bot.id}/commands"
    good: Json = {"name": "draw", "description": "Draw", "type": 1}
    option: Json = {"name": "what", "description": "What", "type": 3}
    wrong: list[list[Json]] = [
        [good, good],
        [{**good, "name": "Draw It"}],
        [{**good, "description": ""}],
        [{**good, "options": [option, {**option, "name": "size", "required": True}]}],
        [{**good, "options": [option] * 26}],
        [{**good, "options": [option, option]}],
        [{"name": f"m{place}", "type": 3} for place in range(16)],
    ]
    for commands in wrong:
        assert await caller.code("PUT", path, commands) == (400, 50035), commands
    _, first = await caller.call("PUT", path, [good])
    _, again = await caller.call("PUT", path, [{**good, "description": "Draw it"}])

    assert [problems("ApplicationCommandResponse", item) for item in [*first, *again]] == [[], []]
    assert first[0]["id"] == again[0]["id"]


async def test_puts_the_first_follow_up_in_the_placeholders_place(caller: Caller) -> None:
    answer = await caller.asked()
    assert await caller.respond(answer, {"type": 5}) == (204, 0)

    private = {"content": "no", "flags": 64}
    assert await caller.code("POST", caller.webhook(answer), private) == (200, 0)

    assert [(m.content, m.ephemeral) for m in answer.shown] == [("no", False)]
    assert await caller.code("POST", caller.webhook(answer), private) == (200, 0)
    assert [m.ephemeral for m in answer.shown] == [False, True]


async def test_answers_only_what_was_asked(caller: Caller) -> None:
    answer = await caller.asked()
    original = caller.webhook(answer, "/messages/@original")

    assert await caller.code("GET", original) == (404, 10015)
    assert await caller.respond(answer, {"type": 8, "data": {"choices": []}}) == (400, 50035)
    assert await caller.respond(answer, {"type": 7, "data": {"content": "x"}}) == (400, 50035)
    assert await caller.respond(answer, {"type": 4, "data": {"content": "x"}}) == (204, 0)
    assert await caller.respond(answer, {"type": 4, "data": {"content": "x"}}) == (400, 40060)
    assert await caller.code("DELETE", original) == (204, 0)
    assert await caller.code("PATCH", original, {"content": "y"}) == (404, 10008)


async def test_keeps_private_answers_from_the_channel(caller: Caller) -> None:
    answer = await caller.asked()
    await caller.respond(answer, {"type": 4, "data": {"content": "x", "flags": 64}})
    path = f"/channels/{caller.room.id}/messages"

    assert await caller.call("GET", path) == (200, [])
    assert await caller.code("GET", f"{path}/{answer.message.id}") == (404, 10008)


@pytest.mark.parametrize(
    ("identify", "code"),
    [
        ({"token": "x", "intents": 1}, 4004),
        ({"intents": 1 << 15}, 4014),
        ({"intents": 1 << 40}, 4013),
    ],
)
async def test_closes_wrong_sessions(caller: Caller, identify: Json, code: int) -> None:
    gateway = f"{caller.discord.gateway.url}?v=10&encoding=json"
    data = {"token": caller.discord.token, "properties": Json()} | identify
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(gateway) as socket,
    ):
        assert (await socket.receive_json())["op"] == 10
        await socket.send_json({"op": 2, "d": data})
        await socket.receive()

        assert socket.close_code == code
