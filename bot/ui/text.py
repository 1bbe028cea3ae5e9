"""The one way to show text that a person or a model wrote."""

import re
import unicodedata

_INVISIBLE = {"Cc", "Cf", "Co", "Cs"}
_JOINER = "\u200d"  # holds emoji together
_WORD_JOINER = "\u2060"
_MARKS_IN_A_ROW = 2
_LINK = re.compile(r"(?i):(?=//)|discord(?:app)?\.(?=gg|com)")
_MARKDOWN = re.compile(r"[\\`*_~|\[\]]|^(?:#+|>+|-#?|\+|\d+\.)(?=\s|$)")
_SPACES = re.compile(r"\s+")


def shown(text: str, limit: int = 200) -> str:
    """Return *text* as one harmless line of at most *limit* characters before escaping.

    Control and bidirectional characters go, stacked marks are thinned, mentions, markdown,
    timestamps and links lose their power; the words stay readable.
    """
    line = plain(text)
    if len(line) > limit:
        line = line[: limit - 1].rstrip() + "…"
    line = _MARKDOWN.sub(lambda found: f"\\{found[0]}", line)
    line = line.replace("<", f"<{_WORD_JOINER}").replace("@", f"@{_WORD_JOINER}")
    return _LINK.sub(lambda found: f"{found[0][:-1]}{_WORD_JOINER}{found[0][-1]}", line)


def plain(text: str) -> str:
    """Return *text* as one line without what is invisible, for places that show no markup."""
    return _SPACES.sub(" ", _visible(text)).strip()


def message_link(guild_id: int, found_in: str) -> str:
    """Return the address of a message; *found_in* is ``channel/message``."""
    return f"https://discord.com/channels/{guild_id}/{found_in}"


def _visible(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks > _MARKS_IN_A_ROW:
            continue
        if category in _INVISIBLE and character != _JOINER:
            kept.append(" " if character.isspace() else "")
            continue
        kept.append(character)
    return "".join(kept)
