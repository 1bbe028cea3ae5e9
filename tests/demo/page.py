"""The demo as a real process, and its page as a person uses it in a real browser."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from types import MappingProxyType
from typing import Final

from playwright.async_api import Browser, Locator, Page, async_playwright

CHROMIUM: Final = which("chromium") or which("chromium-browser") or which("google-chrome")
PATIENCE: Final = 30  # seconds for anything to appear, on a busy machine
_FLAGS: Final = (
    "--no-sandbox",
    "--disable-extensions",
    "--renderer-process-limit=1",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Demo:
    """A running ``python -m bot demo`` and what it said until it was ready."""

    process: asyncio.subprocess.Process
    url: str
    said: str

    async def end(self, how: signal.Signals) -> tuple[int, str]:
        """Send *how*; return the exit code and what was said until then."""
        self.process.send_signal(how)
        async with asyncio.timeout(PATIENCE):
            rest, _ = await self.process.communicate()
        return self.process.returncode or 0, rest.decode()


@asynccontextmanager
async def running_demo(
    port: str = "0",
    environment: Mapping[str, str] = MappingProxyType({}),
    *,
    opening: bool = False,
) -> AsyncGenerator[Demo]:
    """Start the demo, on any free port unless *port* names one; it is ended in any case."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--open" if opening else "--no-open", "--port", port,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env=dict(os.environ, **environment),
    )  # fmt: skip
    try:
        said = await _heard(process, "Ctrl-C")
        found = re.search(r"http://127\.0\.0\.1:\d+/#\S+", said)
        assert found, said
        yield Demo(process, found[0], said)
    finally:
        if process.returncode is None:
            process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(process.communicate(), PATIENCE)
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def _heard(process: asyncio.subprocess.Process, word: str) -> str:
    assert process.stdout is not None
    said = ""
    async with asyncio.timeout(PATIENCE):
        while word not in said:
            line = await process.stdout.readline()
            assert line, f"the demo ended: {said}"
            said += line.decode()
    return said


