"""Makes docs/demo.png: the demo's page after a member asked for a picture.

`python scripts/demo_picture.py`, with Chromium installed.
"""

import asyncio
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.demo.page import Visitor, browser_page, running_demo  # noqa: E402 - the path comes first

PROMPT = "a lighthouse above a quiet bay"


async def main() -> None:
    """Drive the page as a person would and keep what it looks like."""
    async with running_demo() as demo:
        async with browser_page(demo.url, width=1100, height=1000) as page:
            visitor = Visitor(page)
            await visitor.command("imagine", prompt=PROMPT, shape="landscape")
            await visitor.pictures(1)
            await visitor.command("quota show")
            await visitor.sees("left")
            await page.screenshot(path=ROOT / "docs" / "demo.png")
        await demo.end(signal.SIGINT)


if __name__ == "__main__":
    asyncio.run(main())
