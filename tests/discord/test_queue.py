"""Waiting for one's turn: told where one stands, seen and cancelled by those who may."""

import asyncio
from collections.abc import Mapping

import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.env import Env
from simcord.results import InteractionResult

from bot.providers.base import UNWATCHED, Answer, ImageProvider, PictureRequest, Watch
from bot.storage import audit
from tests.discord.world import World, private_text
from tests.services.studio import Told, answer, picture


class OneByOne(Told):
    """A picture maker whose every answer comes when the test says so."""

    def __init__(self) -> None:
        super().__init__(answer(picture()))
        self.env: Env | None = None
        self.gates: dict[str, asyncio.Event] = {}

    async def make(self, request: PictureRequest, watch: Watch = UNWATCHED) -> Answer:
        assert self.env is not None
        gate = self.gates.setdefault(request.prompt, asyncio.Event())
        await self.env.external_wait(gate.wait(), reason="what the test says")
        return await super().make(request, watch)


@pytest.fixture
def environ() -> Mapping[str, str]:
    """One at a time, so that a second request waits."""
    return {"PROVIDER_CALLS_AT_ONCE": "1", "MEMBER_JOBS_AT_ONCE": "8"}


@pytest.fixture
def maker() -> OneByOne:
    return OneByOne()


@pytest.fixture
def provider(maker: OneByOne) -> ImageProvider:
    return maker


class Line:
    """Requests in the order of their asks; each ends when the test says so."""

    def __init__(self, world: World, maker: OneByOne) -> None:
        self.world, self.maker = world, maker
        maker.env = world.env

    async def ask(
        self, member: MemberActor, prompt: str, *, private: bool = False
    ) -> InteractionResult:
        return await member.slash(self.world.art_room, "imagine", prompt=prompt, private=private)

    async def made(self, prompt: str, *, after: float = 0) -> None:
        self.world.clock.advance(seconds=after)
        self.maker.gates[prompt].set()
        await self.world.env.settle()

    async def look(self, seconds: float = 1) -> None:
        await self.world.env.advance_time(seconds)

    @property
    def called(self) -> list[str]:
        return list(self.maker.gates)


@pytest.fixture
def line(world: World, maker: OneByOne) -> Line:
    return Line(world, maker)


def _said(result: InteractionResult) -> str:
    assert result.response is not None
    return result.response.content


def _code(result: InteractionResult) -> str:
    """Return the code that the Cancel button of a waiting request names."""
    assert result.response is not None
    (row,) = result.response.components
    return str(row["components"][0]["custom_id"]).split(":")[2]


async def test_who_waits_is_told_where_they_stand_and_then_that_it_begins(
    line: Line, ann: MemberActor, bob: MemberActor
) -> None:
    await line.ask(ann, "a fox")
    await line.made("a fox", after=40)  # so that it is known how long one takes
    running, second, third = (
        await line.ask(ann, "a red kite"),
        await line.ask(ann, "a blue kite"),
        await line.ask(bob, "a hare"),
    )

    await line.look()

    start = int(line.world.clock.now().timestamp())
    expected = "You are number {} in line, expected to start <t:{}:R>."
    assert _said(second) == expected.format(1, start + 40)
    assert _said(third) == expected.format(2, start + 80)
    assert running.response is not None
    assert running.response.components == []

    await line.made("a red kite", after=40)
    await line.look(3)
    assert _said(second) == "Drawing…"
    assert second.response is not None
    assert second.response.components == []
    assert _said(third) == expected.format(1, start + 80)

    await line.made("a blue kite", after=40)
    await line.made("a hare")
    assert len(third.response.attachments if third.response else ()) == 1
    assert line.called == ["a fox", "a red kite", "a blue kite", "a hare"]


async def test_what_it_usually_takes_is_told_once_when_the_call_begins(
    line: Line, ann: MemberActor
) -> None:
    for number, seconds in enumerate([10, 20, 30, 40, 50]):
        quick = await line.ask(ann, f"a fox {number}")
        assert _said(quick) == ""
        await line.made(f"a fox {number}", after=seconds)

    running, waits = await line.ask(ann, "a kite"), await line.ask(ann, "a hare")

    assert _said(running) == "Drawing; usually 20–40 s."
    assert running.response is not None
    assert running.response.components == []
    await line.look()
    assert "You are number 1" in _said(waits)
    await line.made("a kite", after=30)
    assert "You are number 1" in _said(waits)  # an edit now would come too soon
    await line.look(3)
    assert _said(waits) == "Drawing; usually 22–38 s."
    assert waits.response is not None
    assert waits.response.components == []
    await line.made("a hare")
    assert waits.response.attachments


async def test_what_begins_soon_is_told_nothing(line: Line, ann: MemberActor, world: World) -> None:
    await line.ask(ann, "a fox")
    second = await line.ask(ann, "a kite")
    await line.made("a fox")
    edits = [each for each in world.env.http_requests if each.method == "PATCH"]

    await line.made("a kite")

    assert len(edits) == 1  # the fox itself
    assert second.response is not None
    assert second.response.attachments


