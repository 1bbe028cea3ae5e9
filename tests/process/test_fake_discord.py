"""The loopback Discord itself, proved with a process of plain discord.py."""

import asyncio
import io
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest
import pytest_asyncio
from PIL import Image

from tests.fakes.discord_api import FakeDiscord
from tests.fakes.discord_asks import NotOffered
from tests.fakes.discord_checks import components
from tests.fakes.discord_faults import Fault
from tests.fakes.discord_schema import Json, problems
from tests.fakes.discord_world import Channel
from tests.process.harness import Answer, Person, drawn
from tests.process.nursery import born
from tests.process.processes import BotProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLAIN = ("-m", "tests.process.plain_bot")
ORIGINAL = "PATCH /webhooks/{application_id}/{token}/messages/@original"


def png(side: int = 8) -> bytes:
    file = io.BytesIO()
    Image.new("RGBA", (side, side), "orange").save(file, "PNG")
    return file.getvalue()


class Stage:
    """A server with a member, a manager, and the plain bot."""

    def __init__(self, fake: FakeDiscord) -> None:
        self.discord = fake
        world = fake.world
        self.guild = fake.add_guild("workshop", world.add_user("ann"), world.add_user("max"))
        self.other = fake.add_guild("elsewhere", world.add_user("zoe"))
        self.room = next(iter(self.guild.channels.values()))
        users = {user.name: user for user in world.users.values()}
        manager = world.add_role(self.guild, "manager", discord.Permissions(manage_guild=True))
        self.guild.members[users["max"].id].role_ids.append(manager.id)
        self.ann = Person(fake, users["ann"], self.guild)
        self.max = Person(fake, users["max"], self.guild)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("plain")
    async with FakeDiscord() as fake:
        made = Stage(fake)
        async with BotProcess(fake, folder, arguments=PLAIN, launch=born) as bot:
            seconds = await bot.ready()
            assert seconds < 20
            await fake.until(lambda: fake.world.commands.get(None), what="sync")
            yield made
            assert not fake.violations


async def test_takes_a_file_and_gives_one_back(stage: Stage) -> None:
    answer = await stage.ann.slash(stage.room, "upload", picture=png(), colour="blue", until=drawn)

    assert [(p.data, p.description) for p in answer.pictures] == [(png(), "in blue")]
    assert answer.text == "@everyone done"
    assert answer.message.pings == []
    assert not answer.private
    assert answer.seconds < 3
    assert stage.max.sees(stage.room)[-1] is answer.message


async def test_serves_posted_files_until_their_signature_ends(stage: Stage) -> None:
    answer = await stage.ann.slash(stage.room, "upload", picture=png(16), until=drawn)
    url = stage.discord.messages.url(answer.pictures[0])

    def fetch(address: str) -> int:
        try:
            with urllib.request.urlopen(address, timeout=5) as response:  # noqa: S310 - loopback
                return response.status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    assert await asyncio.to_thread(fetch, url) == 200
    assert await asyncio.to_thread(fetch, url.replace("hm=", "hm=0")) == 404
    stage.discord.world.clock.advance(25 * 3600)
    assert await asyncio.to_thread(fetch, url) == 404


async def test_presses_a_lasting_button(stage: Stage) -> None:
    shown = await stage.ann.slash(stage.room, "upload", picture=png(), until=drawn)

    answer = await stage.max.click(shown.message, "Again")

    assert answer.private
    assert answer.text == "again 2"
    assert answer.message not in stage.ann.sees(stage.room)


async def test_fills_in_a_modal(stage: Stage) -> None:
    opened = await stage.ann.slash(stage.room, "ask")

    answer = await stage.ann.submit_values(opened, {"Your name": "Ann"})

    assert (answer.text, answer.private) == ("hello Ann", True)
    with pytest.raises(NotOffered):
        await stage.ann.submit_values(opened, {"Your name": "x" * 21})


async def test_suggests_while_typing(stage: Stage) -> None:
    choices = await stage.ann.suggestions(stage.room, "upload", "colour", colour="gr")

    assert [choice["value"] for choice in choices] == ["green", "grey"]


async def test_hides_commands_from_those_who_may_not(stage: Stage) -> None:
    with pytest.raises(NotOffered):
        await stage.ann.slash(stage.room, "hidden")

    answer = await stage.max.slash(stage.room, "hidden")

    assert (answer.text, answer.private) == (f"limit {10 * 1024 * 1024}", True)


