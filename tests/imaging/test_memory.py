"""Where a worker's memory ends: a refusal, never a crash."""

import pytest
from PIL import Image

from bot.domain.errors import PictureTooHeavy
from bot.domain.pictures import Fit
from bot.imaging.pool import open_imaging
from bot.imaging.values import Framing, Limits
from tests.imaging.pictures import saved


async def test_scaling_without_the_memory_for_it_is_a_refusal() -> None:
    grey = Image.linear_gradient("L").resize((2900, 2900), Image.Resampling.NEAREST)
    data = saved(Image.merge("LA", (grey, grey)).convert("RGBA"), compress_level=1)
    framing = Framing(side=2048, fit=Fit.KEEP, limit=20_000_000)

    async with open_imaging(workers=1, limits=Limits(memory=100_000_000)) as imaging:
        with pytest.raises(PictureTooHeavy):
            await imaging.frame(data, framing)
        killed = imaging.health().killed

    assert killed == 0
