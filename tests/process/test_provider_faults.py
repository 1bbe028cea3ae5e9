"""Every way in which the picture service fails, through the unmodified process.

What the asker reads, what the others see, what it costs, how often the service is asked.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from tests.fakes.images_answers import Fault, base64_of, usage
from tests.process import vendor_rows as rows
from tests.process.books import Books, read_books
from tests.process.harness import Answer, drawn
from tests.process.stage import Stage, open_stage
from tests.process.vendor_scenes import (
    GENEROUS_RATE,
    Played,
    Scene,
    allowance_used,
    ask,
    check_scene,
    job_of,
    judge,
    play,
    prompt_of,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT_ONCE = 3
"""Processes beside the one that goes on."""

SCENES: Mapping[str, Scene] = {
    "waits": Scene(rows=rows.WAITS, at_once=False),
    "slow": Scene(rows=rows.SLOW, previews=True, settings={"PROVIDER_TIMEOUT_SECONDS": "1"}),
    "money": Scene(rows=rows.MONEY, then=rows.NO_MONEY, stop="money"),
    "access": Scene(rows=rows.ACCESS, then=rows.NOT_SET_UP, stop="access"),
    "gone": Scene(rows=rows.GONE, then=rows.NO_MODEL, stop="model"),
    "refused": Scene(
        rows=rows.FIVE_REFUSED,
        then=rows.PAUSED,
        stop="failure",
        settings={"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"},
    ),
    "no such host": Scene(
        rows={"no such host": rows.NOT_REACHED},
        settings={
            "OPENAI_BASE_URL": "http://pictures.invalid/v1",
            "RES_OPTIONS": "timeout:1 attempts:1",
        },
    ),
    "no tls": Scene(
        rows={"no tls": rows.NOT_REACHED},
        settings={"OPENAI_BASE_URL": "https://127.0.0.1:{port}/v1"},
    ),
}

STOPPING = [name for name, scene in SCENES.items() if scene.stop]
IN_SCENES = [
    pytest.param(name, *item, id=f"{name}: {item[0]}")
    for name, scene in SCENES.items()
    for item in scene.rows.items()
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A process that goes on after each row; what is in INSIDE must never be fetched."""
    async with open_stage(tmp_path_factory.mktemp("bot")) as made:
        await made.learn()
        made.images.files[rows.INSIDE] = rows.SQUARE
        async with made.bot(**GENEROUS_RATE) as bot:
            await bot.ready()
            yield made
            assert await bot.stop() == 0, bot.log
        check_scene(made, read_books(made.database), bot.log)
        assert f"/pictures/{rows.INSIDE}" not in made.images.fetched


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def previews(stage: Stage) -> AsyncIterator[Stage]:
    await stage.max.slash(stage.room, "settings set", previews=True)
    yield stage
    await stage.max.slash(stage.room, "settings set", previews=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(
    stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Played | BaseException]:
    """Play every scene, a few at the same time. (*stage* comes first: it knows the commands.)"""
    assert stage.discord.world.commands[None]
    places = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> Played:
        async with places:
            return await play(tmp_path_factory.mktemp("scene"), SCENES[name])

    found = await asyncio.gather(*map(one, SCENES), return_exceptions=True)
    return dict(zip(SCENES, found, strict=True))


async def fails(stage: Stage, name: str, row: rows.Row) -> None:
    """Let *row* happen, then see that nothing of it stays."""
    before = read_books(stage.database)
    answer = await ask(stage, name, row)
    books = read_books(stage.database)

    judge(stage, books, answer, name, row)
    assert allowance_used(books) == allowance_used(before) + len(answer.pictures)
    well = await ask(stage, "that is well", rows.Row(faults=()))
    assert well.pictures


# --- rows after which the bot goes on -------------------------------------------------------------


@pytest.mark.parametrize("name", rows.PLAIN)
async def test_says_what_happened_and_goes_on(stage: Stage, name: str) -> None:
    await fails(stage, name, rows.PLAIN[name])


@pytest.mark.parametrize("name", rows.STREAMED)
async def test_withdraws_what_it_previewed(previews: Stage, name: str) -> None:
    await fails(previews, name, rows.STREAMED[name])


async def test_shows_and_charges_what_came_of_three(stage: Stage) -> None:
    """One picture is whole, one is broken and one is missing: one is shown and paid for."""
    alone, three = "one of one", "one of all"
    single = await ask(stage, alone, rows.Row(faults=()))
    (call,) = stage.images.asked(prompt_of(alone))
    fault = Fault(items=BROKEN, fields={"usage": usage(call.request)})

    books, answer = await comes_of_three(stage, three, fault)

    assert entry_of(books, answer)["micros"] == entry_of(books, single)["micros"]


async def test_charges_the_estimate_where_nobody_says_the_price(stage: Stage) -> None:
    """Without usage nobody knows what the broken pictures cost: money fails closed."""
    fault = Fault(items=BROKEN, fields={"usage": None})

    books, answer = await comes_of_three(stage, "one of some", fault)

    job = job_of(books, answer)
    assert job is not None
    assert entry_of(books, answer)["micros"] == job["estimate_micros"]


BROKEN = [{"b64_json": base64_of(rows.SQUARE)}, {"b64_json": "%%%"}]


async def comes_of_three(stage: Stage, name: str, fault: Fault) -> tuple[Books, Answer]:
    """Ask for three pictures of which one comes, which is all that the member's day loses."""
    row = rows.Row(faults=(fault,), options={"count": 3})
    before = read_books(stage.database)
    answer = await ask(stage, name, row)
    books = read_books(stage.database)
    judge(stage, books, answer, name, row)
    assert len(answer.pictures) == 1
    assert allowance_used(books) == allowance_used(before) + 1
    return books, answer


def entry_of(books: Books, answer: Answer) -> Mapping[str, Any]:
    job = job_of(books, answer)
    assert job is not None
    (entry,) = [each for each in books.ledger if each["reference"] == job["code"]]
    return entry


async def test_tells_moderators_what_was_declined(stage: Stage) -> None:
    name, row = "declined once more", rows.PLAIN["declined for what was made"]
    await fails(stage, name, row)

    log = await stage.max.slash(stage.room, "modlog")

    assert log.private
    for reason in row.reasons:
        assert reason in log.text
    assert prompt_of(name) not in log.text


# --- rows that need a process of their own --------------------------------------------------------


@pytest.fixture
def scene(played: Mapping[str, Played | BaseException], request: pytest.FixtureRequest) -> Played:
    """The scene that the test is about, played."""
    found = played[request.param]
    if isinstance(found, BaseException):
        raise found
    return found


@pytest.mark.parametrize(("scene", "name", "row"), IN_SCENES, indirect=["scene"])
async def test_says_what_happened(scene: Played, name: str, row: rows.Row) -> None:
    judge(scene.stage, scene.books, scene.answers[name], name, row)


@pytest.mark.parametrize("scene", SCENES, indirect=True)
async def test_leaves_no_trace(scene: Played) -> None:
    check_scene(scene.stage, scene.books, scene.log)


@pytest.mark.parametrize(("scene", "name"), [(n, n) for n in STOPPING], indirect=["scene"])
async def test_asks_nobody_while_it_is_stopped(scene: Played, name: str) -> None:
    refused = scene.refused
    assert refused is not None
    assert scene.before is not None

    assert refused.text == SCENES[name].then
    assert refused.private
    assert len(scene.stage.images.calls) == scene.calls_before
    assert len(scene.books.jobs) == len(scene.before.jobs)
    assert len(scene.books.bookings) == len(scene.before.bookings)
    assert scene.books.counters == scene.before.counters
    stops = [line for line in scene.log.splitlines() if "provider_stopped" in line]
    assert len(stops) == 1
    assert SCENES[name].stop in stops[0]
    assert drawn(refused)
