# What we use of pillow-heif, whose own annotations are too few for strict checks.

from typing import IO

class HeifFile:
    def save(self, fp: IO[bytes], *, quality: int, **options: object) -> None: ...

def register_heif_opener(
    *,
    decode_threads: int = ...,
    thumbnails: bool = ...,
    depth_images: bool = ...,
    aux_images: bool = ...,
) -> None: ...
def from_bytes(mode: str, size: tuple[int, int], data: bytes) -> HeifFile: ...
