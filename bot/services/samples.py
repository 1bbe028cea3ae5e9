"""A picture to look at before anybody has paid for one: drawn here, whatever the picture maker."""

import asyncio
from typing import Final

from bot.imaging import sketch
from bot.providers.base import SketchOrder

_SIDE: Final = 768


async def sample(words: str, seed: int) -> bytes:
    """Return a labelled PNG that is drawn for *words*, the same for the same *seed*."""
    order = SketchOrder(operation="generate", words=words, width=_SIDE, height=_SIDE, seed=seed)
    return await asyncio.to_thread(sketch.draw, order)
