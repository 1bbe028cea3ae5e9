"""What makes the running bot ready, part by part."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.client import EaselClient
from bot.domain.clock import SystemClock
from bot.providers.base import Stop
from bot.running import readiness
from tests.services.studio import Told, answer, open_studio, picture


@dataclass
class Stopped(Told):
    """A picture maker that is not asked for some reason."""

    stopping: tuple[Stop, ...] = ()

    @property
    def stops(self) -> tuple[Stop, ...]:
        return self.stopping


@pytest.mark.parametrize(
    ("stops", "ready"),
    [
        ((), True),
        ((Stop(cause="model", model="told-1"),), True),
        ((Stop(cause="money"),), False),
        ((Stop(cause="model", model="told-1"), Stop(cause="failure")), False),
    ],
)
async def test_a_picture_service_that_is_not_asked_is_not_ready(
    tmp_path: Path, stops: tuple[Stop, ...], ready: bool
) -> None:
    told = Stopped(answer(picture()), stopping=stops)
    async with (
        open_studio(tmp_path, SystemClock(), told) as services,
        EaselClient(services, []) as client,
    ):
        probes = readiness(services, client)

        assert await probes["provider"]() is ready
        assert await probes["database"]()
        assert await probes["workers"]()
        assert not await probes["gateway"]()
