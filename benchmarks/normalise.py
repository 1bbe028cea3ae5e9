"""CPU of one picture becoming a 1,024-pixel square PNG, against peers in the same run.

``python benchmarks/normalise.py [PHOTO ...]`` prints a table: milliseconds of ours, and how many
times that each peer takes. Photographs default to those of scikit-image, enlarged. A peer that is
not installed is left out: ``pyvips`` with ``pyvips-binary``, ``fpng-py`` (for the limit),
ImageMagick (a process for each picture, its start included), and ``sharp`` from npm in the folder
that ``--sharp`` names.
"""

import argparse
import json
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from math import sqrt
from pathlib import Path
from statistics import median
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from isal import isal_zlib
from PIL import Image, ImageOps

from bot.domain.pictures import Fit
from bot.imaging.normalise import normalise
from bot.imaging.values import Framing

SIDE = 1024
ROUNDS = 3
BUDGET = 2_000_000_000
SIZES = (2, 12, 24, 50)
_SHARP = """
const sharp = require('sharp'), fs = require('fs'); sharp.concurrency(1); sharp.cache(false);
const [path, level, rounds] = process.argv.slice(1);
(async () => {
  const data = fs.readFileSync(path), found = [];
  for (let round = 0; round <= Number(rounds); round++) {
    const before = process.cpuUsage();
    await sharp(data).rotate().resize(1024, 1024, {fit: 'contain', background: '#0000'})
      .ensureAlpha().png({compressionLevel: Number(level)}).toBuffer();
    const used = process.cpuUsage(before);
    if (round) found.push((used.user + used.system) / 1000);
  }
  console.log(JSON.stringify(found));
})();
"""


def measured(work: Callable[[bytes], object], data: bytes) -> float:
    """Return the median milliseconds of processor time that *work* takes."""
    work(data)
    found: list[float] = []
    for _ in range(ROUNDS):
        start = process_time()
        work(data)
        found.append((process_time() - start) * 1000)
    return median(found)


def ours(data: bytes) -> bytes:
    return normalise(data, Framing(side=SIDE), what="picture", budget=BUDGET).data


def naive(data: bytes) -> bytes:
    """What comparable bots do."""
    image = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGBA")
    image = ImageOps.pad(image, (SIDE, SIDE), Image.Resampling.LANCZOS, color=(0, 0, 0, 0))
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def limit(data: bytes) -> bytes:
    """The cheapest sufficient decode and the fastest encoder there is; no care for anything."""
    image = Image.open(BytesIO(data))
    size = tuple(max(1, round(edge * SIDE / max(image.size))) for edge in image.size)
    image.draft(None, size)
    mode = "RGBA" if "A" in image.getbands() else "RGB"
    small = image.convert(mode).resize(size, Image.Resampling.BILINEAR, reducing_gap=1.0)
    square = Image.new(mode, (SIDE, SIDE))
    square.paste(small, (0, 0))
    if find_spec("fpng_py"):
        encode = import_module("fpng_py").fpng_encode_image_to_memory
        return encode(square.tobytes(), SIDE, SIDE, len(mode))
    return isal_zlib.compress(square.tobytes(), 0)


def vips(data: bytes) -> bytes:
    pyvips = import_module("pyvips")
    image = pyvips.Image.thumbnail_buffer(data, SIDE, height=SIDE)
    if not image.hasalpha():
        image = image.addalpha()
    return image.gravity("centre", SIDE, SIDE).pngsave_buffer(compression=1)


PEERS: dict[str, Callable[[bytes], object]] = {"limit": limit, "naive Pillow": naive}
if find_spec("pyvips"):
    PEERS["vips, level 1"] = vips


def imagemagick() -> str | None:
    """Return the path of ImageMagick, or None. Other programs are called ``convert`` too."""
    for path in filter(None, map(shutil.which, ("magick", "convert"))):
        done = subprocess.run([path, "-version"], capture_output=True, text=True, check=False)  # noqa: S603
        if done.stdout.startswith("Version: ImageMagick"):
            return path
    return None


def magick(data: bytes, path: str) -> float | None:
    """Return the median milliseconds that ImageMagick takes, None where it cannot open *data*."""
    size = f"{SIDE}x{SIDE}"
    hint = ["-limit", "thread", "1", "-define", f"jpeg:size={2 * SIDE}x{2 * SIDE}", "-[0]"]
    work = ["-auto-orient", "-resize", size, "-background", "none", "-gravity", "center"]
    found: list[float] = []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(  # noqa: S603 - a peer
            [path, *hint, *work, "-extent", size, "png32:-"],
            input=data,
            capture_output=True,
            check=False,
        )
        if done.returncode or not done.stdout:
            return None
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        found.append(used * 1000)
    return median(found)


