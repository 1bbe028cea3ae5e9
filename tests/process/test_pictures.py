"""The unmodified bot as a process: real photographs in, pictures out, and the books add up."""

import sys
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from statistics import median

import pytest
import pytest_asyncio
from PIL import Image

from tests.fakes.discord_asks import Upload
from tests.fakes.discord_schema import Json
from tests.fakes.discord_world import StoredFile
from tests.fakes.images_answers import error
from tests.fakes.images_api import Call
from tests.imaging.pictures import near, pixel
from tests.process.books import read_books
from tests.process.harness import Answer, acknowledged, drawn
from tests.process.photographs import KINDS, half_mask, webp
from tests.process.stage import Stage, open_stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASKS = 60
LIMIT = 4_000_000
kinds = pytest.mark.parametrize(("make", "seen"), KINDS.values(), ids=KINDS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path_factory.mktemp("bot")) as made:
        said = await made.sync()
        assert "/imagine" in said
        async with made.bot() as bot:
            made.ready = await bot.ready()
            yield made
            assert await bot.stop() == 0, bot.log
            check_everything(made, bot.log)


def check_everything(stage: Stage, log: str) -> None:
    """What must hold over all that happened here."""
    world = stage.discord.world
    assert stage.discord.violations == []
    assert [call.refused for call in stage.images.calls if call.refused] == []
    for call in stage.images.calls:
        check_files(call)
    for message in world.messages.values():
        assert message.pings == []
        assert all(rules == QUIET for rules in message.allowed_mentions)
    for asked in world.interactions.values():
        assert asked.token not in log
    assert "Traceback" not in log
    books = read_books(stage.database)
    books.check()
    settled = sum(row["pictures"] for row in books.ledger if row["kind"] == "settled")
    shown = [m for m in world.messages.values() if m.author_id == stage.discord.bot.id]
    names = {stored.name for message in shown for stored in message.files}
    assert settled == sum(name.startswith("easel-") for name in names)  # a look is no result
    assert len(books.ended("done")) == sum(call.status == 200 for call in stage.images.calls)


QUIET: Json = {"parse": []}


def check_files(call: Call) -> None:
    """Every file that is sent is a square RGBA PNG under four megabytes, and masks fit."""
    uploads = [*call.request.images, *call.request.files.get("mask", ())]
    for upload in uploads:
        picture = upload.picture
        assert (picture.format, picture.mode) == ("PNG", "RGBA")
        assert picture.width == picture.height
        assert len(upload.data) < LIMIT
        assert picture.info == {}
    assert len({upload.picture.size for upload in uploads}) <= 1


def last(stage: Stage) -> Call:
    return stage.images.calls[-1]


def opened(stored: StoredFile) -> Image.Image:
    return Image.open(BytesIO(stored.data))


def same_shape(answer: Answer, seen: tuple[int, int]) -> bool:
    width, height = opened(answer.pictures[0]).size
    return abs(width / height - seen[0] / seen[1]) < 0.02


