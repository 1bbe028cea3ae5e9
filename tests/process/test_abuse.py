"""What people and Discord send twice, fifty times, too late: one effect, or none."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing

import pytest
import pytest_asyncio

from tests.fakes.discord_faults import Fault
from tests.fakes.discord_posts import Message
from tests.process.books import read_books
from tests.process.harness import Answer, Person, drawn, settled
from tests.process.stage import Stage, open_stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLBACK = "POST /interactions/{interaction_id}/{token}/callback"
AT_ONCE = 2
PRESSES = 50
POLL = 0.02


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path_factory.mktemp("bot")) as made:
        await made.learn()
        async with made.bot(MEMBER_JOBS_AT_ONCE=str(AT_ONCE)) as bot:
            await bot.ready()
            yield made
            assert await bot.stop() == 0, bot.log
        assert made.discord.violations == []
        read_books(made.database).check()


async def shown(stage: Stage) -> Message:
    answer = await stage.ann.slash(stage.room, "imagine", prompt="a fox", until=drawn)
    await stage.discord.until(lambda: not unfinished(stage), poll=POLL)
    return answer.message


def unfinished(stage: Stage) -> int:
    return sum(job["finished_at"] is None for job in read_books(stage.database).jobs)


def audited(stage: Stage) -> int:
    with closing(sqlite3.connect(f"file:{stage.database}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT count(*) FROM audit").fetchone()[0]


async def press_often(stage: Stage, person: Person, message: Message, verb: str) -> list[Answer]:
    """Press a button of *message* `PRESSES` times at once and wait for every answer."""
    (button,) = [
        item["custom_id"]
        for row in message.components
        for item in row["components"]
        if f":{verb}:" in item["custom_id"]
    ]
    presses = [person.asks.press(message, button) for _ in range(PRESSES)]
    await asyncio.gather(*(stage.discord.interact(each) for each in presses))
    answers = [Answer(stage.discord, each) for each in presses]

    def all_answered() -> bool:
        return all(each.interaction.response_type is not None for each in answers)

    await stage.discord.until(all_answered, within=60, what="every answer", poll=POLL)
    return answers


async def test_again_pressed_fifty_times_is_held_to_the_limits(stage: Stage) -> None:
    message, calls = await shown(stage), len(stage.images.calls)
    jobs = len(read_books(stage.database).jobs)

    answers = await press_often(stage, stage.ann, message, "again")
    await stage.discord.until(lambda: all(map(settled, answers)), within=60, poll=POLL)
    await stage.discord.until(lambda: not unfinished(stage), poll=POLL)

    made = [answer for answer in answers if answer.pictures]
    refused = [answer for answer in answers if "requests running" in answer.text]
    assert made
    assert all(answer.private for answer in refused)
    assert len(made) + len(refused) == PRESSES
    assert len(stage.images.calls) - calls == len(made)
    assert len(read_books(stage.database).jobs) - jobs == len(made)
    read_books(stage.database).check()


async def test_delete_pressed_fifty_times_is_one_deletion(stage: Stage) -> None:
    message, before = await shown(stage), audited(stage)

    await press_often(stage, stage.max, message, "delete")

    await stage.discord.until(lambda: message.deleted, poll=POLL)
    await stage.discord.until(lambda: audited(stage) > before, poll=POLL)
    await stage.ann.slash(stage.room, "usage me")  # what came before is done
    assert audited(stage) == before + 1


async def test_fifty_deliveries_of_one_ask_are_one_request(stage: Stage) -> None:
    asked = stage.ann.asks.slash(stage.room, "imagine", {"prompt": "one boat"})
    answer, jobs = Answer(stage.discord, asked), len(read_books(stage.database).jobs)

    await asyncio.gather(*(stage.discord.interact(asked) for _ in range(PRESSES)))
    await stage.discord.until(lambda: drawn(answer), poll=POLL)

    await stage.discord.until(lambda: not unfinished(stage), poll=POLL)
    assert len(answer.pictures) == 1
    assert len(stage.images.asked("one boat")) == 1
    assert len(read_books(stage.database).jobs) == jobs + 1


async def test_a_server_that_was_left_gets_nothing_and_pays_nothing(stage: Stage) -> None:
    """Discord takes no answers for a server that the bot is not in any more."""
    left = stage.discord.add_guild("left", stage.ann.user)
    await stage.discord.announce(left)
    ann = Person(stage.discord, stage.ann.user, left)
    asked = ann.asks.slash(next(iter(left.channels.values())), "imagine", {"prompt": "late boat"})
    await stage.discord.gateway.dispatch("GUILD_DELETE", {"id": str(left.id)}, left.id)
    stage.discord.faults.on(CALLBACK, Fault(status=404, code=10062))
    failed = len(read_books(stage.database).ended("failed"))

    await stage.discord.interact(asked)

    await stage.discord.until(
        lambda: len(read_books(stage.database).ended("failed")) == failed + 1, poll=POLL
    )
    assert stage.images.asked("late boat") == []
    read_books(stage.database).check()