async def test_posts_one_message_for_one_nonce(stage: Stage) -> None:
    route = "POST /channels/{channel_id}/messages"
    sent = [call for call in stage.discord.calls if call.route == route]

    await stage.ann.slash(
        stage.room, "twice", until=lambda _: len(posts(stage, route)) == len(sent) + 2
    )

    assert [m.content for m in stage.ann.sees(stage.room)].count("once") == 1


def posts(stage: Stage, route: str) -> list[object]:
    return [call for call in stage.discord.calls if call.route == route and call.status]


async def test_ends_tokens_after_a_quarter_of_an_hour(stage: Stage) -> None:
    stage.discord.faults.on(ORIGINAL, Fault(delay=0.3))

    def expire(answer: Answer) -> bool:
        asked = answer.interaction
        if asked.response_type and asked.token not in expired:
            expired.add(asked.token)
            stage.discord.world.clock.advance(15 * 60 + 1)
        return stage.ann.sees(stage.room)[-1].content == "401/50027"

    expired: set[str] = set()
    await stage.ann.slash(stage.room, "slow", until=expire)


async def test_refuses_a_first_response_after_three_seconds(stage: Stage) -> None:
    callback = "POST /interactions/{interaction_id}/{token}/callback"
    stage.discord.faults.on(callback, Fault(delay=0.05))
    asked = stage.ann.asks.slash(stage.room, "ask", {})
    await stage.discord.interact(asked)
    asked.sent_at -= 4

    await stage.discord.until(lambda: asked.late)

    assert (stage.discord.calls[-1].status, stage.discord.calls[-1].code) == (404, 10062)


async def test_answers_an_interaction_once(stage: Stage) -> None:
    answer = await stage.ann.slash(stage.room, "ask")

    await stage.discord.interact(answer.interaction)
    await stage.discord.until(lambda: stage.discord.calls[-1].code == 40060)


async def test_retries_after_a_failure_that_took_effect(stage: Stage) -> None:
    stage.discord.faults.on(ORIGINAL, Fault(status=429, after=True))

    answer = await stage.ann.slash(
        stage.room, "upload", picture=png(), until=lambda a: drawn(a) and a.message.edits == 2
    )

    assert len(answer.pictures) == 1


async def test_resumes_after_a_broken_connection(stage: Stage) -> None:
    session = stage.discord.gateway.connected(stage.guild.id)
    assert session is not None
    await stage.discord.gateway.drop()

    answer = await stage.ann.slash(stage.room, "hidden", force=True)

    assert answer.private
    assert session.resumes == 1


async def test_answers_as_the_vendors_file_says(stage: Stage) -> None:
    shown = await stage.ann.slash(stage.room, "upload", picture=png(), until=drawn)
    messages, rest = stage.discord.messages, stage.discord
    made = messages.json(shown.message)

    assert problems("MessageResponse", made, closed=False) == []
    assert [problems("ApplicationCommandResponse", c) for c in rest.world.commands[None]] == [
        []
    ] * 5
    assert problems("GuildChannelResponse", stage.room.json(), closed=False) == []
    assert all(problems("GuildRoleResponse", r.json()) == [] for r in stage.guild.roles.values())
    assert all(
        problems("GuildMemberResponse", m.json()) == [] for m in stage.guild.members.values()
    )


async def test_reports_what_discord_does_not_know(stage: Stage) -> None:
    body: Json = {"content": "hi", "colour": 3, "components": [{"type": 1, "components": []}]}

    assert problems("MessageCreateRequest", body) == [
        "MessageCreateRequest: colour is not a field that Discord knows",
        "MessageCreateRequest.components[0].components: 0 items, allowed are 1 to 5",
    ]
    button = {"type": 2, "style": 1, "label": "x" * 81, "custom_id": "a"}
    row = {"components": [{"type": 1, "components": [button]}]}
    assert len(problems("MessageCreateRequest", row)) == 1
    assert list(components(row["components"]))[1] == button
    assert isinstance(stage.room, Channel)


async def test_refuses_a_wrong_token(stage: Stage, tmp_path: Path) -> None:
    wrong = {"DISCORD_TOKEN": "unknown"}
    bot = BotProcess(stage.discord, tmp_path, arguments=PLAIN, settings=wrong, launch=born)
    async with bot:
        assert await bot.ended() == 1

    assert "Improper token" in bot.log
