"""Real photographs in the kinds that people upload, each as Discord would take it."""

from functools import cache

from tests.fakes.discord_asks import Upload
from tests.imaging.pictures import photo, saved, turned

WIDE = (900, 600)


@cache
def jpeg_on_its_side() -> Upload:
    """A JPEG whose EXIF says that it lies on its side: shown, it is upright and wide."""
    return "rocket.jpg", turned(photo("rocket.jpg").resize((640, 427)), 6, "JPEG", quality=90)


@cache
def transparent_png() -> Upload:
    """A cat with a see-through left third."""
    cat = photo("chelsea.png").convert("RGBA")
    cat.paste((0, 0, 0, 0), (0, 0, cat.width // 3, cat.height))
    return "chelsea.png", saved(cat)


@cache
def webp() -> Upload:
    return "coffee.webp", saved(photo("coffee.png"), "WEBP", quality=85)


@cache
def animated_gif() -> Upload:
    """Three frames of an astronaut who turns grey."""
    first = photo("astronaut.png").resize((320, 320))
    frames = [first.convert("L").convert("RGB"), first.rotate(90)]
    return "astronaut.gif", saved(
        first, "GIF", save_all=True, append_images=frames, duration=100, loop=0
    )


@cache
def cmyk_jpeg() -> Upload:
    """A photograph prepared for print."""
    return "retina.jpg", saved(photo("retina.jpg").resize(WIDE).convert("CMYK"), "JPEG")


def half_mask(size: tuple[int, int]) -> Upload:
    """A black mask whose left half is white: what changes."""
    mask = photo("astronaut.png").resize(size).convert("L").point(lambda _: 0)
    mask.paste(255, (0, 0, size[0] // 2, size[1]))
    return "mask.png", saved(mask)


KINDS = {
    "jpeg on its side": (jpeg_on_its_side, (640, 427)),
    "transparent png": (transparent_png, (451, 300)),
    "webp": (webp, (600, 400)),
    "animated gif": (animated_gif, (320, 320)),
    "cmyk jpeg": (cmyk_jpeg, WIDE),
}
"""What makes each file, and the size that a person sees."""
