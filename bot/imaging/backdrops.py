"""What fills the borders of a padded square: nothing, a blur, mirror images, or one colour."""

from collections.abc import Callable

from PIL import Image, ImageFilter, ImageOps

from bot.domain.pictures import Backdrop, Box

_CLEAR = (0, 0, 0, 0)
_THUMB = 96  # blurring this and enlarging it costs a tenth of blurring at full size
_BLUR = 4

Colour = tuple[int, int, int]


def on_canvas(
    image: Image.Image,
    place: Box,
    size: tuple[int, int],
    backdrop: Backdrop = Backdrop.TRANSPARENT,
    colour: Colour = (255, 255, 255),
) -> Image.Image:
    """Lay *image* at *place* on an RGBA canvas of *size*; in its place nothing shows through."""
    image = image.convert("RGBA")
    if image.size == size:
        return image
    canvas = BACKDROPS[backdrop](image, place, size, colour)
    canvas.paste(image, (place.left, place.top))
    return canvas


def _transparent(_: Image.Image, __: Box, size: tuple[int, int], ___: Colour) -> Image.Image:
    return Image.new("RGBA", size, _CLEAR)


def _coloured(_: Image.Image, __: Box, size: tuple[int, int], colour: Colour) -> Image.Image:
    return Image.new("RGBA", size, (*colour, 255))


def _blurred(image: Image.Image, _: Box, size: tuple[int, int], __: Colour) -> Image.Image:
    longest = max(size)
    thumb = (max(1, size[0] * _THUMB // longest), max(1, size[1] * _THUMB // longest))
    small = ImageOps.fit(image.convert("RGBa"), thumb, Image.Resampling.BOX)
    blurred = small.convert("RGBA").convert("RGB").filter(ImageFilter.GaussianBlur(_BLUR))
    return blurred.resize(size, Image.Resampling.BICUBIC).convert("RGBA")


def _mirrored(image: Image.Image, place: Box, size: tuple[int, int], _: Colour) -> Image.Image:
    canvas = Image.new("RGBA", size, _CLEAR)
    across, down = ImageOps.mirror(image), ImageOps.flip(image)
    for number, left in enumerate(range(place.left, size[0], image.width)):
        canvas.paste(across if number % 2 else image, (left, place.top))
    for number, left in enumerate(range(place.left, -image.width, -image.width)):
        canvas.paste(across if number % 2 else image, (left, place.top))
    for number, top in enumerate(range(place.top, size[1], image.height)):
        canvas.paste(down if number % 2 else image, (place.left, top))
    for number, top in enumerate(range(place.top, -image.height, -image.height)):
        canvas.paste(down if number % 2 else image, (place.left, top))
    return canvas


BACKDROPS: dict[Backdrop, Callable[[Image.Image, Box, tuple[int, int], Colour], Image.Image]] = {
    Backdrop.TRANSPARENT: _transparent,
    Backdrop.BLURRED: _blurred,
    Backdrop.MIRRORED: _mirrored,
    Backdrop.COLOUR: _coloured,
}
