"""Text that comes in from outside."""

import re
from typing import Final

REPLACEMENT: Final = "\ufffd"

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Return *text* with U+FFFD for what cannot be kept.

    No file and no wire carries a lone surrogate, and no text of PostgreSQL a NUL.
    """
    return _UNSTORABLE.sub(REPLACEMENT, text)