async def test_is_ready_soon(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        sys.stdout.write(f" READY {stage.ready:.2f} s after the start ")
    assert stage.ready < 10  # under 3 s where nothing else runs: benchmarks/startup.py


async def test_imagines(stage: Stage) -> None:
    answer = await stage.ann.slash(
        stage.room, "imagine", prompt="a lighthouse @everyone", count=2, until=drawn
    )

    assert len(answer.pictures) == 2
    assert all("a lighthouse" in (p.description or "") for p in answer.pictures)
    assert answer.message in stage.zoe.sees(stage.room)
    assert last(stage).request.text("prompt") == "a lighthouse @everyone"
    assert len(answer.text.splitlines()) == 2


async def test_imagines_privately(stage: Stage) -> None:
    answer = await stage.ann.slash(
        stage.room, "imagine", prompt="a secret garden", private=True, until=drawn
    )

    assert answer.private
    assert answer.pictures
    assert answer.message not in stage.zoe.sees(stage.room)


@kinds
async def test_edits_within_a_region(
    stage: Stage, make: Callable[[], Upload], seen: tuple[int, int]
) -> None:
    answer = await stage.ann.slash(
        stage.room, "edit", image=make(), prompt="add a red hat", region="top", until=drawn
    )

    assert same_shape(answer, seen), opened(answer.pictures[0]).size
    assert last(stage).request.mask is not None


@kinds
async def test_edits_within_a_mask(
    stage: Stage, make: Callable[[], Upload], seen: tuple[int, int]
) -> None:
    calls = len(stage.images.calls)
    shown = await stage.ann.slash(
        stage.room, "edit", image=make(), prompt="snow", mask=half_mask(seen), until=drawn
    )
    assert shown.private
    assert "50 % of the picture" in shown.text
    assert len(stage.images.calls) == calls

    answer = await stage.ann.click(shown.message, "Looks right", until=drawn)

    assert same_shape(answer, seen), opened(answer.pictures[0]).size
    sent = last(stage).request
    assert sent.operation == "edits"
    assert sent.mask is not None
    low, high = sent.mask.picture.getchannel("A").getextrema()
    assert (low, high) == (0, 255)


async def test_a_result_is_edited_in_a_form_and_described(stage: Stage) -> None:
    first = await stage.ann.slash(stage.room, "imagine", prompt="a lighthouse", until=drawn)
    form = await stage.ann.click(first.message, "Edit")
    values: dict[str, object] = {"prompt": "snow", "where": ["left half"], "keep": True}
    shown = await stage.ann.submit_values(form, values, until=drawn)
    await stage.ann.click(shown.message, "Invert", until=drawn)
    edited = await stage.ann.click(shown.message, "Looks right", until=drawn)

    assert last(stage).request.mask is not None
    assert f"/{stage.room.id}/{first.message.id}" in edited.text

    written = await stage.ann.menu(edited.message, "Alt text")
    name = str(edited.pictures[0].id)
    await stage.ann.submit_values(written, {name: "A snowy lighthouse"})

    assert [each.description for each in edited.pictures] == ["AI image: A snowy lighthouse"]


async def test_the_menu_of_a_message_varies_its_picture(stage: Stage) -> None:
    first = await stage.ann.slash(stage.room, "imagine", prompt="a lighthouse", until=drawn)
    form = await stage.zoe.menu(first.message, "Vary image")

    varied = await stage.zoe.submit(form, until=drawn)

    assert varied.pictures
    assert "variation of" in varied.text


async def test_a_private_picture_is_shared(stage: Stage) -> None:
    secret = await stage.ann.slash(
        stage.room, "imagine", prompt="a secret garden", private=True, until=drawn
    )
    before = len(stage.zoe.sees(stage.room))

    await stage.ann.click(secret.message, "Share here")

    (*_, shared) = stage.zoe.sees(stage.room)
    assert len(stage.zoe.sees(stage.room)) == before + 1
    assert shared.content.startswith("**a secret garden**")
    assert len(shared.files) == 1


@kinds
async def test_varies(stage: Stage, make: Callable[[], Upload], seen: tuple[int, int]) -> None:
    answer = await stage.ann.slash(stage.room, "vary", image=make(), strength="subtle", until=drawn)

    assert answer.pictures
    assert same_shape(answer, seen), opened(answer.pictures[0]).size
    assert len(last(stage).request.images) == 1


async def test_buttons_belong_to_the_asker(stage: Stage) -> None:
    first = await stage.ann.slash(stage.room, "imagine", prompt="a fox", until=drawn)
    message = first.message

    refused = await stage.zoe.click(message, "Again")
    assert refused.private
    assert not refused.pictures

    again = await stage.ann.click(message, "Again", until=drawn)
    assert again.pictures
    form = await stage.ann.click(message, "Vary")
    varied = await stage.ann.submit(form, until=drawn)
    assert varied.pictures
    await stage.max.click(message, "Delete")
    assert message not in stage.ann.sees(stage.room)


async def test_varies_one_of_four_long_afterwards(stage: Stage) -> None:
    """The addresses of files end within a day; the button reads the message anew."""
    four = await stage.ann.slash(stage.room, "imagine", prompt="hats", count=4, until=drawn)
    stage.discord.world.clock.advance(2 * 24 * 3600)

    form = await stage.ann.click(four.message, "Vary")
    varied = await stage.ann.submit(form, which=["2"], until=drawn)

    assert len(four.pictures) == 4
    assert varied.pictures
    assert near(pixel(last(stage).request.images[0].picture, 0.5, 0.5), middle(four, 2))
    assert not near(middle(four, 0), middle(four, 2))


def middle(answer: Answer, number: int) -> tuple[int, ...]:
    return pixel(opened(answer.pictures[number]), 0.5, 0.5)


async def test_fits_into_the_servers_upload_limit(stage: Stage) -> None:
    limit, stage.guild.upload_limit = stage.guild.upload_limit, 60_000
    answer = await stage.ann.slash(
        stage.room, "edit", image=webp(), prompt="a hat", region="top left", until=drawn
    )
    stage.guild.upload_limit = limit

    assert answer.pictures
    assert len(answer.pictures[0].data) <= 60_000
    assert "smaller" in answer.text or answer.pictures[0].media_type != "image/png"


async def test_refuses_privately_what_is_no_picture(stage: Stage) -> None:
    before = len(stage.images.calls)
    answer = await stage.ann.slash(
        stage.room, "vary", image=("notes.png", b"these are notes"), until=drawn
    )

    assert answer.private
    assert not answer.pictures
    assert len(stage.images.calls) == before
    assert [m for m in stage.zoe.sees(stage.room) if m.asked_by is answer.interaction] == []


async def test_refuses_privately_what_the_vendor_refuses(stage: Stage) -> None:
    stage.images.script(
        error(
            400,
            "Your request was rejected by the safety system.",
            code="moderation_blocked",
            kind="image_generation_user_error",
            moderation_details={"moderation_stage": "input", "categories": ["violence"]},
        )
    )
    answer = await stage.ann.slash(stage.room, "imagine", prompt="something grim", until=drawn)

    assert answer.private
    assert not answer.pictures
    log = await stage.max.slash(stage.room, "modlog")
    assert log.private
    assert "violence" in log.text.lower()
    assert "grim" not in log.text


async def test_responds_fast_to_many(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """Not a benchmark: the process shares two cores with everything here."""
    answers = [
        await stage.ann.slash(stage.room, "imagine", prompt=f"boat {n}", until=acknowledged)
        for n in range(ASKS)
    ]
    for answer in answers:
        await stage.discord.until(lambda one=answer: drawn(one), within=60)
    books = read_books(stage.database)
    assert len(books.jobs) >= ASKS
    assert books.spent > 0

    seconds = sorted(answer.seconds for answer in answers)
    p99 = seconds[int(len(seconds) * 0.99)]
    with capsys.disabled():
        sys.stdout.write(f" first response: median {median(seconds):.3f} s, p99 {p99:.3f} s ")
    assert p99 < 2