def sharp(data: bytes, folder: Path, level: int) -> float:
    """Return the median milliseconds that sharp takes at a compression *level*."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        done = subprocess.run(  # noqa: S603 - a measuring program of ours
            ["node", "-e", _SHARP, file.name, str(level), str(ROUNDS)],  # noqa: S607
            cwd=folder,
            capture_output=True,
            check=True,
        )
    return median(json.loads(done.stdout))


def likeness(data: bytes) -> float:
    """Return the mean SSIM of ours against a full decode scaled by LANCZOS."""
    made = normalise(data, Framing(side=SIDE, fit=Fit.STRETCH), what="picture", budget=BUDGET).data
    whole = Image.open(BytesIO(data)).convert("RGB")
    expected = whole.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return ssim(Image.open(BytesIO(made)).convert("RGB"), expected)


def ssim(one: Image.Image, other: Image.Image) -> float:
    """Return the mean structural similarity of the greys of two pictures."""
    numpy, metrics = import_module("numpy"), import_module("skimage.metrics")
    x, y = (numpy.asarray(image.convert("L")) for image in (one, other))
    return float(metrics.structural_similarity(x, y))


def files(
    photos: list[Image.Image], sizes: tuple[int, ...], only: list[str]
) -> Iterator[tuple[str, bytes]]:
    """Yield names and files of every kind and size that there is a reason to measure."""
    for megapixels in sizes:
        width = round(sqrt(megapixels * 1e6 * 4 / 3))
        for number, photo in enumerate(photos):
            image = photo.resize((width, width * 3 // 4), Image.Resampling.LANCZOS)
            kinds: dict[str, tuple[str, dict[str, object]]] = {
                "JPEG": ("JPEG", {"quality": 90}),
                "JPEG progressive": ("JPEG", {"quality": 90, "progressive": True}),
                "PNG": ("PNG", {"compress_level": 3}),
                "PNG alpha": ("PNG", {"compress_level": 3}),
                "WebP": ("WEBP", {"quality": 85, "method": 1}),
                "AVIF": ("AVIF", {"quality": 70, "speed": 10}),
                "GIF": ("GIF", {}),
            }
            for name, (kind, options) in kinds.items():
                if only and name not in only:
                    continue
                if number and not name.startswith("JPEG"):
                    continue
                source = image
                if name == "PNG alpha":
                    source = image.convert("RGBA")
                    source.putalpha(Image.linear_gradient("L").resize(image.size))
                out = BytesIO()
                source.save(out, kind, **options)
                yield f"{megapixels} MP {name}, photo {number + 1}", out.getvalue()


def default_photos() -> list[Path]:
    spec = find_spec("skimage")
    assert spec
    assert spec.origin
    data = Path(spec.origin).parent / "data"
    return [data / "retina.jpg", data / "hubble_deep_field.jpg"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs="*", type=Path)
    parser.add_argument("--sharp", type=Path, help="a folder where npm installed sharp")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="in megapixels")
    parser.add_argument("--kinds", nargs="*", default=[], help="such as JPEG; all of them if none")
    chosen = parser.parse_args()
    Image.MAX_IMAGE_PIXELS = None
    photos = [Image.open(path).convert("RGB") for path in chosen.photos or default_photos()]
    names = ["naive Pillow", *(["vips, level 1"] if "vips, level 1" in PEERS else [])]
    names += ["sharp, level 1", "sharp, level 6"] if chosen.sharp else []
    convert = imagemagick()
    names += ["ImageMagick"] if convert else []
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}\n")
    print(
        f"| file | ours | ours / limit | {' | '.join(f'{name} / ours' for name in names)} | SSIM |"
    )
    print("|---" * (4 + len(names)) + "|")
    for name, data in files(photos, tuple(chosen.sizes), chosen.kinds):
        mine = measured(ours, data)
        others: dict[str, float | None] = {
            peer: measured(work, data) for peer, work in PEERS.items()
        }
        if convert:
            others["ImageMagick"] = magick(data, convert)
        if chosen.sharp:
            for level in (1, 6):
                others[f"sharp, level {level}"] = sharp(data, chosen.sharp, level)
        cells = [name, f"{mine:.0f} ms", f"{mine / (others['limit'] or 1):.1f}"]
        cells += [f"{took / mine:.1f}" if (took := others[peer]) else "" for peer in names]
        like = "" if "alpha" in name else f"{likeness(data):.4f}"
        print(f"| {' | '.join(cells)} | {like} |", flush=True)


if __name__ == "__main__":
    main()
