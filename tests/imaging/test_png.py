import zlib

import pytest
from PIL import Image

from bot.imaging import png
from tests.imaging.pictures import chunk_names, noise, opened, photo


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (64, 48)])
@pytest.mark.parametrize("fallback", [True, False])
def test_files_are_lossless_and_bare(
    mode: str, size: tuple[int, int], fallback: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fallback:
        monkeypatch.setattr(png, "_FASTEST", zlib.compress)
    image = photo().resize(size).convert(mode)

    data = png.png_bytes(image)

    again = opened(data)
    assert again.mode == mode
    assert again.tobytes() == image.tobytes()
    assert chunk_names(data) == {b"IHDR", b"IDAT", b"IEND"}


def test_noise_grows_hardly() -> None:
    assert len(png.png_bytes(noise(256))) < 256 * 256 * 4 * 1.02


def test_one_colour_is_small() -> None:
    assert len(png.png_bytes(Image.new("RGBA", (1024, 1024)))) < 20_000
