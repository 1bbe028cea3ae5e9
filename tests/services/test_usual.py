"""What the picture service usually takes: measured here, remembered, and told only where true."""

from pathlib import Path

import pytest

from bot.bootstrap import Services
from bot.domain.errors import ContentRefused
from bot.domain.queue import Usual
from bot.providers.base import UNWATCHED, Answer, PictureRequest, Watch
from bot.services.usual import UsualTimes
from tests.services.clocks import FrozenClock
from tests.services.studio import Told, Wall, answer, ask, open_studio, picture

pytestmark = pytest.mark.usefixtures("database_kind")


class Timed(Told):
    """A picture maker whose next answer takes *takes* seconds."""

    def __init__(self, clock: FrozenClock) -> None:
        super().__init__(answer(picture()))
        self.clock, self.takes = clock, 0.0

    async def make(self, request: PictureRequest, watch: Watch = UNWATCHED) -> Answer:
        self.clock.advance(seconds=self.takes)
        return await super().make(request, watch)


async def _make(
    services: Services, provider: Timed, *takes: float, quality: str | None = None
) -> list[Usual | None]:
    """Make a picture for each of *takes*; return what each was told."""
    wall = Wall()
    for provider.takes in takes:
        await services.studio.perform(await services.studio.admit(ask(quality=quality)), wall)
    return wall.usual


async def test_five_say_what_the_sixth_takes(tmp_path: Path, clock: FrozenClock) -> None:
    provider = Timed(clock)
    async with open_studio(tmp_path, clock, provider) as services:
        told = await _make(services, provider, 10, 20, 30, 40, 50, 30, quality="high")
        other = await _make(services, provider, 30, quality="low")

    assert told == [None] * 5 + [Usual(least=20, most=40)]
    assert other == [None]


async def test_the_next_start_knows_it(tmp_path: Path, clock: FrozenClock) -> None:
    provider = Timed(clock)
    async with open_studio(tmp_path, clock, provider) as services:
        await _make(services, provider, *[12.4] * 5, quality="high")

    async with open_studio(tmp_path, clock, provider) as services:
        assert await _make(services, provider, 1, quality="high") == [Usual(least=12, most=12)]
        assert await _make(services, provider, 1, quality="low") == [None]


async def test_the_last_fifty_count(tmp_path: Path, clock: FrozenClock) -> None:
    provider = Timed(clock)
    async with open_studio(tmp_path, clock, provider) as services:
        usual = UsualTimes(services.database, clock)
        ticket = await services.studio.admit(ask())
        for seconds in [1] * 50 + [60] * 50:
            with usual.measured(ticket):
                clock.advance(seconds=seconds)
        assert usual.of(ticket) == Usual(least=60, most=60)
        await services.studio.books.withdrawn(ticket, "Test")


async def test_what_is_fast_or_fails_says_nothing(tmp_path: Path, clock: FrozenClock) -> None:
    provider = Timed(clock)
    async with open_studio(tmp_path, clock, provider) as services:
        assert await _make(services, provider, *[5.0] * 6) == [None] * 6
        provider.outcome, provider.takes = ContentRefused(stage="output"), 300
        for _ in range(3):
            ticket = await services.studio.admit(ask(quality="high"))
            try:
                await services.studio.perform(ticket, Wall())
            except ContentRefused:
                continue
        provider.outcome = answer(picture())
        assert await _make(services, provider, *[30] * 5, quality="high") == [None] * 5
