"""What Discord does to the running process, and what the member sees of it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.fakes.discord_faults import Fault
from tests.fakes.images_answers import Fault as ImagesFault
from tests.process.books import read_books
from tests.process.harness import acknowledged, drawn
from tests.process.stage import Stage, open_stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORIGINAL = "PATCH /webhooks/{application_id}/{token}/messages/@original"
CALLBACK = "POST /interactions/{interaction_id}/{token}/callback"
POLL = 0.02


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path_factory.mktemp("bot")) as made:
        await made.learn()
        async with made.bot() as bot:
            await bot.ready()
            yield made
            assert await bot.stop() == 0, bot.log
        assert made.discord.violations == []
        assert "Traceback" not in bot.log
        read_books(made.database).check()


def done(stage: Stage) -> int:
    return len(read_books(stage.database).ended("done"))


@pytest.mark.parametrize("after", [False, True], ids=["before it took effect", "after it did"])
@pytest.mark.parametrize("status", [429, 500])
async def test_shows_one_answer(stage: Stage, status: int, *, after: bool) -> None:
    calls, jobs, hits = len(stage.images.calls), done(stage), len(stage.discord.faults.hit)
    stage.discord.faults.on(ORIGINAL, Fault(status=status, after=after))

    answer = await stage.ann.slash(stage.room, "imagine", prompt="a fox", until=drawn)
    await stage.discord.until(lambda: done(stage) == jobs + 1, poll=POLL)

    assert len(answer.shown) == 1
    assert len(answer.pictures) == 1
    assert stage.discord.faults.hit[hits:] == [ORIGINAL]
    assert len(stage.images.calls) == calls + 1


async def test_drops_quietly_what_came_too_late(stage: Stage) -> None:
    """An interaction that Discord has given up costs nothing and calls nobody."""
    before, calls = read_books(stage.database), len(stage.images.calls)
    stage.discord.faults.on(CALLBACK, Fault(status=404, code=10062))
    asked = stage.ann.asks.slash(stage.room, "imagine", {"prompt": "a fox"})

    await stage.discord.interact(asked)
    failed = len(before.ended("failed")) + 1
    await stage.discord.until(
        lambda: len(read_books(stage.database).ended("failed")) == failed, poll=POLL
    )

    books = read_books(stage.database)
    books.check()
    assert (books.spent, len(stage.images.calls)) == (before.spent, calls)


async def test_answers_one_delivery_of_two(stage: Stage) -> None:
    answer = await stage.ann.slash(stage.room, "imagine", prompt="one boat", until=drawn)
    calls = len(stage.images.calls)

    await stage.discord.interact(answer.interaction)
    after = await stage.ann.slash(stage.room, "imagine", prompt="another boat", until=drawn)

    assert after.pictures
    assert len(stage.images.calls) == calls + 1


async def test_finishes_while_the_gateway_is_away(stage: Stage) -> None:
    stage.images.script(ImagesFault(delay=0.5))
    answer = await stage.ann.slash(stage.room, "imagine", prompt="a fox", until=acknowledged)

    await stage.discord.gateway.drop()
    await stage.discord.until(lambda: drawn(answer))

    await stage.discord.until(lambda: stage.discord.gateway.connected(stage.guild.id))
    after = await stage.ann.slash(stage.room, "imagine", prompt="a fox", until=drawn)
    assert after.pictures
