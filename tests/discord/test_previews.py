"""What is seen of a picture while it is made: that the service is busy, and how it sharpens."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.components import walk_components
from simcord.env import Env

from bot.domain.errors import ContentRefused
from bot.providers.base import UNWATCHED, Answer, ImageProvider, PictureRequest, Watch
from tests.discord.files import opened
from tests.discord.world import World, private_text
from tests.services.studio import Told, answer, picture

Step = Callable[[Watch], Awaitable[None]]


class Slow(Told):
    """A picture maker that does one step after the other, each when the test says so."""

    def __init__(self) -> None:
        super().__init__(answer(picture(colour="teal")))
        self.models["told-1"] = replace(self.models["told-1"], previews=3)
        self.steps = asyncio.Queue[Step | None]()
        self.env: Env | None = None
        self.watch: Watch = UNWATCHED

    async def make(self, request: PictureRequest, watch: Watch = UNWATCHED) -> Answer:
        assert self.env is not None
        self.watch = watch
        while True:
            step = await self.env.external_wait(self.steps.get(), reason="what the test says")
            if step is None:
                return await super().make(request)
            await step(watch)


class Making:
    """A picture in the making, as the test moves it on."""

    def __init__(self, world: World, slow: Slow) -> None:
        self._world, self._slow = world, slow
        slow.env = world.env

    async def sharpens(self, colour: str, *, after: float = 0) -> None:
        """Let the service send a picture in the making *after* seconds."""
        if after:
            await self._world.env.advance_time(after)
        await self._do(lambda watch: watch.partial(picture(colour=colour)))

    async def waits(self, seconds: float, *, after: float = 0) -> None:
        """Let the service be busy for *seconds*, as is known *after* seconds."""
        if after:
            await self._world.env.advance_time(after)
        await self._do(lambda watch: watch.waiting(seconds))

    async def ends(self, failure: BaseException | None = None) -> None:
        """Let the picture be made, or fail."""
        self._slow.outcome = failure or self._slow.outcome
        await self._do(None)

    async def _do(self, step: Step | None) -> None:
        self._slow.steps.put_nowait(step)
        await self._world.env.settle()


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def provider(slow: Slow) -> ImageProvider:
    return slow


@pytest.fixture
def making(world: World, slow: Slow) -> Making:
    return Making(world, slow)


async def _colour(message: Any) -> Any:
    (shown,) = message.attachments
    return opened(await shown.read()).convert("RGB").getpixel((5, 5))


TEAL, RED, BLUE = (0, 128, 128), (255, 0, 0), (0, 0, 255)


def _near(colour: tuple[int, int, int]) -> Any:
    return pytest.approx(colour, abs=8)


async def test_a_picture_sharpens_and_is_replaced_by_the_finished_one(
    ann: MemberActor, art_room: ChannelHandle, making: Making
) -> None:
    result = await ann.slash(art_room, "imagine", prompt="a **red** kite")
    message = result.response

    await making.sharpens("red")

    assert message is not None
    assert message.content == f"**a \\*\\*red\\*\\* kite** — {ann.mention}\n-# in the making…"
    assert message.attachments[0].description == "AI image in the making: a **red** kite"
    assert "-in-the-making." in message.attachments[0].filename
    assert await _colour(message) == _near(RED)
    assert not list(walk_components(message.components))

    await making.ends()

    assert message.content.split("\n")[1].startswith("-# 64×64 · low quality · ")
    assert await _colour(message) == _near(TEAL)
    assert message.attachments[0].description == "AI image: a **red** kite"
    assert list(walk_components(message.components))
    assert len(art_room.history()) == 1


async def test_previews_that_come_too_early_are_left_out(
    ann: MemberActor, art_room: ChannelHandle, making: Making
) -> None:
    result = await ann.slash(art_room, "imagine", prompt="a kite")

    await making.sharpens("red")
    await making.sharpens("blue", after=2)
    assert await _colour(result.response) == _near(RED)
    await making.sharpens("blue", after=1.1)
    assert await _colour(result.response) == _near(BLUE)
    await making.ends()
    assert await _colour(result.response) == _near(TEAL)


async def test_a_preview_that_is_no_picture_is_left_out(
    ann: MemberActor, art_room: ChannelHandle, making: Making, slow: Slow
) -> None:
    result = await ann.slash(art_room, "imagine", prompt="a kite")

    slow.steps.put_nowait(lambda watch: watch.partial(b"half a pic"))
    await making.sharpens("red")

    assert await _colour(result.response) == _near(RED)
    await making.ends()


async def test_a_busy_service_is_told_now_and_then(
    ann: MemberActor, art_room: ChannelHandle, making: Making
) -> None:
    result = await ann.slash(art_room, "imagine", prompt="a kite")
    message = result.response
    busy = "Waiting for the picture service; Easel asks again in about {} s."

    await making.waits(7.6)
    assert message is not None
    assert message.content == busy.format(8)
    await making.waits(30, after=9)
    assert message.content == busy.format(8)
    await making.waits(0.1, after=1)
    assert message.content == busy.format(1)
    await making.sharpens("red", after=2.5)
    assert "busy" not in message.content
    await making.ends()
    assert "busy" not in message.content
    assert await _colour(message) == _near(TEAL)


@pytest.mark.parametrize("private", [False, True])
async def test_a_failure_withdraws_the_preview_and_is_told_privately(
    ann: MemberActor, art_room: ChannelHandle, making: Making, private: bool
) -> None:
    result = await ann.slash(art_room, "imagine", prompt="a kite", private=private)
    await making.sharpens("red")
    assert result.response is not None
    assert result.response.attachments

    await making.ends(ContentRefused(stage="output", categories=("violence",)))

    assert "Declined" in private_text(result)
    assert not result.response.attachments if private else result.response is None
    assert art_room.history() == []


async def test_nothing_of_a_preview_is_left_where_its_message_cannot_be_removed(
    world: World, ann: MemberActor, art_room: ChannelHandle, making: Making
) -> None:
    await ann.slash(art_room, "imagine", prompt="a kite")
    await making.sharpens("red")
    world.env.inject_error("DELETE", "/webhooks/*/*/messages/@original", status=403, code=50013)

    await making.ends(ContentRefused(stage="output"))

    (left,) = art_room.history()
    assert left.content == "This request did not lead to a picture."
    assert left.attachments == []


async def test_a_preview_that_discord_does_not_take_loses_no_picture(
    world: World, ann: MemberActor, art_room: ChannelHandle, making: Making
) -> None:
    result = await ann.slash(art_room, "imagine", prompt="a kite")
    world.env.inject_error("PATCH", "/webhooks/*/*/messages/@original", status=400, code=50035)

    await making.sharpens("red")
    assert result.response is not None
    assert not result.response.attachments
    await making.ends()

    assert await _colour(result.response) == _near(TEAL)


class _Held:
    """Holds the first edit of a reply until it is let go, and notes how edits end."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        edit = discord.Interaction[Any].edit_original_response
        self.go = asyncio.Event()
        self.ended: list[str] = []
        self._edits = 0

        async def edited(interaction: discord.Interaction[Any], **reply: Any) -> Any:
            self._edits += 1
            if self._edits == 1:
                await world.env.external_wait(self.go.wait(), reason="a slow connection")
            done = await edit(interaction, **reply)
            self.ended.append(reply["content"].split("\n")[-1][:8])
            return done

        monkeypatch.setattr(discord.Interaction, "edit_original_response", edited)


