"""A loopback Images API, and providers on it that never sleep."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import date

import pytest

from bot.imaging import sketch
from bot.providers.base import ImageProvider, ProviderSettings, SketchOrder
from bot.providers.openai_images import open_openai_images
from tests.fakes.images_api import FakeImages
from tests.fakes.images_rules import COMPATIBLE, RULES

TODAY = date(2026, 11, 22)

Opener = Callable[[ProviderSettings], Awaitable[ImageProvider]]


async def draw(order: SketchOrder, /) -> bytes:
    """What bootstrap passes in: the drawing room's work, in a thread."""
    return await asyncio.to_thread(sketch.draw, order)


class Naps:
    """A sleep that only remembers, and the clock that goes on with it."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self.now = 0.0

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        """Monotonic seconds."""
        return self.now


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
async def fake() -> AsyncGenerator[FakeImages]:
    async with FakeImages({**RULES, "our-model": COMPATIBLE}).run() as running:
        yield running


@pytest.fixture
async def open_on(naps: Naps) -> AsyncGenerator[Opener]:
    """Open providers over the real SDK that end with the test."""
    async with AsyncExitStack() as stack:

        async def opener(settings: ProviderSettings) -> ImageProvider:
            opening = open_openai_images(
                settings, sleep=naps, clock=naps.clock, today=lambda: TODAY
            )
            return await stack.enter_async_context(opening)

        yield opener
