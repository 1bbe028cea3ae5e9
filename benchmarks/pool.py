"""What the event loop feels, and what the workers get done: ``python benchmarks/pool.py``.

Eight photographs of 12 megapixels at once, the lag of a 1 ms tick meanwhile, and the throughput
of one to four workers.
"""

import asyncio
import os
import sys
from io import BytesIO
from pathlib import Path
from statistics import quantiles
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from normalise import default_photos
from PIL import Image

from bot.imaging.pool import open_imaging

TICK = 0.001
AT_ONCE = 8
PICTURES = 24


def photo() -> bytes:
    out = BytesIO()
    image = Image.open(default_photos()[0]).convert("RGB")
    image.resize((4000, 3000), Image.Resampling.LANCZOS).save(out, "JPEG", quality=90)
    return out.getvalue()


async def ticking(lags: list[float]) -> None:
    while True:
        start = perf_counter()
        await asyncio.sleep(TICK)
        lags.append((perf_counter() - start - TICK) * 1000)


async def lag_during(work: asyncio.Future[object]) -> str:
    lags: list[float] = []
    ticker = asyncio.ensure_future(ticking(lags))
    await work
    ticker.cancel()
    return f"p99 {quantiles(lags, n=100)[98]:.1f} ms, longest {max(lags):.1f} ms"


async def main() -> None:
    """Measure and print."""
    data = photo()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, photo of {len(data)} bytes")
    print("idle:", await lag_during(asyncio.ensure_future(asyncio.sleep(2))))
    for workers in (1, 2, 3, 4):
        async with open_imaging(workers=workers) as imaging:
            await asyncio.gather(*(imaging.normalise(data) for _ in range(workers)))
            work = asyncio.gather(*(imaging.normalise(data) for _ in range(AT_ONCE)))
            lag = await lag_during(work)
            start = perf_counter()
            await asyncio.gather(*(imaging.normalise(data) for _ in range(PICTURES)))
            speed = PICTURES / (perf_counter() - start)
        print(f"{workers} workers: {speed:.1f} pictures a second; eight at once: {lag}")


if __name__ == "__main__":
    asyncio.run(main())
