"""Pictures that people upload: small, real, told apart by their colours."""

from io import BytesIO

from PIL import Image

Upload = tuple[str, bytes]


def photo(width: int = 640, height: int = 480, *, orientation: int = 1) -> Upload:
    """A JPEG photograph-like gradient, with EXIF that says which way is up."""
    down, out = Image.linear_gradient("L"), Image.radial_gradient("L")
    colours = Image.merge("RGB", (down, out, down.rotate(90))).resize((width, height))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "a secret place"
    return "photo.jpg", _saved(colours, "JPEG", exif=exif)


def mask(width: int = 640, height: int = 480) -> Upload:
    """A black picture whose left half is white: the part to change."""
    picture = Image.new("L", (width, height), 0)
    picture.paste(255, (0, 0, width // 2, height))
    return "mask.png", _saved(picture, "PNG")


def painted(picture: bytes) -> Upload:
    """A copy of *picture* whose top left quarter somebody painted over."""
    copy = opened(picture).convert("RGB")
    copy.paste((255, 0, 255), (0, 0, copy.width // 2, copy.height // 2))
    return "painted.png", _saved(copy, "PNG")


def black(width: int = 640, height: int = 480) -> Upload:
    """A mask that selects nothing."""
    return "black.png", _saved(Image.new("L", (width, height), 0), "PNG")


def cut_out(side: int = 512) -> Upload:
    """A red square on a transparent ground."""
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    picture.paste((200, 30, 30, 255), (side // 4, side // 4, side * 3 // 4, side * 3 // 4))
    return "logo.png", _saved(picture, "PNG")


def opened(data: bytes) -> Image.Image:
    """Return the picture in *data*, loaded."""
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture


def _saved(picture: Image.Image, file_format: str, **options: object) -> bytes:
    out = BytesIO()
    picture.save(out, file_format, **options)
    return out.getvalue()
