"""The demo as a visitor meets it: a real process, a real page, a real browser."""

import signal
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.demo.page import CHROMIUM, Demo, Visitor, browser_page, running_demo
from tests.discord.files import photo

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")


@pytest.fixture
async def demo() -> AsyncGenerator[Demo]:
    async with running_demo() as running:
        yield running


@pytest.fixture
async def visitor(demo: Demo) -> AsyncGenerator[Visitor]:
    async with browser_page(demo.url) as page:
        yield Visitor(page)


async def test_a_first_visit(visitor: Visitor, tmp_path: Path) -> None:
    """Imagine, edit an upload, vary, and press every button."""
    upload = tmp_path / "photo.jpg"
    upload.write_bytes(photo()[1])
    await visitor.sees("Everything on this page is simulated")

    await visitor.command("imagine", prompt="a red kite over the sea")
    await visitor.sees("a red kite over the sea")
    (alt,) = await visitor.pictures(1)
    assert alt == "AI image: a red kite over the sea"

    await visitor.command("edit", image=upload, prompt="a door", region="left half")
    await visitor.sees("% changed")
    await visitor.command("vary", image=upload)
    await visitor.sees("a variation of a picture")
    await visitor.pictures(3)

    await visitor.press("Again")
    await visitor.press("Vary")
    await visitor.pictures(5)
    await visitor.press("Delete")
    await visitor.gone("img.attachment-image", most=4)


async def test_what_is_private_and_what_managers_set(visitor: Visitor) -> None:
    """A refusal, a stranger at somebody's buttons, a limit that is set and met."""
    await visitor.become("Ann")
    await visitor.command("imagine", prompt="something forbidden")
    await visitor.sees("The picture service declined this request")
    await visitor.command("imagine", prompt="a lighthouse")
    await visitor.pictures(1)

    await visitor.become("Sam")
    await visitor.unseen("The picture service declined this request")
    await visitor.press("Again")
    await visitor.sees("belong to the person who asked")

    await visitor.become("Greta")
    await visitor.command("quota set", scope="everyone", unit="pictures", window="day", amount="1")
    await visitor.sees("1 picture")
    await visitor.command("modlog")
    await visitor.sees("Ann")

    await visitor.become("Ann")
    await visitor.command("imagine", prompt="one too many")
    await visitor.sees("Your limit is 1 picture a day")
    await visitor.command("usage me")
    await visitor.sees("1 picture")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_ctrl_c_ends_it_at_once_and_well(how: signal.Signals) -> None:
    async with running_demo() as demo:
        assert await demo.end(how) == 0
        assert demo.process.stdout is not None
        rest = (await demo.process.stdout.read()).decode()
        assert "Traceback" not in rest


async def test_two_demos_run_beside_each_other(demo: Demo) -> None:
    async with running_demo() as other:
        assert other.url != demo.url
        assert await other.end(signal.SIGINT) == 0


async def test_it_fits_a_phone(demo: Demo) -> None:
    async with browser_page(demo.url, width=390, height=844) as page:
        visitor = Visitor(page)
        await visitor.command("imagine", prompt="a small boat")
        await visitor.pictures(1)
        width: int = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390
