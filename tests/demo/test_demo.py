"""The demo as a visitor meets it: a real process, a real page, a real browser."""

import asyncio
import signal
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser
from yarl import URL

from tests.demo.page import (
    CHROMIUM,
    PATIENCE,
    Demo,
    Visitor,
    running_browser,
    running_demo,
    until,
    visiting,
)
from tests.imaging.pictures import photo, saved

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo() -> AsyncGenerator[Demo]:
    """One demo for all visits, which says nothing more than its hints."""
    async with running_demo() as running:
        assert running.said.startswith("Easel's demo is ready")
        yield running
        code, rest = await running.end(signal.SIGINT)
        assert code == 0
        assert not rest.strip()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncGenerator[Browser]:
    async with running_browser() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(demo: Demo, browser: Browser) -> AsyncGenerator[Visitor]:
    async with visiting(browser, demo.url) as visitor:
        yield visitor
        assert not await visitor.trouble()


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    """A photograph as a phone takes it, wider than high."""
    path = tmp_path / "rocket.jpg"
    path.write_bytes(saved(photo("rocket.jpg"), "JPEG"))
    return path


async def test_a_first_visit(visitor: Visitor, upload: Path) -> None:
    """Imagine, edit a part of an upload, vary it, and press every button."""
    await visitor.sees("Everything on this page is simulated")
    before = await visitor.pictures.count()

    await visitor.command("imagine", prompt="a red kite over the sea")
    await visitor.picture("AI image: a red kite over the sea")
    await visitor.sees("a red kite over the sea")

    await visitor.command("edit", image=upload, prompt="a green door", region="left half")
    await visitor.picture("AI image: a green door")
    await visitor.sees("50 % changed")

    await visitor.command("vary", image=upload, strength="subtle")
    varied = await visitor.sees("a variation of a picture")
    await visitor.picture("AI image: a variation of a picture")
    await visitor.shown(before + 3)

    await visitor.press("Again", varied)
    await visitor.shown(before + 4)
    await visitor.press("Vary", varied)
    await visitor.send_form()
    await visitor.shown(before + 5)
    await visitor.press("Delete")
    await visitor.shown(before + 4)


async def test_what_concerns_one_person_is_private(visitor: Visitor) -> None:
    """A refusal, and a stranger at somebody's buttons; a moderator may delete."""
    await visitor.command("imagine", prompt="a lighthouse")
    lighthouse = await visitor.sees("a lighthouse")
    before = await visitor.pictures.count()
    await visitor.command("imagine", prompt="something forbidden")
    refusal = await visitor.sees("the picture service does not make this")
    assert "Only you can see this" in await refusal.inner_text()

    await visitor.become("Sam")
    assert not await visitor.reads("the picture service does not make this")
    for label in ("Again", "Vary", "Delete"):
        await visitor.press(label, lighthouse)
    answer = await visitor.sees("These buttons belong to the person who asked")
    assert "Only you can see this" in await answer.inner_text()
    assert await visitor.reads("These buttons belong to the person who asked") == 3
    assert await visitor.pictures.count() == before

    await visitor.become("Mona")
    assert not await visitor.reads("These buttons belong to the person who asked")
    await visitor.press("Delete", lighthouse)
    await visitor.shown(before - 1)


async def test_a_manager_sets_a_limit_and_a_member_meets_it(visitor: Visitor) -> None:
    await visitor.become("Sam")
    await visitor.command("imagine", prompt="a small boat")
    await visitor.picture("AI image: a small boat")
    await visitor.command("imagine", prompt="a forbidden harbour")
    assert not [name for name in await visitor.commands() if name.startswith("/settings")]

    await visitor.become("Greta")
    await visitor.command(
        "quota set",
        scope="member",
        unit="pictures",
        window="day",
        amount="1",
        member="Sam (stranger)",
    )
    await visitor.sees("1 picture a day")
    await visitor.command("modlog")
    await visitor.sees("@Sam (stranger)")
    await visitor.command("settings show")
    await visitor.sees("Settings of this server")
    await visitor.command("usage server")
    await visitor.sees("What this server made")

    await visitor.become("Sam")
    await visitor.command("imagine", prompt="one too many")
    await visitor.sees("Your limit is 1 picture a day")
    await visitor.command("usage me")
    await visitor.sees("Today: 1 picture")


async def test_it_fits_a_phone(demo: Demo, browser: Browser) -> None:
    async with visiting(browser, demo.url, width=390, height=844) as visitor:
        await visitor.command("imagine", prompt="a green bicycle")
        await visitor.picture("AI image: a green bicycle")
        width: int = await visitor.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390


async def test_ctrl_c_ends_it_even_while_drawing(browser: Browser) -> None:
    async with running_demo() as demo, visiting(browser, demo.url) as visitor:
        await visitor.command("imagine", prompt="four kites", count="4")
        code, rest = await demo.end(signal.SIGINT)
        assert code == 0
        assert not rest.strip()


async def test_it_opens_the_page_where_there_is_a_browser_and_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    opened = tmp_path / "opened"
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    script.chmod(0o755)
    own = tmp_path / "own"
    own.mkdir()
    environment = {"BROWSER": f"{script} %s", "DISPLAY": ":0", "TMPDIR": str(own)}
    async with running_demo(environment=environment, opening=True) as demo:

        async def told() -> bool:
            return opened.exists() and opened.read_text().strip() == demo.url

        await until(told)
        assert _names(own)
        code, rest = await demo.end(signal.SIGTERM)
        assert code == 0
        assert not rest.strip()
        assert not _names(own)


async def test_ending_the_session_in_the_page_ends_it(browser: Browser) -> None:
    async with running_demo() as demo, visiting(browser, demo.url) as visitor:
        await visitor.page.get_by_text("More", exact=True).click()
        await visitor.page.get_by_role("button", name="End preview session").click()
        async with asyncio.timeout(PATIENCE):
            assert await demo.process.wait() == 0


async def test_a_taken_port_is_told(demo: Demo) -> None:
    taken = str(URL(demo.url).port)
    with pytest.raises(AssertionError, match=f"Port {taken} is taken"):
        async with running_demo(port=taken):
            pass


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]
