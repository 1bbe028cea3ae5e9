"""The demo as a real process, and its page as a person uses it in a real browser."""

import asyncio
import re
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Final

from playwright.async_api import Locator, Page, Response, async_playwright

CHROMIUM: Final = which("chromium") or which("chromium-browser") or which("google-chrome")
_PATIENCE: Final = 30  # seconds for anything to appear, on a busy machine
_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Demo:
    """A running ``easel demo``."""

    process: asyncio.subprocess.Process
    url: str
    said: str

    async def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return await asyncio.wait_for(self.process.wait(), _PATIENCE)


@asynccontextmanager
async def running_demo() -> AsyncGenerator[Demo]:
    """Start the demo on any free port; it is ended by force if a test did not end it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--no-open", "--port", "0",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    said = ""
    try:
        async with asyncio.timeout(_PATIENCE):
            while "Ctrl-C" not in said:
                line = (await process.stdout.readline()).decode()
                assert line, f"the demo ended: {said}"
                said += line
        found = re.search(r"http://127\.0\.0\.1:\d+/#\S+", said)
        assert found, said
        yield Demo(process, found[0], said)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@asynccontextmanager
async def browser_page(url: str, *, width: int = 1200, height: int = 900) -> AsyncGenerator[Page]:
    """Open *url* in a fresh headless browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))
        try:
            page = await browser.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(_PATIENCE * 1000)
            await page.goto(url)
            await page.locator("#preview-app[aria-busy=false]").wait_for()
            yield page
        finally:
            await browser.close()


class Visitor:
    """Somebody at the page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def become(self, name: str) -> None:
        """Choose who to be, above the channel."""
        chooser = self.page.locator("select").first
        label = next(
            each for each in await chooser.locator("option").all_inner_texts() if name in each
        )
        await chooser.select_option(label=label)
        await self._quiet()

    async def command(self, name: str, **options: str | Path) -> None:
        """Type a slash command, fill in its options, and send it."""
        await self.page.locator("#channel-composer-input").click()
        await self.page.keyboard.type(f"/{name}")
        await self.page.locator(".command-popup").get_by_role("option").first.click()
        await self.page.locator(".command-row").wait_for()
        for option, value in options.items():
            await self._fill(option, value)
        await self._act(self.page.locator("#send-message"))
        await self.page.locator("#channel-composer-input").wait_for()

    async def press(self, label: str) -> None:
        """Press a button under the newest message that has one."""
        named = re.compile(rf"(^|\W){label}$")
        await self._act(self.page.get_by_role("button", name=named).last)

    async def sees(self, text: str) -> None:
        """Wait until *text* can be read in the channel."""
        await self.page.locator(".message, article").filter(has_text=text).last.wait_for()

    async def unseen(self, text: str) -> None:
        """Check that *text* is nowhere in the channel."""
        assert await self.page.locator(".message, article").filter(has_text=text).count() == 0

    async def gone(self, selector: str, *, most: int) -> None:
        """Wait until at most *most* of what *selector* finds are left."""
        found = self.page.locator(selector)

        async def fewer() -> bool:
            return await found.count() <= most

        await until(fewer)

    async def pictures(self, count: int) -> list[str]:
        """Wait until *count* pictures are there, the newest really drawn; return their alt texts.

        Those above the window are drawn only when somebody scrolls to them.
        """
        images = self.page.locator("img.attachment-image")

        async def drawn() -> bool:
            if await images.count() < count:
                return False
            await images.last.scroll_into_view_if_needed()
            width: int = await images.last.evaluate("i => i.naturalWidth")
            return width > 0

        await until(drawn)
        return await images.evaluate_all("e => e.map(i => i.alt)")

    async def _act(self, button: Locator) -> None:
        """Click, and once more where the page had changed under the hand."""
        rejected = True
        while rejected:
            async with self.page.expect_response(_is_act) as caught:
                await button.click()
            rejected = (await (await caught.value).json())["rejected"]
            await self._quiet()

    async def _fill(self, option: str, value: str | Path) -> None:
        pill = self.page.locator(f"label.command-pill[data-option={option}]")
        if not await pill.count():
            await self.page.locator("button.command-ghost").click()
            popup = self.page.locator(".command-popup").get_by_role("option")
            await popup.filter(has_text=re.compile(rf"^{option}\b")).click()
        field = pill.locator("input")
        if isinstance(value, Path):
            await field.set_input_files(value)
            return
        await field.fill(value)
        choice = self.page.locator(".command-popup").get_by_role("option", name=value, exact=True)
        if await choice.count():
            await choice.click()

    async def _quiet(self) -> None:
        await self.page.locator("#preview-app[aria-busy=false]").wait_for()


def _is_act(answer: Response) -> bool:
    """Whether *answer* is to something that reaches the bot, not to a look around."""
    if not answer.url.endswith("/api/action"):
        return False
    asked = answer.request.post_data_buffer or b"run_command"  # uploads are not shown to us
    return b"run_command" in asked or b'"click"' in asked


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again, as a person does, until it is there."""
    async with asyncio.timeout(_PATIENCE):
        while not await look():  # noqa: ASYNC110 - a page tells nobody
            await asyncio.sleep(0.05)
