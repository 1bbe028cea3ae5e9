"""What managers do, through the unmodified process: every panel as Discord would take it."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.fakes.discord_asks import NotOffered
from tests.process.books import read_books
from tests.process.harness import Answer, drawn
from tests.process.photographs import webp
from tests.process.stage import Stage, open_stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

MANAGERS_ONLY: tuple[tuple[str, dict[str, Any]], ...] = (
    ("quota set", {"scope": "server", "unit": "pictures", "window": "day", "amount": "1"}),
    ("quota clear", {"scope": "server", "unit": "pictures", "window": "day"}),
    ("quota grant", {"scope": "server", "unit": "pictures", "amount": "9"}),
    ("usage server", {}),
    ("modlog", {}),
    ("settings show", {}),
    ("settings set", {"prompt_hours": 1}),
    ("settings channels clear", {}),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path_factory.mktemp("bot")) as made:
        await made.learn()
        async with made.bot() as bot:
            await bot.ready()
            yield made
            assert await bot.stop() == 0, bot.log
        assert "Traceback" not in bot.log
        assert made.discord.violations == []
        assert all(message.pings == [] for message in made.discord.world.messages.values())
        read_books(made.database).check()


async def draw(stage: Stage) -> Answer:
    return await stage.ann.slash(stage.room, "imagine", prompt="a fox", until=drawn)


@pytest.mark.parametrize(("words", "values"), MANAGERS_ONLY)
async def test_checks_managers_again(stage: Stage, words: str, values: dict[str, Any]) -> None:
    """Discord hides most of them; one that arrives all the same is refused, and changes nothing."""
    answer = await stage.ann.slash(stage.room, words, force=True, **values)
    assert answer.private
    assert re.search("Manage (Server|Messages) permission", answer.text)

    shown = await stage.max.slash(stage.room, words, **values)
    assert shown.private
    assert shown.text
    await stage.max.slash(stage.room, "quota clear", **dict(MANAGERS_ONLY[1][1]))
    await stage.max.slash(stage.room, "settings reset", what="everything")


async def test_hides_what_only_managers_use(stage: Stage) -> None:
    with pytest.raises(NotOffered):
        await stage.ann.slash(stage.room, "settings show")


async def test_holds_a_quota_and_a_grant(stage: Stage) -> None:
    rule: dict[str, Any] = {
        "scope": "member",
        "unit": "pictures",
        "window": "day",
        "member": stage.ann.user,
    }
    assert (await stage.ann.slash(stage.room, "quota show")).private
    await stage.max.slash(stage.room, "quota set", amount="1", **rule)
    first = await draw(stage)
    calls = len(stage.images.calls)
    second = await draw(stage)
    assert (bool(first.pictures), bool(second.pictures)) == (True, False)
    assert second.private
    assert len(stage.images.calls) == calls

    gift: dict[str, Any] = {"unit": "pictures", "amount": "1", "member": stage.ann.user}
    await stage.max.slash(
        stage.room, "quota grant", scope="member", reason="a birthday", days=1, **gift
    )
    assert (await draw(stage)).pictures
    assert not (await draw(stage)).pictures
    listed = await stage.max.slash(stage.room, "quota list")
    assert listed.private
    assert str(stage.ann.user.id) in listed.text
    await stage.max.slash(stage.room, "quota clear", **rule)
    assert (await draw(stage)).pictures


async def test_keeps_pictures_to_chosen_channels(stage: Stage) -> None:
    studio = stage.discord.world.add_channel(stage.guild, "studio")
    await stage.discord.announce(stage.guild)
    await stage.max.slash(stage.room, "settings channels add", channel=studio)
    refused = await draw(stage)
    allowed = await stage.ann.slash(studio, "imagine", prompt="a fox", until=drawn)
    await stage.max.slash(stage.room, "settings channels clear")

    assert not refused.pictures
    assert refused.private
    assert f"<#{studio.id}>" in refused.text
    assert allowed.pictures


async def test_tells_what_was_used(stage: Stage) -> None:
    await draw(stage)
    mine = await stage.ann.slash(stage.room, "usage me")
    report = await stage.max.slash(stage.room, "usage server", days=30)

    assert mine.private
    assert report.private
    assert str(stage.ann.user.id) in report.text


async def test_suggests_what_the_model_can_do(stage: Stage) -> None:
    qualities = await stage.ann.suggestions(stage.room, "imagine", "quality", quality="")
    models = await stage.ann.suggestions(stage.room, "imagine", "model", model="")
    zones = await stage.max.suggestions(stage.room, "settings set", "timezone", timezone="berl")

    assert "high" in [choice["value"] for choice in qualities]
    assert models
    assert "Europe/Berlin" in [choice["value"] for choice in zones]


async def test_sets_what_the_server_wants(stage: Stage) -> None:
    await stage.max.slash(
        stage.room, "settings set", quality="low", timezone="Europe/Berlin", log_channel=stage.room
    )
    shown = await stage.max.slash(stage.room, "settings show")
    answer = await draw(stage)
    await stage.max.slash(stage.room, "settings reset", what="everything")

    assert "Europe/Berlin" in shown.text
    assert stage.images.calls[-1].request.text("quality") == "low"
    assert answer.pictures


async def test_speaks_the_old_dialect_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Pictures by address, one at a time, and variations by their own endpoint."""
    async with open_stage(tmp_path_factory.mktemp("old")) as stage:
        host = stage.images.origin.removeprefix("http://")
        old = {"OPENAI_MODEL": "dall-e-2", "EXTRA_IMAGE_HOSTS": host}
        await stage.learn()
        async with stage.bot(**old) as bot:
            await bot.ready()
            drawing = await stage.ann.slash(
                stage.room, "imagine", prompt="a fox", count=2, until=drawn
            )
            edited = await stage.ann.slash(
                stage.room, "edit", image=webp(), prompt="snow", region="top", until=drawn
            )
            varied = await stage.ann.slash(stage.room, "vary", image=webp(), until=drawn)
            assert await bot.stop() == 0, bot.log

        assert [len(answer.pictures) for answer in (drawing, edited, varied)] == [2, 1, 1], bot.log
        used = [call.request.operation for call in stage.images.calls]
        assert used[-2:] == ["edits", "variations"]
        assert [call.refused for call in stage.images.calls if call.refused] == []
        assert stage.discord.violations == []
        read_books(stage.database).check()
