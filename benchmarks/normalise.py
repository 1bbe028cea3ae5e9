"""CPU of one picture becoming a 1,024-pixel square PNG, against peers in the same run.

``python benchmarks/normalise.py [PHOTO ...]`` prints a table: milliseconds of ours, and how many
times that each peer takes. Photographs default to those of scikit-image, enlarged. A peer that is
not installed is left out: ``pyvips`` with ``pyvips-binary``, ``fpng-py`` (for the limit),
``imagecodecs`` and ``opencv-python-headless`` (for the limit), ImageMagick (a process for each
picture, its start included), and ``sharp`` from npm in the folder that ``--sharp`` names.

The limit is, for each file, the cheapest decode and scaling that any of them has, named in the
table, and fpng. ``--quick`` takes one photograph and two rounds: about ten minutes for all.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from math import sqrt
from pathlib import Path
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PIL import Image, ImageOps

from bot.domain.pictures import Fit, Size
from bot.imaging import webp
from bot.imaging.normalise import normalise
from bot.imaging.values import Framing

SIDE = 1024
ROUNDS, QUICK_ROUNDS = 4, 2
FAR_SLOWER = 4
BUDGET = 2_000_000_000
SIZES = (2, 12, 24, 50)
Times = dict[str, float]
_SHARP = """
const sharp = require('sharp'), fs = require('fs'); sharp.concurrency(1); sharp.cache(false);
const [path, level, rounds] = process.argv.slice(1);
(async () => {
  const data = fs.readFileSync(path), found = [];
  for (let round = 0; round <= Number(rounds); round++) {
    const before = process.cpuUsage();
    await sharp(data).rotate().resize(1024, 1024, {fit: 'contain', background: '#0000'})
      .ensureAlpha()[level === 'raw' ? 'raw' : 'png']({compressionLevel: Number(level)}).toBuffer();
    const used = process.cpuUsage(before);
    if (round) found.push((used.user + used.system) / 1000);
  }
  console.log(JSON.stringify(found));
})();
"""


def took(work: Callable[[bytes], object], data: bytes) -> float:
    """Return the milliseconds of processor time that *work* takes once."""
    start = process_time()
    work(data)
    return (process_time() - start) * 1000


def ours(data: bytes) -> bytes:
    return normalise(data, Framing(side=SIDE), what="picture", budget=BUDGET).data


def naive(data: bytes) -> bytes:
    """What comparable bots do."""
    image = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGBA")
    image = ImageOps.pad(image, (SIDE, SIDE), Image.Resampling.LANCZOS, color=(0, 0, 0, 0))
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def fitting(size: tuple[int, int]) -> tuple[int, int]:
    width, height = (max(1, round(edge * SIDE / max(size))) for edge in size)
    return width, height


def by_pillow(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    size = fitting(image.size)
    image.draft(None, size)
    return roughly(image.convert("RGBA" if "A" in image.getbands() else "RGB"), size)


def roughly(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.0)


def by_libwebp(data: bytes) -> Image.Image | None:
    image = Image.open(BytesIO(data))
    size = fitting(image.size)
    found = webp.loaded(data, image.mode, Size(*image.size), size[0] / image.size[0])
    return roughly(found[0], size) if found else None


def libvips() -> Any:  # noqa: ANN401 - as untyped as it is
    """Return pyvips able to open everything: ours lets that library open PNG only."""
    pyvips = import_module("pyvips")
    pyvips.operation_block_set("VipsForeignLoad", False)  # noqa: FBT003 - a state
    pyvips.cache_set_max(0)
    return pyvips


def by_vips(data: bytes) -> Image.Image:
    pyvips = libvips()
    image = pyvips.Image.thumbnail_buffer(data, SIDE, height=SIDE)
    mode = "RGBA" if image.hasalpha() else "RGB"
    return Image.frombytes(mode, (image.width, image.height), image.write_to_memory())


def by_imagecodecs(data: bytes) -> Image.Image:
    codecs = import_module("imagecodecs")
    decode = codecs.spng_decode if data.startswith(b"\x89PNG") else codecs.webp_decode
    image = Image.fromarray(decode(data))
    return roughly(image, fitting(image.size))


def by_opencv(data: bytes) -> Image.Image:
    cv2, numpy = import_module("cv2"), import_module("numpy")
    cv2.setNumThreads(1)
    longest = max(Image.open(BytesIO(data)).size)
    reduced = {2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4}
    share = next((share for share in (4, 2) if longest >= share * SIDE), 1)
    jpeg = data.startswith(b"\xff\xd8")
    how = reduced.get(share, cv2.IMREAD_COLOR) if jpeg else cv2.IMREAD_UNCHANGED
    pixels = cv2.imdecode(numpy.frombuffer(data, "u1"), how)
    size = fitting((pixels.shape[1], pixels.shape[0]))
    return Image.fromarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


PNGS, WEBPS = (b"\x89PNG",), (b"RIFF",)
DECODERS: tuple[tuple[str, str, tuple[bytes, ...], Callable[[bytes], Image.Image | None]], ...] = (
    ("Pillow", "PIL", (b"",), by_pillow),
    ("libwebp", "PIL", WEBPS, by_libwebp),
    ("vips", "pyvips", (b"",), by_vips),
    ("imagecodecs", "imagecodecs", PNGS + WEBPS, by_imagecodecs),
    ("OpenCV", "cv2", (*PNGS, *WEBPS, b"\xff\xd8"), by_opencv),
)
"""The decoders that may be the limit: name, package, starts of files they are tried on, and how."""


def fastest_file(image: Image.Image) -> bytes:
    """Encode in the cheapest way there is, with no care for anything."""
    square = Image.new(image.mode, (SIDE, SIDE))
    square.paste(image, (0, 0))
    if find_spec("fpng_py"):
        encode = import_module("fpng_py").fpng_encode_image_to_memory
        return encode(square.tobytes(), SIDE, SIDE, len(image.mode))
    return import_module("isal.isal_zlib").compress(square.tobytes(), 0)


def decoders(data: bytes) -> dict[str, Callable[[bytes], float]]:
    """Return what may decode *data* most cheaply, by name, each of them tried once."""
    found: dict[str, Callable[[bytes], float]] = {}
    for name, package, starts, decode in DECODERS:
        if not (find_spec(package) and data.startswith(starts)):
            continue
        try:
            if decode(data) is not None:
                found[name] = partial(took, decode)
        except Exception as error:  # noqa: BLE001 - a peer that cannot open it is none
            print(f"{name}: {error}", file=sys.stderr)
    return found


def vips(data: bytes) -> bytes:
    pyvips = libvips()
    image = pyvips.Image.thumbnail_buffer(data, SIDE, height=SIDE)
    if not image.hasalpha():
        image = image.addalpha()
    return image.gravity("centre", SIDE, SIDE).pngsave_buffer(compression=1)


_PATHS = (None, "/usr/bin:/bin")


def imagemagick() -> str | None:
    """Return the path of ImageMagick, or None. Other programs are called ``convert`` too."""
    paths = [shutil.which(name, path=path) for name in ("magick", "convert") for path in _PATHS]
    for path in filter(None, paths):
        done = subprocess.run([path, "-version"], capture_output=True, text=True, check=False)  # noqa: S603
        if done.stdout.startswith("Version: ImageMagick"):
            return path
    return None


def magick(data: bytes, path: str) -> float | None:
    """Return the milliseconds that ImageMagick takes once, None where it cannot open *data*."""
    size = f"{SIDE}x{SIDE}"
    hint = ["-limit", "thread", "1", "-define", f"jpeg:size={2 * SIDE}x{2 * SIDE}", "-[0]"]
    work = ["-auto-orient", "-resize", size, "-background", "none", "-gravity", "center"]
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
    return used * 1000


def sharp(data: bytes, folder: Path, level: str) -> float:
    """Return the milliseconds that sharp takes once at a compression *level*, or ``raw``."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        done = subprocess.run(  # noqa: S603 - a measuring program of ours
            ["node", "-e", _SHARP, file.name, level, "1"],  # noqa: S607
            cwd=folder,
            capture_output=True,
            check=True,
        )
    return min(json.loads(done.stdout))


