"""What is said in tests must be in the template of the catalogues: the rest stays English."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from typing import Final

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from bot.ui import words

LOCALES: Final = Path(words.__file__).parent.parent / "locales"


@cache
def template() -> Catalog:
    """Return every message that was found in the code."""
    with (LOCALES / "easel.pot").open("rb") as file:
        return read_po(file)


@contextmanager
def watched() -> Generator[set[str]]:
    """Yield what is said meanwhile and is not in the template."""
    unknown: set[str] = set()
    find: Callable[[str], NullTranslations] = vars(words)["_catalogue"]

    def watch(locale: str) -> "_Watched":
        return _Watched(find(locale), unknown)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "_catalogue", watch)
        yield unknown


class _Watched(NullTranslations):
    """A catalogue that notes what the template does not have."""

    def __init__(self, catalogue: NullTranslations, unknown: set[str]) -> None:
        super().__init__()
        self._words = catalogue
        self._unknown = unknown

    def info(self) -> dict[str, str]:
        return self._words.info()

    def gettext(self, message: str) -> str:
        self._look(message)
        return self._words.gettext(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        self._look(msgid1)
        return self._words.ngettext(msgid1, msgid2, n)

    def pgettext(self, context: str, message: str) -> str:
        self._look(message, context)
        return self._words.pgettext(context, message)

    def _look(self, message: str, context: str | None = None) -> None:
        if template().get(message, context) is None:
            self._unknown.add(message)
