"""What a hostile file must come to."""

from collections.abc import Iterator
from enum import StrEnum


class Expect(StrEnum):
    ACCEPT = "accept"
    REFUSE = "refuse"
    EITHER = "either"


Found = Iterator[tuple[str, bytes, Expect]]