def peers(chosen: argparse.Namespace) -> dict[str, Callable[[bytes], float | None]]:
    """Return whom ours is compared with, by name, as far as they are installed."""
    found: dict[str, Callable[[bytes], float | None]] = {"naive Pillow": partial(took, naive)}
    if find_spec("pyvips"):
        found["vips, level 1"] = partial(took, vips)
    if chosen.sharp:
        for level in ("1", "6"):
            found[f"sharp, level {level}"] = partial(sharp, folder=chosen.sharp, level=level)
    if path := imagemagick():
        found["ImageMagick"] = partial(magick, path=path)
    return found


def least(jobs: dict[str, Callable[[bytes], float | None]], data: bytes, rounds: int) -> Times:
    """Let all *jobs* take turns, and return the least milliseconds of each: others work here too.

    A job that cannot open *data* is left out; one far slower than the first is done once.
    """
    found: Times = {}
    first = next(iter(jobs))
    for _ in range(rounds):
        for name, job in jobs.items():
            if found.get(name, 0) > FAR_SLOWER * found.get(first, 0):
                continue
            if (time := job(data)) is not None:
                found[name] = min(time, found.get(name, time))
    return found


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
    parser.add_argument("--quick", action="store_true", help="one photograph, fewer rounds")
    chosen = parser.parse_args()
    rounds = QUICK_ROUNDS if chosen.quick else ROUNDS
    Image.MAX_IMAGE_PIXELS = None
    photos = [Image.open(path).convert("RGB") for path in chosen.photos or default_photos()]
    photos = photos[:1] if chosen.quick else photos
    against = peers(chosen)
    machine = platform.processor() or platform.machine()
    print(f"{machine}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}\n")
    heads = ("file", "ours", "ours / limit", "limit by", *(f"{name} / ours" for name in against))
    print(f"| {' | '.join(heads)} | SSIM |")
    print("|---" * (len(heads) + 1) + "|")
    for name, data in files(photos, tuple(chosen.sizes), chosen.kinds):
        cheap: dict[str, Callable[[bytes], float | None]] = dict(decoders(data))
        if chosen.sharp:
            cheap["sharp"] = partial(sharp, folder=chosen.sharp, level="raw")
        small = by_pillow(data)
        jobs = {"ours": partial(took, ours), **against}
        jobs |= {f"limit by {each}": job for each, job in cheap.items()}
        jobs["encode"] = partial(took, lambda _, small=small: fastest_file(small))
        times = least(jobs, data, rounds)
        mine, by = times["ours"], min(cheap, key=lambda each: times[f"limit by {each}"])
        share = mine / (times[f"limit by {by}"] + times["encode"])
        cells = [name, f"{mine:.0f} ms", f"{share:.1f}", by]
        cells += [f"{times[each] / mine:.1f}" if each in times else "" for each in against]
        like = "" if "alpha" in name else f"{likeness(data):.4f}"
        print(f"| {' | '.join(cells)} | {like} |", flush=True)


if __name__ == "__main__":
    main()
