"""Pictures drawn on this machine: a labelled scene from words, the same for the same order.

Not a model and not meant to look like one: every picture carries the words it was asked for and
the mark "sketch".
"""

import hashlib
import io
import random
from collections.abc import Callable
from typing import Protocol

from PIL import Image, ImageOps

from bot.imaging.png import png_bytes
from bot.imaging.sketch_label import label
from bot.imaging.sketch_scene import Palette, paint

MAX_BYTES = 300_000


class Order(Protocol):
    """One drawing, in plain values; `bot.providers.base.SketchOrder` says what they mean."""

    @property
    def operation(self) -> str: ...  # noqa: D102
    @property
    def words(self) -> str: ...  # noqa: D102
    @property
    def width(self) -> int: ...  # noqa: D102
    @property
    def height(self) -> int: ...  # noqa: D102
    @property
    def seed(self) -> int: ...  # noqa: D102
    @property
    def index(self) -> int: ...  # noqa: D102
    @property
    def detail(self) -> int: ...  # noqa: D102
    @property
    def transparent(self) -> bool: ...  # noqa: D102
    @property
    def strength(self) -> float: ...  # noqa: D102
    @property
    def image(self) -> bytes | None: ...  # noqa: D102
    @property
    def mask(self) -> bytes | None: ...  # noqa: D102
    @property
    def markup(self) -> bytes | None: ...  # noqa: D102
    @property
    def references(self) -> tuple[bytes, ...]: ...  # noqa: D102
    @property
    def coarse(self) -> int: ...  # noqa: D102


def draw(order: Order) -> bytes:
    """Return a PNG of at most `MAX_BYTES`. Takes tens of milliseconds: run it in a thread.

    Raises:
        ValueError: an edit or a variation without a picture, or one that cannot be read.
    """
    picture = _OPERATIONS[order.operation](order)
    return png(_blocks(picture, order.coarse) if order.coarse > 1 else picture)


def _blocks(picture: Image.Image, side: int) -> Image.Image:
    """Return *picture* in blocks of *side* pixels, as if it had just been begun."""
    few = picture.reduce(min(side, *picture.size))
    return few.resize(picture.size, Image.Resampling.NEAREST)


def _generate(order: Order) -> Image.Image:
    scene = _scene(order, (order.width, order.height), transparent=order.transparent)
    return _signed(scene, order)


def _signed(picture: Image.Image, order: Order, words: str | None = None) -> Image.Image:
    """Return *picture* with its references as small insets, and its label."""
    side = min(picture.size) // _INSET_SHARE
    for place, reference in enumerate(order.references if side >= _LEAST_INSET else ()):
        left = side // 4 + place * side * 5 // 4
        if left + side > picture.width:
            break
        inset = ImageOps.fit(_read(reference), (side, side))
        framed = ImageOps.expand(inset, border=max(1, side // 24), fill=_FRAME)
        picture.alpha_composite(framed.resize((side, side)), (left, side // 4))
    return label(picture, order.words if words is None else words)


_INSET_SHARE = 6
_LEAST_INSET = 8
_FRAME = (250, 248, 240, 255)


def _scene(order: Order, size: tuple[int, int], *, transparent: bool = False) -> Image.Image:
    return paint(order.words, size, _random(order), detail=order.detail, transparent=transparent)


def _edit(order: Order) -> Image.Image:
    base = _opened(order.image, order)
    if order.mask is None:
        scene = _scene(order, base.size)
        scene.putalpha(base.getchannel("A"))
        mixed = Image.blend(base, scene, 0.65)
        if order.markup is not None:
            mixed.alpha_composite(_opened(order.markup, order))
        return _signed(mixed, order)
    hole = _opened(order.mask, order).getchannel("A").point(_only_zero)
    box = hole.getbbox()
    if box is None:
        return base
    size = (box[2] - box[0], box[3] - box[1])
    patch = _signed(_scene(order, size), order)
    base.paste(patch, box[:2], hole.crop(box))
    return base


def _vary(order: Order) -> Image.Image:
    base = _opened(order.image, order)
    random_ = _random(order)
    palette = Palette.of(order.words, random_)
    gray = ImageOps.autocontrast(ImageOps.mirror(base).convert("L"), cutoff=1)
    other = ImageOps.colorize(gray, palette.near, palette.sky_low, palette.far).convert("RGBA")
    hills = _scene(order, base.size, transparent=True)
    other.alpha_composite(Image.blend(Image.new("RGBA", base.size), hills, 0.6))
    alpha = base.getchannel("A")
    mixed = Image.blend(base, other, order.strength)
    mixed.putalpha(alpha)
    return _signed(mixed, order, order.words or "a variation")


_OPERATIONS: dict[str, Callable[[Order], Image.Image]] = {
    "generate": _generate,
    "edit": _edit,
    "vary": _vary,
}


def _only_zero(alpha: int) -> int:
    return 0 if alpha else 255


def _opened(data: bytes | None, order: Order) -> Image.Image:
    """Return the picture in the ordered size, its middle where the shape differs."""
    if data is None:
        raise ValueError("no picture")
    picture, size = _read(data), (order.width, order.height)
    return picture if picture.size == size else ImageOps.fit(picture, size)


def _read(data: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as given:
            return given.convert("RGBA")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("not a picture") from error


def png(picture: Image.Image) -> bytes:
    """Return *picture* as PNG: as it is where that fits, else fewer colours, else smaller."""
    data = png_bytes(picture)
    if len(data) > MAX_BYTES:
        data = _encoded(picture)
    for scale, colors in _STEPS:
        if len(data) <= MAX_BYTES:
            break
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        smaller = picture if size == picture.size else picture.resize(size)
        data = _encoded(smaller.quantize(colors, Image.Quantize.FASTOCTREE))
    return data


_STEPS = tuple((scale, colors) for scale in (1, 0.75, 0.5, 0.375, 0.25) for colors in (256, 96))


def _encoded(picture: Image.Image) -> bytes:
    packed = io.BytesIO()
    picture.save(packed, "PNG")
    return packed.getvalue()


def _random(order: Order) -> random.Random:
    key = f"{order.words}\0{order.seed}\0{order.index}".encode(errors="replace")
    return random.Random(hashlib.sha256(key).digest())  # noqa: S311
