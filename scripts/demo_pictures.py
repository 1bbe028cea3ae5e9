"""Makes the pictures of docs/ that show the demo's page, as a person at it sees it.

`python scripts/demo_pictures.py`, with Chromium installed; with a folder as its argument they go
there, each once more as a phone shows it.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from PIL import Image
from playwright.async_api import Locator

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.demo.page import Visitor, running_browser, running_demo, visiting  # noqa: E402
from tests.imaging.pictures import photo, saved  # noqa: E402 - path first

COLOURS: Final = 128
DESKTOP: Final = (1200, 1200)
PHONE: Final = (400, 800)
BOAT: Final = "a sailboat on a mountain lake at dawn"


async def there(visitor: Visitor, text: str) -> Locator:
    """Wait for a message with *text*, in view or not."""
    message = visitor.messages.filter(has_text=text).last
    await message.wait_for()
    return message


async def results(visitor: Visitor, cat: Path) -> Locator:
    """Imagine a picture, and edit a part of another."""
    await visitor.command("imagine", prompt=BOAT)
    await visitor.picture(f"AI image: {BOAT}")
    await visitor.command("edit", image=cat, prompt="a snowy forest", region="right")
    await visitor.picture("AI image: a snowy forest")
    await visitor.sees("a snowy forest")
    return visitor.page.locator("body")


async def part(visitor: Visitor, cat: Path) -> Locator:
    """Open the form of an edit, name a part, and look at it before anything is charged."""
    await visitor.command("imagine", prompt=BOAT)
    boat = await there(visitor, BOAT)
    await visitor.press("Edit", boat)
    await visitor.send_form(where="Right half", What_should_change="a lighthouse on the shore")
    await there(visitor, "Is this the part?")
    await visitor.press("Invert")
    return await there(visitor, "Is this the part?")


async def refusal(visitor: Visitor, cat: Path) -> Locator:
    """Ask for what is declined."""
    await visitor.command("imagine", prompt="something forbidden")
    return await there(visitor, "Declined for your words")


async def setup(visitor: Visitor, cat: Path) -> Locator:
    """Set a server up."""
    await visitor.become("Greta")
    await visitor.command("easel setup")
    await there(visitor, "Set up Easel")
    await visitor.press("Next")
    return await there(visitor, "Who and how much")


async def words(visitor: Visitor, cat: Path) -> Locator:
    """Keep a word list."""
    await visitor.become("Greta")
    await visitor.command("words")
    await there(visitor, "Word list")
    await visitor.press("Add…")
    await visitor.send_form(Words_that_are_declined="gore\nkitten*")
    return await there(visitor, "2 entries added")


SHOTS: Final[Mapping[str, Callable[[Visitor, Path], Awaitable[Locator]]]] = {
    "demo": results,
    "part": part,
    "refusal": refusal,
    "setup": setup,
    "words": words,
}


async def make(cat: Path, folder: Path, sizes: Mapping[str, tuple[int, int]]) -> None:
    """Drive the page as a person would and keep how what each act returns looks."""
    async with running_browser() as browser:
        for name, act in SHOTS.items():
            for suffix, (width, height) in sizes.items():
                async with (
                    running_demo() as demo,
                    visiting(browser, demo.url, width=width, height=height) as visitor,
                ):
                    shot = await (await act(visitor, cat)).screenshot()
                picture = Image.open(BytesIO(shot)).convert("RGB").quantize(COLOURS)
                picture.save(folder / f"{name}{suffix}.png", optimize=True)


def main() -> None:
    """Make the pictures."""
    elsewhere = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    sizes = {"": DESKTOP, "-phone": PHONE} if elsewhere else {"": DESKTOP}
    with TemporaryDirectory() as folder:
        cat = Path(folder) / "cat.png"
        cat.write_bytes(saved(photo("chelsea.png")))
        asyncio.run(make(cat, elsewhere or ROOT / "docs", sizes))


if __name__ == "__main__":
    main()