@asynccontextmanager
async def running_browser() -> AsyncGenerator[Browser]:
    """Start a headless browser with a fresh profile."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def visiting(
    browser: Browser, url: str, *, width: int = 1200, height: int = 900
) -> AsyncGenerator["Visitor"]:
    """Open *url* as somebody who was never there."""
    page = await browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(PATIENCE * 1000)
    try:
        await page.goto(url)
        visitor = Visitor(page)
        await visitor.quiet()
        yield visitor
    finally:
        await page.close()


class Visitor:
    """Somebody at the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.messages = page.locator("article.channel-message")
        self.pictures = page.locator("img.attachment-image")

    async def become(self, name: str) -> None:
        """Choose who to be, above the channel."""
        chooser = self.page.locator("#viewer-picker")
        names = await chooser.locator("option").all_inner_texts()
        await chooser.select_option(label=next(each for each in names if each.startswith(name)))
        await self._answered()

    async def command(self, name: str, **options: str | Path) -> None:
        """Type a slash command, fill in its options, and send it."""
        await self.page.locator("#channel-composer-input").click()
        await self.page.keyboard.type(f"/{name}")
        await self._offered(f"/{name}").click()
        for option, value in options.items():
            await self._fill(option, value)
        await self.page.locator("#send-message").click()
        await self.page.locator("#channel-composer-input").wait_for()
        await self._answered()

    async def commands(self) -> list[str]:
        """Return what is offered to whoever types a slash."""
        field = self.page.locator("#channel-composer-input")
        await field.press_sequentially("/")
        titles = self.page.locator(".command-entry-title strong")
        await titles.first.wait_for()
        found = await titles.all_inner_texts()
        await field.press("Escape")
        await field.fill("")
        return found

    async def press(self, label: str, message: Locator | None = None) -> None:
        """Press a button under *message*, or under the newest message that has one."""
        buttons = (message or self.messages).locator(".message-components").get_by_role("button")
        await buttons.filter(has_text=label).last.click()
        await self._answered()

    async def send_form(self, *, where: str = "", **fields: str | Path) -> None:
        """Fill in the form that is open, by its fields' labels, and send it."""
        form = self.page.locator("#modal-root")
        for label, value in fields.items():
            field = form.locator(".modal-field").filter(has_text=label.replace("_", " "))
            if isinstance(value, Path):
                await field.locator("input[type=file]").set_input_files(value)
            else:
                await field.locator("input, textarea").first.fill(value)
        if where:
            await form.get_by_role("combobox").first.click()
            await self.page.get_by_role("option").filter(has_text=where).first.click()
            await self.page.keyboard.press("Tab")
        await form.get_by_role("button", name="Submit").click()
        await self._answered()

    async def sees(self, text: str) -> Locator:
        """Wait until *text* can be read in the channel without scrolling; return its message.

        Of one that is taller than the channel the beginning is enough.
        """
        message = self.messages.filter(has_text=text).last
        await message.wait_for()

        async def in_view() -> bool:
            return await message.evaluate(_IN_VIEW)

        await until(in_view)
        return message

    async def reads(self, text: str) -> int:
        """Return how many messages say *text*."""
        return await self.messages.filter(has_text=text).count()

    async def picture(self, alt: str) -> Locator:
        """Wait until the newest picture with the alt text *alt* is really drawn; return it."""
        image = self.page.get_by_alt_text(alt, exact=True).last
        await image.wait_for()

        async def drawn() -> bool:
            await image.scroll_into_view_if_needed()
            return await image.evaluate("i => i.complete && i.naturalWidth > 0")

        await until(drawn)
        return image

    async def shown(self, pictures: int) -> None:
        """Wait until there are so many *pictures* in the channel."""

        async def counted() -> bool:
            return await self.pictures.count() == pictures

        await until(counted)

    async def quiet(self) -> None:
        """Wait until the page shows all that it knows."""
        await self.page.locator("#preview-app[aria-busy=false]").wait_for()

    async def trouble(self) -> list[str]:
        """Return what the page complains of."""
        return await self.page.evaluate("simcordPreview.diagnostics.map(d => d.message)")

    async def _answered(self) -> None:
        """Wait until the page has its answer, which must not be that nothing was done."""

        async def settled() -> bool:
            return await self.page.evaluate(_SETTLED)

        await until(settled)
        status = await self.page.locator("#action-status").inner_text()
        assert "not" not in status, status

    async def _fill(self, option: str, value: str | Path) -> None:
        pill = self.page.locator(f"label.command-pill[data-option={option}]")
        if not await pill.count():
            await self.page.locator("button.command-ghost").click()
            await self._offered(option).click()
        field = pill.locator("input")
        if isinstance(value, Path):
            await field.set_input_files(value)
            return
        await field.fill(value)
        if await field.get_attribute("role") == "combobox":
            await self._offered(value).click()

    def _offered(self, name: str) -> Locator:
        options = self.page.locator(".command-popup").get_by_role("option")
        return options.filter(has=self.page.get_by_text(name, exact=True)).first


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again, as a person does, until it is so."""
    async with asyncio.timeout(PATIENCE):
        while not await look():  # noqa: ASYNC110 - a page tells nobody
            await asyncio.sleep(0.05)


_IN_VIEW: Final = """message => {
    const log = document.querySelector("#channel-timeline").getBoundingClientRect();
    const box = message.getBoundingClientRect();
    if (box.height > log.height) return box.top >= log.top - 1 && box.top < log.bottom;
    return box.top < log.bottom && box.bottom > log.top && box.bottom <= log.bottom + 1;
}"""

_SETTLED: Final = """() => {
    const page = simcordPreview;
    return page.ready && !page.pendingAction && page.awaitingRevision === null;
}"""