async def test_the_asker_cancels_with_the_button(
    line: Line, ann: MemberActor, bob: MemberActor, art_room: ChannelHandle
) -> None:
    await line.ask(bob, "a fox")
    waits = await line.ask(ann, "a kite")
    await line.look()
    assert waits.response is not None

    pressed = await ann.click(waits.response, label="Cancel")

    assert pressed.followups == []
    (told,) = waits.followups
    assert told.ephemeral
    assert "was cancelled, as you wished. Nothing was charged." in told.content
    assert waits.response is None
    await line.made("a fox")
    assert line.called == ["a fox"]
    assert "0 used" in private_text(await ann.slash(art_room, "quota show"))


async def test_a_private_one_that_is_cancelled_keeps_no_button(
    line: Line, ann: MemberActor
) -> None:
    await line.ask(ann, "a fox")
    waits = await line.ask(ann, "a kite", private=True)
    await line.look()
    assert waits.response is not None

    await ann.click(waits.response, label="Cancel")

    assert "was cancelled" in _said(waits)
    assert waits.response.components == []


async def test_a_stranger_cancels_nothing(
    line: Line, ann: MemberActor, bob: MemberActor, art_room: ChannelHandle
) -> None:
    await line.ask(ann, "a fox")
    waits = await line.ask(ann, "a kite")
    await line.look()
    assert waits.response is not None
    code = _code(waits)

    assert "belong to the person" in private_text(await bob.click(waits.response, label="Cancel"))
    text = private_text(await bob.slash(art_room, "queue cancel", request=code))
    assert text.startswith(f"No request #{code} is waiting here.")
    assert "Manage Server" in private_text(await bob.slash(art_room, "queue clear", member=ann))
    assert private_text(await bob.slash(art_room, "queue show")) == (
        "## The queue\nNothing waits and nothing runs."
    )

    await line.made("a fox")
    await line.made("a kite")
    assert line.called == ["a fox", "a kite"]


async def test_a_member_sees_and_cancels_their_own(
    line: Line, ann: MemberActor, bob: MemberActor, art_room: ChannelHandle
) -> None:
    await line.ask(bob, "a fox")
    waits = await line.ask(ann, "a kite")
    await line.look()
    code = _code(waits)

    text = private_text(await ann.slash(art_room, "queue show"))
    assert f"**Waiting**\n**1.** `#{code}` · /imagine · 1 picture · {ann.mention}" in text
    assert bob.mention not in text
    offered = await ann.autocomplete(art_room, "queue cancel", "request", "")
    assert [choice["value"] for choice in offered] == [code]

    done = private_text(await ann.slash(art_room, "queue cancel", request=f" #{code.upper()}"))

    assert done == f"The request #{code} is cancelled; nothing was charged."
    again = private_text(await ann.slash(art_room, "queue cancel", request=code))
    assert again.startswith(f"No request #{code} is waiting here.")
    await line.made("a fox")
    assert line.called == ["a fox"]


async def test_a_manager_sees_everyones_and_cancels_them_on_the_record(
    line: Line,
    ann: MemberActor,
    bob: MemberActor,
    greta: MemberActor,
    art_room: ChannelHandle,
    world: World,
) -> None:
    await line.ask(bob, "a fox")
    waits = await line.ask(ann, "a kite")
    more = [await line.ask(ann, f"kite {number}") for number in range(2)]
    await line.look()
    code = _code(waits)

    text = private_text(await greta.slash(art_room, "queue show"))
    assert "**Being made**\n`#" in text
    assert f"/imagine · 1 picture · {bob.mention}" in text
    assert f"`#{code}` · /imagine · 1 picture · {ann.mention}" in text

    private_text(await greta.slash(art_room, "queue cancel", request=code))
    (told,) = waits.followups
    assert "was cancelled by the people who run this server. Nothing was charged." in told.content
    cleared = private_text(await greta.slash(art_room, "queue clear", member=ann))
    assert cleared == f"2 requests of {ann.mention} are cancelled; nothing was charged."
    nothing = private_text(await greta.slash(art_room, "queue clear", member=ann))
    assert nothing == f"Nothing of {ann.mention} waits here."

    assert all("people who run this server" in each.followups[0].content for each in more)
    entries = await world.services.database.read(
        lambda connection: audit.page(connection, world.guild.id, most=5).entries
    )
    assert [entry.action for entry in entries] == ["request cancelled"] * 3
    assert {entry.user_id for entry in entries} == {greta.id}
    await line.made("a fox")


async def test_what_is_being_made_is_not_cancelled(
    line: Line, ann: MemberActor, greta: MemberActor, art_room: ChannelHandle
) -> None:
    await line.ask(ann, "a fox")
    text = private_text(await greta.slash(art_room, "queue show"))
    code = text.partition("`#")[2][:8]

    refused = private_text(await greta.slash(art_room, "queue cancel", request=code))

    assert refused.startswith(f"The request #{code} has begun, so it cannot be cancelled")
    await line.made("a fox")
