"""What the bot is given in the demo instead of the network and of real waiting."""

import asyncio

import pytest

from bot.bootstrap import open_settings_provider
from bot.demo.stand_ins import Parking, SimulatedDownloads, Unhurried
from bot.domain.asks import Source
from bot.domain.errors import DownloadFailed
from bot.settings import load_settings


async def test_without_a_simulator_it_waits_plainly() -> None:
    assert await Parking()(asyncio.sleep(0, "done"), "a reason") == "done"


async def test_without_a_simulator_nothing_can_be_fetched() -> None:
    source = Source(url="https://cdn.example/picture.png", name="picture.png", size=1)
    with pytest.raises(DownloadFailed):
        await SimulatedDownloads().fetch(source, "picture")


async def test_it_passes_on_what_the_picture_maker_is() -> None:
    async with open_settings_provider(load_settings({"IMAGE_PROVIDER": "sketch"})) as sketch:
        unhurried = Unhurried(sketch, Parking())
        assert unhurried.name == sketch.name
        assert unhurried.models == sketch.models
        assert await unhurried.check() == await sketch.check()