async def test_a_late_preview_never_takes_the_finished_pictures_place(
    world: World,
    ann: MemberActor,
    art_room: ChannelHandle,
    making: Making,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = _Held(world, monkeypatch)
    result = await ann.slash(art_room, "imagine", prompt="a kite")

    await making.sharpens("red")
    await making.sharpens("blue", after=3)  # another is on its way: left out
    await making.ends()
    assert held.ended == []
    held.go.set()
    await world.env.settle()

    assert held.ended == ["-# in th", "-# 64×64"]
    assert await _colour(result.response) == _near(TEAL)


async def test_a_late_preview_never_takes_the_place_of_a_failure(
    world: World,
    ann: MemberActor,
    art_room: ChannelHandle,
    making: Making,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = _Held(world, monkeypatch)
    result = await ann.slash(art_room, "imagine", prompt="a kite", private=True)

    await making.sharpens("red")
    await making.ends(ContentRefused(stage="output"))
    held.go.set()
    await world.env.settle()

    assert held.ended[0] == "-# in th"
    assert "Declined" in private_text(result)
    assert result.response is not None
    assert not result.response.attachments


async def test_an_edit_that_never_ends_does_not_keep_the_picture_back(
    world: World,
    ann: MemberActor,
    art_room: ChannelHandle,
    making: Making,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = _Held(world, monkeypatch)
    result = await ann.slash(art_room, "imagine", prompt="a kite")
    await making.sharpens("red")
    await making.ends()

    await world.env.advance_time(14)
    assert result.response is not None
    assert not result.response.attachments
    await world.env.advance_time(2)

    assert held.ended == ["-# 64×64"]
    assert await _colour(result.response) == _near(TEAL)


async def test_news_after_the_end_is_not_shown(
    ann: MemberActor, art_room: ChannelHandle, making: Making, slow: Slow
) -> None:
    result = await ann.slash(art_room, "imagine", prompt="a kite")
    await making.ends()

    await slow.watch.waiting(10)
    await slow.watch.partial(picture(colour="red"))

    assert await _colour(result.response) == _near(TEAL)


@pytest.mark.parametrize(("wanted", "asked"), [(True, 2), (False, 0)])
async def test_previews_are_asked_for_where_the_server_wants_them(
    world: World, making: Making, slow: Slow, wanted: bool, asked: int
) -> None:
    await world.greta.slash(world.art_room, "settings set", previews=wanted)

    await world.ann.slash(world.art_room, "imagine", prompt="a kite")
    await making.ends()

    assert [each.previews for each in slow.requests] == [asked]
