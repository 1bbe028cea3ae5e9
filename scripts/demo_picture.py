"""Makes docs/demo.png: the demo's page after a member imagined one picture and edited another.

`python scripts/demo_picture.py`, with Chromium installed.
"""

import asyncio
import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from PIL import Image

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.demo.page import running_browser, running_demo, visiting  # noqa: E402 - path first
from tests.imaging.pictures import photo, saved  # noqa: E402 - path first


async def make(cat: Path) -> None:
    """Drive the page as a person would and keep what it looks like."""
    async with (
        running_demo() as demo,
        running_browser() as browser,
        visiting(browser, demo.url, width=1200, height=1200) as visitor,
    ):
        await visitor.command(
            "imagine", prompt="a sailboat on a mountain lake at dawn", shape="landscape"
        )
        await visitor.picture("AI image: a sailboat on a mountain lake at dawn")
        await visitor.command("edit", image=cat, prompt="a snowy forest", region="right")
        await visitor.picture("AI image: a snowy forest")
        await visitor.sees("a snowy forest")
        shot = await visitor.page.screenshot()
    Image.open(BytesIO(shot)).convert("RGB").save(ROOT / "docs" / "demo.png", optimize=True)


def main() -> None:
    """Make the picture."""
    with TemporaryDirectory() as folder:
        cat = Path(folder) / "cat.png"
        cat.write_bytes(saved(photo("chelsea.png")))
        asyncio.run(make(cat))


if __name__ == "__main__":
    main()
